"""Notices: rules as data, decided from facts.  Pure."""
