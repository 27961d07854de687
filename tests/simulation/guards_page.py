"""Writes the table of guards into docs/reliability.md, from a run: `make guards`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.simulation.guards import MUTATIONS, Caught, Mutation, hunt

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- guards: written by make guards -->", "<!-- end of guards -->"


def main() -> int:
    rows, missed = [], []
    for mutation in MUTATIONS:
        caught = hunt(mutation)
        if caught is None:
            missed.append(mutation.guard)
        rows.append(_row(mutation, caught))
        print(rows[-1], flush=True)
    table = "\n".join(["| guard | without it | what caught it |", "|---|---|---|", *rows])
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")
    if missed:
        print(f"Not caught: {', '.join(missed)}.")
    return len(missed)


def _row(mutation: Mutation, caught: Caught | None) -> str:
    if caught is None:
        return f"| {mutation.guard} | {mutation.without} | **nothing** |"
    seen = ", ".join(sorted({fault.kind for fault in caught.faults}))
    return f"| {mutation.guard} | {mutation.without} | seed {caught.seed}: {seen} |"


if __name__ == "__main__":
    sys.exit(main())
