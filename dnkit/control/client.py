"""The caller's end of the operator's socket: blocking, one thread a client."""

import select
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from dnkit.control import place, words
from dnkit.model.errors import DnkitError
from dnkit.model.terms import StopWhen

ANSWER_S = 5.0
HELLO_S = 2.0
CHUNK = 1 << 16
W = TypeVar("W", words.Hello, words.Status)


class NotRunning(DnkitError):
    """Nobody answers there, or not any more."""

    exit_code = 7


class NoAnswer(DnkitError):
    """The command has the wish and did not answer it in time."""

    exit_code = 6


class Found(msgspec.Struct, frozen=True):
    """A running command: its socket, who it is, where it stood when it was asked."""

    path: Path
    hello: words.Hello
    status: words.Status

    def is_called(self, name: str) -> bool:
        """Whether a human may mean it by that name: of its run, of its group or of its policy."""
        return bool(name) and name in (self.status.run, self.hello.group, self.hello.policy)


def engines(root: Path) -> list[Found]:
    """The commands that run in a state folder. What was killed, or does not speak to us, is left out."""
    return list(_found(root))


def _found(root: Path) -> Iterator[Found]:
    for path in place.sockets(root):
        with suppress(NotRunning, NoAnswer), Client(path) as client:
            yield Found(path, client.hello, client.status)


class Client:
    """A connection to the command behind a socket. `by` says in its journal who asks.

    NotRunning when nobody answers; NoAnswer when it says nothing.
    """

    def __init__(self, path: Path, by: str = "") -> None:
        self._by = by
        self._rest = b""
        self._heard: list[words.Told] = []
        self._asked = 0
        try:
            self._socket = place.connect(path)
        except OSError as error:
            raise NotRunning(f"nobody answers at {path}: {error.strerror or error}") from error
        self._socket.setblocking(False)
        try:
            self.hello = self._first(words.Hello)
            self.status = self._first(words.Status)
        except DnkitError:
            self.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def pause(self) -> words.Answer:
        """No entry from now on."""
        return self._ask(words.Pause(id=self._next(), by=self._by))

    def resume(self) -> words.Answer:
        """Entries may go on."""
        return self._ask(words.Resume(id=self._next(), by=self._by))

    def stop(self, when: StopWhen | str) -> words.Answer:
        """End the command."""
        return self._ask(words.Stop(when=StopWhen(when), id=self._next(), by=self._by))

    def flatten(self, confirm: str) -> words.Answer:
        """Close everything; `confirm` is the policy's name as a human typed it."""
        return self._ask(words.Flatten(confirm=confirm, id=self._next(), by=self._by))

    def follow(self, books: int = 0) -> words.Answer:
        """Be told of changes from now on, and the books with so many levels a side."""
        return self._ask(words.Follow(books=books, id=self._next(), by=self._by))

    def next(self, timeout_s: float) -> words.Status | words.Books | words.End | None:
        """What is told next, None when nothing is in time; NotRunning when there is nobody any more."""
        until = time.monotonic() + timeout_s
        while True:
            for index, word in enumerate(self._heard):
                if isinstance(word, words.Status | words.Books | words.End):
                    del self._heard[: index + 1]
                    return word
            self._heard.clear()
            if not self._hear(until):
                return None

    def _next(self) -> int:
        self._asked += 1
        return self._asked

    def _ask(self, ask: words.Ask) -> words.Answer:
        until = time.monotonic() + ANSWER_S
        try:
            self._socket.sendall(words.encode(ask))
        except OSError as error:
            raise NotRunning("the command has ended") from error
        while True:
            for word in self._heard:
                if isinstance(word, words.Answer) and word.id == ask.id:
                    self._heard.remove(word)
                    return word
            if not self._hear(until):
                raise NoAnswer(f"no answer within {ANSWER_S:.0f} s; the command may still do as it was asked")

    def _first(self, kind: type[W]) -> W:
        until = time.monotonic() + HELLO_S
        while not self._heard:
            if not self._hear(until):
                raise NoAnswer("whoever listens there says nothing")
        word = self._heard.pop(0)
        if not isinstance(word, kind):
            raise NotRunning("whoever listens there is no command of ours")
        return word

    def _hear(self, until: float) -> bool:
        """Wait for more; False when nothing came in time."""
        left = until - time.monotonic()
        if not select.select((self._socket,), (), (), max(0.0, left))[0]:
            return False
        try:
            data = self._socket.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            raise NotRunning("the command has ended")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            with suppress(words.BadWord):  # of a later version
                self._heard.append(words.decode(line))
        return True
