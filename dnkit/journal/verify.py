"""Verifies a run: the chain is whole, and replaying its events gives the same commands and states."""

from collections.abc import Iterator

import msgspec

from dnkit.engine.state import State, state_digest
from dnkit.engine.step import begin, step
from dnkit.journal import chain
from dnkit.journal.reader import Reader
from dnkit.journal.records import Line, RunEnd
from dnkit.machine.program import Program, with_digest
from dnkit.model.errors import BugError


class Difference(msgspec.Struct, frozen=True):
    """The first thing that is not as it should be. `seq` 0 is the header, -1 the end of the run.

    `what` is header, program, gap, prev, hash, event, commands, step, digest, checkpoint, end or missing.
    """

    seq: int
    what: str
    text: str


class Verdict(msgspec.Struct, frozen=True):
    """Result of a check: `lines` were good before the first difference (None: everything is as written)."""

    run_id: str
    lines: int
    difference: Difference | None

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return self.difference is None


class _Seen(msgspec.Struct):
    """How far a check has come."""

    lines: int
    tip: str
    state: State


def verify(reader: Reader, run_id: str) -> Verdict:
    """Check one run. RunNotFound when there is none, JournalError when the file cannot be read."""
    header, text, closing = reader.texts(run_id)
    try:
        program = msgspec.json.decode(text, type=Program)
    except msgspec.DecodeError as error:
        return Verdict(run_id, 0, Difference(0, "program", str(error)))
    if with_digest(program).digest != program.digest:
        return Verdict(run_id, 0, Difference(0, "program", "its digest does not fit it"))
    seen = _Seen(0, chain.genesis(header, text), begin(program, run_id))
    stored = dict(reader.checkpoints(run_id))
    for line in reader.lines(run_id):
        difference = next(_check(program, seen, line, stored.get(line.seq)), None)
        if difference is not None:
            return Verdict(run_id, seen.lines, difference)
    return Verdict(run_id, seen.lines, _check_end(seen, closing))


def _check(program: Program, seen: _Seen, line: Line, checkpoint: bytes | None) -> Iterator[Difference]:
    """Differences of one line; `seen` moves on to it."""
    yield from _check_chain(seen, line)
    try:
        after, commands = step(program, seen.state, line.fact())
    except msgspec.DecodeError as error:
        yield Difference(line.seq, "event", str(error))
        return
    except BugError as error:
        yield Difference(line.seq, "step", f"the engine refuses it: {error}")
        return
    requests = chain.encode(commands)
    if requests != line.commands:
        yield Difference(line.seq, "commands", f"replayed {requests}, written {line.commands}")
    digest = state_digest(after)
    if digest != line.digest:
        yield Difference(line.seq, "digest", f"replayed {digest}, written {line.digest}")
    if checkpoint is not None and msgspec.json.encode(after) != checkpoint:
        yield Difference(line.seq, "checkpoint", "the stored state is not the replayed one")
    seen.lines, seen.tip, seen.state = line.seq, line.hash, after


def _check_chain(seen: _Seen, line: Line) -> Iterator[Difference]:
    if line.seq != seen.lines + 1:
        yield Difference(seen.lines + 1, "gap", f"line {line.seq} follows line {seen.lines}")
    if line.prev != seen.tip:
        place = "the header or program" if seen.lines == 0 else "the line before"
        yield Difference(line.seq, "prev", f"it is not chained to {place}")
    own = chain.line_hash(line.prev, line.seq, line.at_ns, line.event, line.commands, line.digest)
    if own != line.hash:
        yield Difference(line.seq, "hash", f"its text was changed: the hash is {own}, written {line.hash}")


def _check_end(seen: _Seen, closing: str | None) -> Difference | None:
    if closing is None:
        return None
    try:
        end = msgspec.json.decode(closing, type=RunEnd)
    except msgspec.DecodeError as error:
        return Difference(-1, "end", str(error))
    if end.seq != seen.lines or end.tip != seen.tip:
        return Difference(-1, "missing", f"it ended after line {end.seq}; the last one here is {seen.lines}")
    if chain.seal(end) != end.seal:
        return Difference(-1, "end", "the record of the end was changed")
    return None
