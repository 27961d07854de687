"""Senders: notices to subscribers as Standard Webhooks, outcomes back into the log."""
