"""The heart: one need of one customer over all channels.  Pure.

An event becomes an *entry* (`acts`), the entry is attached to a journey (`attach`), and what is so
about the journey is derived anew from its timeline (`derive`, one file a rule); `conclude` compares
that with what was published and says what changed.
"""
