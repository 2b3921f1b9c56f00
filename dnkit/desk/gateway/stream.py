"""The watchdog of one stream: (stream, event, now) -> (stream, what to do). No socket, no clock.

    CONNECTING --opened--> PROVING --data--> LIVE --silent or closed--> WAITING --> CONNECTING ...

A connection proves nothing; data does, and what was missed in between takes a snapshot. So a stream is usable
once a snapshot came, and its tries are counted until it was steady for a while. While it is silent its last
word is not used: reads go by REST. Tries go on at the longest wait, so it comes back by itself.
"""

from enum import Enum
from random import Random

import msgspec
from msgspec.structs import replace

from dnkit.desk.gateway.backoff import Backoff, wait_ns
from dnkit.model.alerts import STREAM_DOWN, Alert
from dnkit.model.numbers import NS_PER_MS, NS_PER_S


class Phase(Enum):
    """Where a stream is."""

    CONNECTING = "connecting"
    PROVING = "proving"
    LIVE = "live"
    WAITING = "waiting"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Times in nanoseconds. Older than `rest_ns` is not used, and read by REST every `rest_ns` instead; a
    silence of `silent_ns` means a new connection, which may take `connect_ns` and brings data within
    `prove_ns`; a snapshot may take `resync_ns`. Tries are forgotten after `steady_ns` alive; after `down_ns`
    without data a human hears of it.
    """

    rest_ns: int = NS_PER_S
    silent_ns: int = 2 * NS_PER_S
    connect_ns: int = 5 * NS_PER_S
    prove_ns: int = 500 * NS_PER_MS
    resync_ns: int = 2 * NS_PER_S
    steady_ns: int = 10 * NS_PER_S
    down_ns: int = 30 * NS_PER_S
    retries: Backoff = Backoff(base_ns=NS_PER_S, cap_ns=30 * NS_PER_S, tries=5)


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream. `since_ns` is when its phase began, `due_ns` when WAITING ends, `heard_ns` the last data,
    `rest_ns` the last REST read, `resync_ns` since when a snapshot is owed (0: none), `seq` the last number.

    `tried` counts connections since it was last steady; `alerted` says that a human was told.
    """

    name: str
    seed: int
    phase: Phase = Phase.WAITING
    since_ns: int = 0
    due_ns: int = 0
    heard_ns: int = 0
    rest_ns: int = 0
    resync_ns: int = 0
    seq: int = 0
    tried: int = 0
    alerted: bool = False


class Opened(msgspec.Struct, frozen=True):
    """The connection stands and what is wanted is subscribed to."""


class Closed(msgspec.Struct, frozen=True):
    """There is no connection, or no longer."""

    why: str = ""


class Heard(msgspec.Struct, frozen=True):
    """Data or a heartbeat came. `seq` is 0 where it is not numbered. A `snapshot` makes everything before it
    needless; changes kept back meanwhile are told after it. Where there is none, a good REST read is one.
    """

    seq: int = 0
    snapshot: bool = False


class Ticked(msgspec.Struct, frozen=True):
    """Time passed; wanted at `due`."""


StreamEvent = Opened | Closed | Heard | Ticked


class Do(Enum):
    """What the stream wants done."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    RESYNC = "ask for a snapshot"
    READ_REST = "read once by REST"


Action = Do | Alert
USUAL = Rules()


def begin(name: str, now: int, seed: int = 0) -> Stream:
    """A stream that was never connected: tick it at once."""
    return Stream(name=name, seed=seed, since_ns=now, due_ns=now, heard_ns=now, rest_ns=now)


def usable(stream: Stream, now: int, rules: Rules = USUAL) -> bool:
    """Whether its last word may be acted on."""
    live = stream.phase is Phase.LIVE and not stream.resync_ns
    return live and now - stream.heard_ns <= rules.rest_ns


def due(stream: Stream, rules: Rules = USUAL) -> int:
    """When to tick it next if nothing is heard."""
    times = [max(stream.heard_ns, stream.rest_ns) + rules.rest_ns + 1]
    if not stream.alerted:
        times.append(stream.heard_ns + rules.down_ns)
    if stream.resync_ns:
        times.append(stream.resync_ns + rules.resync_ns)
    return min(*times, _phase_due(stream, rules))


def step(
    stream: Stream, event: StreamEvent, now: int, rules: Rules = USUAL
) -> tuple[Stream, tuple[Action, ...]]:
    """Take one event in. What is to be done comes in the order of doing."""
    if isinstance(event, Heard):
        return _heard(stream, event, now, rules)
    if isinstance(event, Opened):
        return replace(stream, phase=Phase.PROVING, since_ns=now, resync_ns=now), (Do.RESYNC,)
    if isinstance(event, Closed):
        return (stream, ()) if stream.phase is Phase.WAITING else (_wait(stream, now, rules), ())
    return _ticked(stream, now, rules)


def _phase_due(stream: Stream, rules: Rules) -> int:
    if stream.phase is Phase.WAITING:
        return stream.due_ns
    if stream.phase is Phase.CONNECTING:
        return stream.since_ns + rules.connect_ns
    if stream.phase is Phase.PROVING:
        return stream.since_ns + rules.prove_ns
    return stream.heard_ns + rules.silent_ns


def _heard(stream: Stream, event: Heard, now: int, rules: Rules) -> tuple[Stream, tuple[Action, ...]]:
    if stream.phase not in (Phase.PROVING, Phase.LIVE):
        return stream, ()  # of a connection that was given up
    after = replace(stream, heard_ns=now, alerted=False)
    if stream.phase is Phase.PROVING:
        after = replace(after, phase=Phase.LIVE, since_ns=now)
    elif now >= stream.since_ns + rules.steady_ns:
        after = replace(after, tried=0)
    if event.snapshot:
        return replace(after, seq=event.seq, resync_ns=0), ()
    if event.seq <= stream.seq:
        return after, ()  # not numbered, repeated, or older than what is known
    after = replace(after, seq=event.seq)
    if stream.resync_ns or event.seq == stream.seq + 1:
        return after, ()  # one snapshot mends all that is missing
    return replace(after, resync_ns=now), (Do.RESYNC,)


def _wait(stream: Stream, now: int, rules: Rules) -> Stream:
    """Not connected: try again after a wait that grows with each try. Numbers begin anew on a connection."""
    wait = 0
    if stream.tried >= rules.retries.tries:
        wait = rules.retries.cap_ns
    elif stream.tried:
        dice = Random(f"{stream.seed}:{stream.name}:{stream.tried}:{stream.heard_ns}")
        wait = wait_ns(rules.retries, stream.tried, dice)
    return replace(stream, phase=Phase.WAITING, since_ns=now, due_ns=now + wait, resync_ns=0, seq=0)


def _ticked(stream: Stream, now: int, rules: Rules) -> tuple[Stream, tuple[Action, ...]]:
    after, actions = _rested(stream, now, rules)
    overdue = now >= _phase_due(after, rules)
    owed = after.resync_ns > 0 and now >= after.resync_ns + rules.resync_ns
    if after.phase is Phase.WAITING:
        if overdue:
            after = replace(after, phase=Phase.CONNECTING, since_ns=now, tried=after.tried + 1)
            actions = (*actions, Do.CONNECT)
    elif overdue or owed:
        after, actions = _wait(after, now, rules), (*actions, Do.DISCONNECT)
    return after, actions


def _rested(stream: Stream, now: int, rules: Rules) -> tuple[Stream, tuple[Action, ...]]:
    """Read by REST what the stream does not tell; tell a human once when that lasts."""
    actions: tuple[Action, ...] = ()
    if now - max(stream.heard_ns, stream.rest_ns) > rules.rest_ns:
        stream, actions = replace(stream, rest_ns=now), (Do.READ_REST,)
    if not stream.alerted and now >= stream.heard_ns + rules.down_ns:
        seconds = (now - stream.heard_ns) // NS_PER_S
        told = STREAM_DOWN.raised(f"{stream.name}: silent for {seconds} s, {stream.tried} connections tried")
        stream, actions = replace(stream, alerted=True), (*actions, told)
    return stream, actions
