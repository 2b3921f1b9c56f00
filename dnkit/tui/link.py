"""The way to the engine: a thread of its own that holds the newest word and passes wishes on, one at a time.

A slow engine never holds the screen up, and a slow screen never the engine: it drops who does not read.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from msgspec.structs import replace

from dnkit.control import words
from dnkit.control.client import Client, NoAnswer, NotRunning
from dnkit.control.place import socket_path
from dnkit.tui.view.scene import Word
from dnkit.tui.wishes import FLATTEN, NOTHING_HEARD, PAUSE, RESUME, STOP, Heard, Reply, Shown, Wish

WHO = "tui"
LEVELS = 10
PAUSE_S = 0.5  # before nobody is called once more
T = TypeVar("T")
LISTEN_S = 0.05  # so long a wish may wait for the ear to be free


class Link:
    """See `dnkit.tui.wishes.Engine`. `root` is the state folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._group = ""
        self._heard = NOTHING_HEARD
        self._wishes: SimpleQueue[Wish] = SimpleQueue()
        self._replies: SimpleQueue[Reply] = SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dnkit-link", daemon=True)
        self._thread.start()

    def watch(self, group: str) -> None:
        """Talk to the command of that group from now on; "" for none."""
        if group != self._group:
            self._group, self._heard = group, NOTHING_HEARD

    def heard(self) -> Heard:
        return self._heard

    def replies(self) -> list[Reply]:
        """Answers that came since this was last asked."""
        return list(_drained(self._replies))

    def ask(self, wish: Wish) -> None:
        self._wishes.put(wish)

    def close(self) -> None:
        """Hang up; the engine goes on."""
        self._over.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._over.is_set():
            group = self._group
            if group:
                self._talk(group)
            for wish in _drained(self._wishes):
                self._replies.put(Reply(wish, ok=False, text="nobody answers for this run; nothing was sent"))
            self._over.wait(PAUSE_S)

    def _talk(self, group: str) -> None:
        """One conversation, until the engine or the user is gone."""
        try:
            with Client(socket_path(self._root, group), by=WHO) as client:
                names = tuple(one.name for one in client.hello.legs)
                self._keep(group, client.status, names)
                client.follow(books=LEVELS)
                while self._group == group and not self._over.is_set():
                    self._listen(client, group, names)
        except (NotRunning, NoAnswer):
            if self._group == group:
                self._heard = Heard(replace(self._heard.word, linked=False))

    def _listen(self, client: Client, group: str, names: tuple[str, ...]) -> None:
        for wish in _drained(self._wishes):
            answer = _asked(client, wish)
            self._replies.put(Reply(wish, answer.ok, answer.text))
        told = client.next(LISTEN_S)
        if told is not None:
            self._keep(group, told, names)

    def _keep(self, group: str, told: words.Status | words.Books | words.End, names: tuple[str, ...]) -> None:
        """The newest word in the place of the one before."""
        heard = self._heard
        if isinstance(told, words.Books):
            books = {one.name: Shown(one.at_ns, one.bids, one.asks) for one in told.legs}
            heard = replace(heard, books=books)
        elif isinstance(told, words.End):
            heard = Heard(replace(heard.word, ended=told.text or told.risk.value, risk=told.risk.value))
        else:
            heard = replace(heard, word=_word(told, names))
        if self._group == group:
            self._heard = replace(heard, at_ns=time.monotonic_ns())


def _word(status: words.Status, names: tuple[str, ...]) -> Word:
    return Word(
        linked=True,
        paused=status.paused,
        stopping=status.stopping,
        flattening=status.flattening,
        names=names,
        positions=status.positions,
    )


def _asked(client: Client, wish: Wish) -> words.Answer:
    """Say it. A wish that got no answer is told as such: it may have been heard."""
    asks: dict[str, Callable[[], words.Answer]] = {
        PAUSE: client.pause,
        RESUME: client.resume,
        STOP: lambda: client.stop(wish.detail),
        FLATTEN: lambda: client.flatten(wish.detail),
    }
    try:
        return asks[wish.what]()
    except (NotRunning, NoAnswer) as error:
        return words.Answer(id=0, ok=False, text=str(error))


def _drained(queue: SimpleQueue[T]) -> list[T]:
    """All that is in it now."""
    found: list[T] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
