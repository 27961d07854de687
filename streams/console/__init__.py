"""The console: figures, journeys and contexts out over HTTP, and the live page."""
