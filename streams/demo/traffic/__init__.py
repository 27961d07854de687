"""Webhooks as vendors send and sign them, one file a vendor: for the demo and for load tests.

The bodies are written from the vendors' documentation; the people in them are invented.
"""
