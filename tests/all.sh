#!/usr/bin/env bash
# All tests, in two parts side by side: those with servers wait most of the time, those without have
# the processors meanwhile, and give way. What the second part says comes when both have ended.
set -uo pipefail
cd "$(dirname "$0")/.."

said=$(mktemp)
trap 'rm -f "$said"' EXIT
nice -n 19 .venv/bin/pytest -q -n 2 --dist worksteal -m 'not servers' >"$said" 2>&1 &
without=$!
.venv/bin/pytest -q -n 3 --dist loadfile -m servers
with=$?
wait "$without" || { cat "$said"; exit 1; }
cat "$said"
exit "$with"
