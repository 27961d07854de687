"""The running system of Filrouge. `docs/architecture.md` is the map."""
