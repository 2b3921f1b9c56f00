"""The watchdog of a stream: what it does about silence, gaps and lost connections, on a clock of numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dnkit.desk.gateway.stream import (
    USUAL,
    Action,
    Closed,
    Do,
    Heard,
    Opened,
    Phase,
    Stream,
    StreamEvent,
    Ticked,
    begin,
    due,
    step,
    usable,
)
from dnkit.model.alerts import Alert
from dnkit.model.numbers import NS_PER_MS, NS_PER_S

START = 100 * NS_PER_S
SNAPSHOT = Heard(10, snapshot=True)


class Watched:
    """A stream with its clock; `done` holds (seconds since the start, action)."""

    def __init__(self, seed: int = 1) -> None:
        self.now = START
        self.stream = begin("books of aster", START, seed)
        self.done: list[tuple[float, Action]] = []

    def tell(self, event: StreamEvent) -> tuple[Action, ...]:
        self.stream, actions = step(self.stream, event, self.now)
        self.done += [((self.now - START) / NS_PER_S, one) for one in actions]
        return actions

    def wait(self, seconds: float) -> None:
        """Let time pass, ticking whenever the stream wants it."""
        until = self.now + int(seconds * NS_PER_S)
        while (at := due(self.stream)) <= until:
            assert at >= self.now or at == self.stream.due_ns, "a tick that changes nothing comes again"
            self.now = max(at, self.now)
            self.tell(Ticked())
        self.now = until

    def live(self) -> "Watched":
        self.tell(Ticked())
        self.tell(Opened())
        self.tell(SNAPSHOT)
        return self

    def of(self, action: Do) -> list[float]:
        return [at for at, one in self.done if one is action]

    def alerts(self) -> list[tuple[float, Alert]]:
        return [(at, one) for at, one in self.done if isinstance(one, Alert)]


def test_it_connects_at_once_and_is_usable_once_a_snapshot_came() -> None:
    watched = Watched()
    assert watched.tell(Ticked()) == (Do.CONNECT,)
    assert watched.tell(Opened()) == (Do.RESYNC,)
    watched.tell(Heard(11))
    assert watched.stream.phase is Phase.LIVE
    assert not usable(watched.stream, watched.now)
    watched.tell(SNAPSHOT)
    assert usable(watched.stream, watched.now)


def test_after_a_second_of_silence_reads_go_by_rest() -> None:
    watched = Watched().live()
    watched.wait(1)
    assert usable(watched.stream, watched.now)
    watched.wait(0.000_001)
    assert not usable(watched.stream, watched.now)
    assert watched.of(Do.READ_REST) == [1.000000001]
    watched.wait(3)
    assert len(watched.of(Do.READ_REST)) == 4


def test_a_stream_that_talks_is_left_alone() -> None:
    watched = Watched().live()
    for number in range(11, 60):
        watched.wait(0.9)
        assert watched.tell(Heard(number)) == ()
    assert [one for _, one in watched.done] == [Do.CONNECT, Do.RESYNC]


def test_two_seconds_of_silence_mean_a_new_connection() -> None:
    watched = Watched().live()
    watched.wait(1.99)
    assert watched.of(Do.DISCONNECT) == []
    watched.wait(0.02)
    assert watched.of(Do.DISCONNECT) == [2.0]


def test_a_connection_without_data_is_no_connection() -> None:
    watched = Watched()
    watched.tell(Ticked())
    watched.tell(Opened())
    watched.wait(0.5)
    assert watched.of(Do.DISCONNECT) == [0.5]


def test_a_connection_that_does_not_come_about_is_given_up() -> None:
    watched = Watched()
    watched.tell(Ticked())
    watched.wait(5)
    assert watched.of(Do.DISCONNECT) == [5.0]
    assert watched.tell(Heard(3)) == ()
    assert watched.stream.phase is Phase.WAITING


def down_for(seconds: float, seed: int = 1) -> Watched:
    """A stream whose venue refuses every connection at once."""
    watched = Watched(seed).live()
    until = watched.now + int(seconds * NS_PER_S)
    watched.tell(Closed("gone"))
    while watched.now < until:
        watched.wait(max(0, watched.stream.due_ns - watched.now) / NS_PER_S)
        if watched.stream.phase is Phase.CONNECTING:
            watched.tell(Closed("refused"))
    return watched


def test_waits_between_tries_grow_to_their_bound_and_tries_never_end() -> None:
    tries = down_for(400).of(Do.CONNECT)
    waits = [after - before for before, after in pairwise(tries)]
    for tried, wait in enumerate(waits[1:4], start=2):
        assert wait <= 2 ** (tried - 1)
    assert all(29.99 < wait < 30.01 for wait in waits[5:])
    assert len(waits) > 10


def test_a_human_hears_of_it_once_after_thirty_seconds() -> None:
    ((at, alert),) = down_for(300).alerts()
    assert at == 30.0
    assert (alert.code, alert.severity) == ("STREAM_DOWN", "warn")
    assert alert.text.startswith("books of aster: silent for 30 s, ")


def test_it_comes_back_and_may_go_down_again() -> None:
    watched = down_for(60)
    watched.wait(31)
    watched.tell(Opened())
    watched.tell(SNAPSHOT)
    assert usable(watched.stream, watched.now)
    watched.wait(31)
    assert len(watched.alerts()) == 2


def test_tries_are_forgotten_once_it_was_steady_only() -> None:
    watched = down_for(3)
    tried = watched.stream.tried
    watched.wait(31)
    watched.tell(Opened())
    watched.tell(SNAPSHOT)
    assert watched.stream.tried >= tried > 0
    for number in range(11, 33):
        watched.wait(0.5)
        watched.tell(Heard(number))
    assert watched.stream.tried == 0


def test_the_jitter_is_of_the_seed() -> None:
    assert down_for(100, 5).done == down_for(100, 5).done != down_for(100, 6).done


def test_a_gap_asks_for_one_snapshot() -> None:
    watched = Watched().live()
    assert watched.tell(Heard(11)) == ()
    assert watched.tell(Heard(13)) == (Do.RESYNC,)
    assert not usable(watched.stream, watched.now)
    assert watched.tell(Heard(20)) == ()
    assert watched.tell(Heard(30, snapshot=True)) == ()
    assert usable(watched.stream, watched.now)
    assert watched.tell(Heard(31)) == ()


def test_what_was_heard_already_changes_nothing() -> None:
    watched = Watched().live()
    watched.tell(Heard(11))
    for number in (11, 10, 4, 0):
        assert watched.tell(Heard(number)) == ()
        assert watched.stream.seq == 11
    assert usable(watched.stream, watched.now)


def test_a_snapshot_that_does_not_come_means_a_new_connection() -> None:
    watched = Watched().live()
    watched.tell(Heard(12))
    for number in range(13, 30):
        watched.wait(0.2)
        watched.tell(Heard(number))
    assert watched.of(Do.DISCONNECT) == [2.0]


def test_a_close_of_a_closed_stream_is_no_news() -> None:
    watched = Watched().live()
    watched.tell(Closed())
    before = watched.stream
    watched.now += NS_PER_MS
    assert watched.tell(Closed()) == ()
    assert watched.stream == before


EVENTS = st.one_of(
    st.just(Opened()), st.just(Closed()), st.builds(Heard, st.integers(0, 40), st.booleans()), st.just(None)
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 4_000))), st.integers(0, 9))
def test_whatever_happens_it_goes_on_trying_and_is_told_of(
    history: list[tuple[StreamEvent | None, int]], seed: int
) -> None:
    watched = Watched(seed)
    for event, passed in history:
        watched.wait(passed / 1_000)
        if event is not None:
            watched.tell(event)
        assert isinstance(watched.stream, Stream)
        assert due(watched.stream) <= watched.now + USUAL.retries.cap_ns
        if usable(watched.stream, watched.now):
            assert watched.now - watched.stream.heard_ns <= USUAL.rest_ns
    watched.done.clear()
    watched.wait(70)
    assert watched.of(Do.CONNECT)
    assert watched.alerts() or watched.stream.alerted
