"""Asks vendors that drop webhooks for what changed, and sends it through the same door."""
