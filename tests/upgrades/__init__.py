"""A keyspace written by the first version, and whether today's code still reads it."""
