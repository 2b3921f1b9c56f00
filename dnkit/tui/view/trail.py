"""One run as far as it was read: its state, its facts, its last lines. Grows as the journal does, and can be
put back to any line of it.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

import msgspec

from dnkit.engine.exposure import is_hedged, net
from dnkit.engine.state import Answer, Stage, State
from dnkit.engine.step import begin, step
from dnkit.journal.reader import Reader
from dnkit.journal.records import Line as JournalLine
from dnkit.journal.records import Run
from dnkit.journal.replay import Step
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.readers.facts import RunFacts, no_facts, note, place
from dnkit.readers.story import command_words, event_words
from dnkit.tui.view.contact import Contact

WHOLE = 4_000  # a run of up to so many lines is read from its first one
RECENT = 600  # of a longer one at least so many are read back
ROWS_MOST = 5_000
SAMPLES_MOST = 2_000
BITE = 200  # lines read at once, so that keys are heard in between
_QUIET: dict[type, str] = {
    ev.Started: "the run begins",
    ev.Woken: "a deadline came",
    ev.BookRead: "book read",
    ev.OrdersSwept: "no order of ours was open",
    ev.AlertSent: "the alert was delivered",
}


class Row(msgspec.Struct, frozen=True, gc=False):
    """One line of the journal in words. `cause` is the line that asked for it (0: none, or not read),
    `policy_line` the line of the policy that was at work, `leg` its leg (-1: of none), `moved` whether it led
    to another place.
    """

    seq: int
    at_ns: int
    kind: str
    place: str
    texts: tuple[str, ...]
    leg: int
    cause: int
    policy_line: int
    moved: bool
    tone: str
    line: JournalLine

    @property
    def words(self) -> str:
        """All its texts on one line."""
        return "; ".join(self.texts)


class Sample(msgspec.Struct, frozen=True, gc=False):
    """What is drawn over time: signed net exposure in picos, and the two mids apart in mbps (None: no
    pair).
    """

    at_ns: int
    net: int
    apart: int | None


class Trail:
    """A run that is followed. `since` is the first line that was read (1: all of them were)."""

    def __init__(self, reader: Reader, run: Run) -> None:
        self.run = run
        self.program = run.program
        self._reader = reader
        self._begin(0, begin(run.program, run.header.run_id))

    @property
    def run_id(self) -> str:
        return self.run.header.run_id

    def last_seq(self) -> int:
        """Number of the last line in the journal, read or not."""
        return self._reader.last_seq(self.run_id)

    def open_near(self, seq: int) -> None:
        """Stand before line `seq` or earlier: at the first line of a short run, else far enough back to know
        what happened lately.
        """
        known = None if seq <= WHOLE else self._reader.checkpoint(self.run_id, seq - RECENT)
        self._begin(*(known or (0, begin(self.program, self.run_id))))

    def advance(self, upto: int | None = None, most: int = BITE, until_ns: int | None = None) -> bool:
        """Read what is new, at most so many lines and neither beyond line `upto` nor past `until_ns`; whether
        there was anything.
        """
        read = 0
        for one in self._steps(upto, until_ns):
            self._take(one)
            read += 1
            if read >= most:
                break
        return read > 0

    def seek(self, seq: int) -> None:
        """Stand right after line `seq`."""
        if not self.seq <= seq <= self.seq + WHOLE:
            self.open_near(seq)
        self.advance(seq, seq)

    def close(self) -> bool:
        """Learn whether the run has ended by now."""
        if self.run.end is None:
            self.run = self._reader.run(self.run_id)
        return self.run.end is not None

    def jump(self, way: int) -> int:
        """The nearest line before (-1) or behind (1) this one that led to another place; first or last if
        none.
        """
        moved = [row.seq for row in self.rows if row.moved]
        if way < 0:
            return max((seq for seq in moved if seq < self.seq), default=self.since)
        state, seq = self.state, self.seq
        for one in islice(self._steps(), ROWS_MOST):
            if _is_moved(self.run, state, one.after):
                return one.line.seq
            state, seq = one.after, one.line.seq
        return seq

    def _begin(self, seq: int, state: State) -> None:
        self.seq = seq
        self.since = seq + 1
        self.state = state
        self.facts: RunFacts | None = None
        self.out_ns = 0
        self.rows: deque[Row] = deque(maxlen=ROWS_MOST)
        self.samples: deque[Sample] = deque(maxlen=SAMPLES_MOST)
        self.contacts = tuple(Contact() for _ in self.program.legs)
        self._askers: dict[tuple[str, int, int], int] = {}

    def _steps(self, upto: int | None = None, until_ns: int | None = None) -> Iterator[Step]:
        state = self.state
        for line in self._reader.lines(self.run_id, self.seq):
            if (upto is not None and line.seq > upto) or (until_ns is not None and line.at_ns > until_ns):
                return
            event = line.fact()
            after, commands = step(self.program, state, event)
            yield Step(line, event, state, after, commands)
            state = after

    def _take(self, one: Step) -> None:
        self.facts = self.facts or no_facts(self.run, one)
        note(self.facts, one)
        self.rows.append(self._row(one))
        for index, contact in enumerate(self.contacts):
            contact.note(one, index)
        self.seq, self.state = one.line.seq, one.after
        known = all(leg.known for leg in one.after.legs)
        out = known and not is_hedged(self.program, one.after.legs)
        self.out_ns = (self.out_ns or one.after.now_ns) if out else 0
        if known:
            self.samples.append(self._sample(one.after))

    def _sample(self, state: State) -> Sample:
        return Sample(state.now_ns, net(self.program, state.legs), apart(self.program.by_money, state))

    def _row(self, one: Step) -> Row:
        event, seq = one.event, one.line.seq
        leg = getattr(event, "leg", -1)
        texts = [*event_words(self.run, one)]
        moved = _is_moved(self.run, one.before, one.after)
        if moved:
            texts.append(f"→ {place(self.run, one.after)}")
        for command in one.commands:
            texts += command_words(self.run, command)
            self._note_asker(command, seq)
        return Row(
            seq=seq,
            at_ns=one.after.now_ns,
            kind=type(event).__name__,
            place=place(self.run, one.before),
            texts=tuple(texts) or (_quiet_words(self.run, event, leg),),
            leg=leg,
            cause=self._cause(event, leg),
            policy_line=_policy_line(self.run, one.before),
            moved=moved,
            tone=_tone(one),
            line=one.line,
        )

    def _note_asker(self, command: cmd.Command, seq: int) -> None:
        for name in ("order", "request"):
            if hasattr(command, name) and hasattr(command, "leg"):
                self._askers[name, command.leg, getattr(command, name)] = seq

    def _cause(self, event: object, leg: int) -> int:
        found = (self._askers.get((name, leg, getattr(event, name, 0)), 0) for name in ("order", "request"))
        return max(found, default=0)


def apart(by_money: bool, state: State) -> int | None:
    """How far the mids of a pair in one coin are apart, in mbps of the first; None where there is no pair."""
    if by_money or len(state.legs) != 2 or not all(leg.bid and leg.ask for leg in state.legs):
        return None
    first, second = (leg.bid + leg.ask for leg in state.legs)
    return (second - first) * 10_000_000 // first


def _is_moved(run: Run, before: State, after: State) -> bool:
    return place(run, before) != place(run, after)


def _policy_line(run: Run, state: State) -> int:
    return run.program.phases[state.phase].line if state.stage is Stage.PHASE else 0


def _quiet_words(run: Run, event: ev.Event, leg: int) -> str:
    """Words for an event that the story leaves out."""
    whose = f"leg {run.program.legs[leg].name}: " if leg >= 0 else ""
    if isinstance(event, ev.OrderAccepted | ev.OrderFilled):
        told = "taken by the venue" if isinstance(event, ev.OrderAccepted) else "told once more"
        return f"{whose}order {event.order} {told}"
    return whose + _QUIET.get(type(event), type(event).__name__)


def _tone(one: Step) -> str:
    """The style of a row: what is bad, what is money, what is plain."""
    name = type(one.event).__name__
    if name in ("OrderRejected", "AnswerLost", "BookMissing", "CancelRefused"):
        return "bad"
    if any(isinstance(command, cmd.SendAlert) for command in one.commands):
        return "bad"
    if name in ("OrderFilled", "OrderEnded", "StopAsked", "Restarted"):
        return "strong"
    asked = any(leg.answer is Answer.BAD for leg in one.after.legs)
    return "warn" if asked else ""
