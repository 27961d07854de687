"""Chaos on real processes: `make chaos MINUTES=60`, and a short run in `make test`.

Signed webhooks go through the gateway while processes, servers and networks are broken; then
all is healed and drained, and what was acknowledged is compared with what came out.
"""
