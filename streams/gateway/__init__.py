"""The gateway: webhooks in over HTTP, verified, durable in Kafka, answered as vendors want."""
