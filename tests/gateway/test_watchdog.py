"""The watchdog at work on a clock: it connects, is content with what it hears, and tells of what lasts."""

from dnkit.desk.gateway.stream import Do
from dnkit.desk.gateway.watchdog import Watchdog
from dnkit.desk.scheduler import Scheduler
from dnkit.model.alerts import Alert
from dnkit.model.numbers import NS_PER_MS, NS_PER_S

START = 100 * NS_PER_S


class Place:
    """A stream that connects at once while it is `there`; `heard_ns` is its last word."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(START)
        self.heard_ns = START
        self.there = True
        self.done: list[Do] = []
        self.alerts: list[Alert] = []
        self.watchdog = Watchdog(
            "books",
            heard=lambda: self.heard_ns,
            do=self.do,
            alert=self.alerts.append,
            now=lambda: self.scheduler.now_ns,
            at=self.scheduler.at,
        )
        self.watchdog.start()

    def do(self, wish: Do) -> None:
        self.done.append(wish)
        if wish is Do.CONNECT:
            self.watchdog.opened() if self.there else self.watchdog.closed()

    def wait(self, seconds: float, *, talking: bool) -> None:
        until = self.scheduler.now_ns + int(seconds * NS_PER_S)
        while self.scheduler.now_ns < until:
            if talking:
                self.heard_ns = self.scheduler.now_ns
            self.scheduler.run_due(self.scheduler.now_ns + 100 * NS_PER_MS)


def test_a_stream_that_talks_is_connected_once_and_usable() -> None:
    place = Place()
    place.wait(60, talking=True)
    assert place.done == [Do.CONNECT, Do.RESYNC]
    assert place.watchdog.usable
    assert place.alerts == []


def test_silence_is_not_used_read_otherwise_connected_anew_and_told_once() -> None:
    place = Place()
    place.wait(5, talking=True)
    place.wait(4, talking=False)
    assert not place.watchdog.usable
    assert place.done[2:4] == [Do.READ_REST, Do.DISCONNECT]
    assert {Do.CONNECT, Do.RESYNC, Do.READ_REST} == set(place.done[4:]) - {Do.DISCONNECT}
    place.wait(300, talking=False)
    assert [one.text.split(",")[0] for one in place.alerts] == ["books: silent for 30 s"]


def test_a_stream_that_comes_back_is_used_again_and_may_be_told_of_again() -> None:
    place = Place()
    place.there = False
    place.wait(40, talking=False)
    place.there = True
    place.wait(40, talking=True)
    assert place.watchdog.usable
    place.wait(40, talking=False)
    assert len(place.alerts) == 2


def test_once_stopped_it_wants_nothing() -> None:
    place = Place()
    place.watchdog.stop()
    place.wait(60, talking=False)
    assert place.done == [Do.CONNECT, Do.RESYNC]
    assert place.alerts == []
