"""One small task on several engines, each checked by one oracle: `python -m benchmarks.peers.compare`."""
