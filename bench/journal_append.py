"""A durable line of the journal against a bare write and fdatasync of the same bytes, alternated."""

import os
import tempfile
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

from bench.measure import Pairs, Row, alternate
from bench.stories import Story, record
from dnkit.journal.reader import Reader
from dnkit.journal.records import RunHeader
from dnkit.journal.writer import Journal
from dnkit.model.commands import Command
from dnkit.model.events import Event

GOAL = 1.4
LINES = 60
PAIRS = 21
DISK = Path(__file__).resolve().parent.parent / ".bench"

Step = tuple[Event, tuple[Command, ...], str]


class Bench:
    """A journal with one open run, and a plain file beside it, both fed with the steps of a true story."""

    def __init__(self, folder: Path, story: Story, header: RunHeader) -> None:
        placing = [
            one for one in zip(story.events, story.commands, story.digests, strict=True) if one[1]
        ]  # lines that carry commands, as durable lines do
        self._steps = cycle(placing)
        self._journal = Journal(folder / "journal.db")
        self._header = msgspec.structs.replace(header, run_id="bench")
        self._journal.start_run(self._header, story.program)
        self._file = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._seq = 0
        self._rows = cycle([_bytes(one) for one in placing])

    def journal(self, durable: bool) -> float:
        """Median seconds of one append."""
        return median(self._append(one, durable) for one in islice(self._steps, LINES))

    def plain(self) -> float:
        """Median seconds of one write and fdatasync."""
        return median(self._write(one) for one in islice(self._rows, LINES))

    def _append(self, one: Step, durable: bool) -> float:
        event, commands, digest = one
        self._seq += 1
        start = perf_counter()
        self._journal.append("bench", self._seq, event.at_ns, event, commands, digest, durable)
        return perf_counter() - start

    def _write(self, row: bytes) -> float:
        start = perf_counter()
        os.write(self._file, row)
        os.fdatasync(self._file)
        return perf_counter() - start

    def close(self) -> None:
        """Let go of both files."""
        self._journal.close()
        os.close(self._file)


def _bytes(one: Step) -> bytes:
    """What the columns of that line hold: times, event, commands, digest and two hashes."""
    event, commands, digest = one
    return msgspec.json.encode(["bench", 1, event.at_ns, event, commands, digest, digest * 4, digest * 4])


def run() -> list[Row]:
    """Durable lines against the bare flush; lines that do not wait against durable ones."""
    DISK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DISK) as name:
        folder = Path(name)
        story = record(folder / "home")[0]
        with Reader(folder / "home" / "journal.db") as reader:
            header = reader.run(story.run_id).header
        bench = Bench(folder, story, header)
        try:
            durable = alternate(PAIRS, lambda: bench.journal(True), bench.plain)
            light = alternate(PAIRS, lambda: bench.journal(False), bench.plain)
        finally:
            bench.close()
    return [
        _row("journal: one durable line", durable, f"at most {GOAL} x", durable.ratio <= GOAL),
        _row("journal: one line that need not wait for the disk", light, "", None),
    ]


def _row(name: str, pairs: Pairs, goal: str, met: bool | None) -> Row:
    one, other = (value * 1e6 for value in pairs.medians)
    return Row(
        name=name,
        value=one,
        unit="us",
        against_name="bare write + fdatasync of the same bytes",
        against=other,
        ratio=pairs.ratio,
        spread=pairs.spread,
        pairs=PAIRS,
        goal=goal,
        met=met,
        note=f"medians of medians of {LINES} lines each",
    )
