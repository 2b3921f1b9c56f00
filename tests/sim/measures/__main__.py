"""`python -m tests.sim.measures`: take the figures anew (`--data DIR`, `--only WORD`), write them and the
table of docs/RELIABILITY.md. Ends with 1 where the referee found anything.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from dnkit.cli.simulate import NOBODYS
from dnkit.runtime.floor import open_stores
from dnkit.runtime.folder import StateFolder
from tests.sim.measures.figures import Row, cases, row
from tests.sim.measures.table import FILE, goals_markdown, keep, kept, measures_markdown
from tests.tidy.docs_tables import RELIABILITY, with_table
from tests.tidy.source_tree import ROOT

DATA = ROOT.parent / "shared" / "data" / "A_binance_20240808"


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="measures", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the recording")
    parser.add_argument(
        "--only", default="", help="rows with this in their name; the others stay as they are"
    )
    asked = parser.parse_args()
    rows = kept() if FILE.exists() and asked.only else {}
    for case in cases():
        if asked.only in case.name:
            began = time.process_time()
            with TemporaryDirectory() as folder, open_stores(StateFolder(Path(folder)), NOBODYS) as stores:
                rows[case.name] = row(asked.data, case, stores)
            print(f"{case.name}: {_told(rows[case.name])}, {time.process_time() - began:.0f} s", flush=True)
    keep(rows)
    if len(rows) < len(tuple(cases())):
        print("rows are missing: the table stays as it is")
        return 0
    text = with_table(RELIABILITY.read_text(), "goals", goals_markdown())
    RELIABILITY.write_text(with_table(text, "measures", measures_markdown()))
    return min(1, sum(one.broken for one in rows.values()))


def _told(one: Row) -> str:
    found = f", VIOLATED in {one.broken}" if one.broken else ""
    return f"{one.runs} runs, {one.flat.value or 0:.1%} flat{found}"


if __name__ == "__main__":
    sys.exit(main())
