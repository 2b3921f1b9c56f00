"""The story of a run in plain English, and what the venues did that the bot never heard of."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from dnkit.journal.reader import Reader
from dnkit.journal.records import AlertLine, Line, Run, RunHeader
from dnkit.model.numbers import NS_PER_S
from dnkit.readers.story import story
from dnkit.sim.run import RUN_ID, Ran
from dnkit.sim.run import Line as Step


class _Memory(Reader):
    """The lines of a run that was never in a file, for what reads journals."""

    def __init__(self, lines: list[Line]) -> None:
        self.path = Path()
        self._lines = lines

    def lines(self, run_id: str, after_seq: int = 0) -> Iterator[Line]:
        return iter(self._lines[after_seq:])

    def alerts(self, run_id: str) -> list[AlertLine]:
        """Nobody was told."""
        return []


def tell(ran: Ran) -> Iterator[str]:
    """The story as `dnkit journal show --story` tells it, then what was never heard; times are seconds."""
    program = ran.scenario.program
    header = RunHeader(
        run_id=RUN_ID, mode="paper", market="scenario", policy=program.name, started_ns=0, legs=()
    )
    lines = [_line(seq, step) for seq, step in enumerate(ran.lines, 1)]
    yield from story(_Memory(lines), Run(header, program, None))
    if ran.venues.unheard:
        yield "unheard by the bot:"
    for at_ns, text in ran.venues.unheard:
        yield f"{Decimal(at_ns) / NS_PER_S:8.3f}  {text}"


def _line(seq: int, step: Step) -> Line:
    event, commands, state = step
    return Line(RUN_ID, seq, state.now_ns, _json(event), _json(commands), "", "", "")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
