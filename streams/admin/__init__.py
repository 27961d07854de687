"""What the operator asks of a running system: topics, lag, dead letters, a check-up."""
