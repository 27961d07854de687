"""The demo: the whole product on one machine with nothing installed, and traffic to watch.

Customers and agents are played through signed vendor webhooks over HTTP, with the mess of real
life.  The player knows what really happened, so the end can say what was found, missed, invented.
"""
