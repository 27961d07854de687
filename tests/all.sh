#!/usr/bin/env bash
# All tests, in two parts side by side: those with servers wait most of the time, those without have
# the processors meanwhile, and give way. What these say comes when both have ended.
set -uo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
nice -n 19 .venv/bin/pytest -q -n 2 --dist worksteal -m 'not servers' >"$said" 2>&1 &
without=$!
# An interrupt does not reach what runs in the background.
trap 'kill "$without" 2>/dev/null; rm -f "$said"' EXIT
trap 'exit 130' INT TERM
.venv/bin/pytest -q -n 3 --dist loadfile -m servers
with=$?
wait "$without"
failed=$?
cat "$said"
[ "$with" = 0 ] && [ "$failed" = 0 ]
