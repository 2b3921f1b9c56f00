"""Drives the watchdog of one stream: looks when it wants to be looked at, and has its wishes carried out."""

from collections.abc import Callable
from functools import partial

from dnkit.desk.gateway import stream
from dnkit.desk.gateway.stream import USUAL, Closed, Do, Heard, Opened, Rules, StreamEvent, Ticked
from dnkit.desk.scheduler import NEVER, Call
from dnkit.model.alerts import Alert


class Watchdog:
    """`heard` says when the stream's last word came, `do` carries a wish out; all on the clock of `now`.

    Every word counts as whole: whoever numbers its changes tells of gaps by another way. Nothing happens
    before `start` and after `stop`.
    """

    def __init__(
        self,
        name: str,
        *,
        heard: Callable[[], int],
        do: Callable[[Do], None],
        alert: Callable[[Alert], None],
        now: Callable[[], int],
        at: Callable[[int, Call], None],
        seed: int = 0,
        rules: Rules = USUAL,
    ) -> None:
        self._stream = stream.begin(name, now(), seed)
        self._heard = heard
        self._do = do
        self._alert = alert
        self._now = now
        self._at = at
        self._rules = rules
        self._alarm_ns = NEVER
        self._stopped = False

    def start(self) -> None:
        """Begin: the first wish is a connection."""
        self._take(Ticked())

    def stop(self) -> None:
        """It is not wanted any more."""
        self._stopped = True

    def opened(self) -> None:
        """A connection stands."""
        self._take(Opened())

    def closed(self) -> None:
        """There is none, or none any longer."""
        self._take(Closed())

    @property
    def usable(self) -> bool:
        """Whether the last word may be acted on."""
        self._catch_up()
        return stream.usable(self._stream, self._now(), self._rules)

    def _take(self, event: StreamEvent) -> None:
        if self._stopped:
            return
        self._catch_up()
        self._stream, actions = stream.step(self._stream, event, self._now(), self._rules)
        for action in actions:
            if isinstance(action, Alert):
                self._alert(action)
            else:
                self._do(action)
        self._set_alarm()

    def _catch_up(self) -> None:
        heard_ns = self._heard()
        if heard_ns > self._stream.heard_ns:
            self._stream, _ = stream.step(self._stream, Heard(snapshot=True), heard_ns, self._rules)

    def _set_alarm(self) -> None:
        due = max(stream.due(self._stream, self._rules), self._now())
        if due < self._alarm_ns:
            self._alarm_ns = due
            self._at(due, partial(self._ring, due))

    def _ring(self, asked_ns: int) -> None:
        if asked_ns != self._alarm_ns:
            return  # an earlier alarm took its place
        self._alarm_ns = NEVER
        self._catch_up()
        if stream.due(self._stream, self._rules) <= self._now():
            self._take(Ticked())
        elif not self._stopped:
            self._set_alarm()
