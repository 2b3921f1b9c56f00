"""`python -m bench [--json] [--only PART]...`: take the figures, print them. Exit 1 when a goal is missed."""

import argparse
import importlib
import sys

import msgspec

from bench.measure import Row, machine, skipped, table

PARTS = {
    "steps": "bench.steps",
    "replay": "bench.replay",
    "journal": "bench.journal_append",
    "startup": "bench.startup",
    "lint": "bench.lint",
    "memory": "bench.memory",
    "screens": "bench.screens",
    "signing": "bench.signing",
    "nado": "bench.nado",
    "hyperliquid": "bench.hyperliquid",
    "bybit": "bench.bybit",
    "flood": "bench.flood",
}


def take(part: str) -> list[Row]:
    """The rows of one part; a part that cannot run is one row that says why."""
    print(f"measuring {part} ...", file=sys.stderr)
    try:
        rows: list[Row] = importlib.import_module(PARTS[part]).run()
    except (RuntimeError, OSError, ImportError) as error:
        return [skipped(part, f"{type(error).__name__}: {error}")]
    return rows


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be repeated")
    asked = parser.parse_args()
    about = machine()
    rows = [row for part in asked.only or PARTS for row in take(part)]
    if asked.json:
        print(
            msgspec.json.format(
                msgspec.json.encode({"schema": "dnkit.bench/1", "machine": about, "rows": rows})
            ).decode()
        )
    else:
        print(table(rows, about))
    return int(any(row.met is False or row.value is None for row in rows))


if __name__ == "__main__":
    sys.exit(main())
