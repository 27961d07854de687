"""Fuzzing of all adapters and of the gateway: `make fuzz MINUTES=10`; see `__main__`."""
