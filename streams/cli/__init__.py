"""The command line. Thin: each command calls the room that does the work."""

from streams.cli import bodies, erasure, export, identity, operate, policy, roles
from streams.cli.base import main

__all__ = ["bodies", "erasure", "export", "identity", "main", "operate", "policy", "roles"]
