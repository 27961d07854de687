"""One question a file; `make bench` asks them all and writes docs/performance.md."""
