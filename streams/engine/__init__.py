"""The engine: batches of records from Kafka through a fold into one atomic commit in Redis.

`docs/engine.md` follows one batch from fetch to publish.
"""
