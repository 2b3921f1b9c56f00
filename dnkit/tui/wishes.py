"""What an operator may wish of a running engine, and what is heard from it."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from dnkit.tui.view.scene import SILENCE, Word

PAUSE, RESUME, STOP, FLATTEN = "pause", "resume", "stop", "flatten"


class Wish(msgspec.Struct, frozen=True):
    """`what` with its `detail`: how to stop, or the name that was typed to confirm a flatten."""

    what: str
    detail: str = ""


class Reply(msgspec.Struct, frozen=True):
    """The engine's answer to a wish."""

    wish: Wish
    ok: bool
    text: str


class Shown(msgspec.Struct, frozen=True):
    """A book as the socket tells it: (price, size) as texts, best first."""

    at_ns: int
    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]


class Heard(msgspec.Struct, frozen=True):
    """The last word of an engine, its books by name of the leg, and when it last said anything (monotonic
    clock).
    """

    word: Word = SILENCE
    books: Mapping[str, Shown] = {}
    at_ns: int = 0


NOTHING_HEARD = Heard()


class Engine(Protocol):
    """The way to the engine of a command."""

    def watch(self, group: str) -> None:
        """Talk to the command of that group from now on; "" for none."""

    def heard(self) -> Heard:
        """The newest word; older ones are dropped."""

    def replies(self) -> list[Reply]:
        """Answers that came since this was last asked."""

    def ask(self, wish: Wish) -> None:
        """Pass a wish on; its answer comes with `replies`."""

    def close(self) -> None:
        """Let go; the engine goes on."""
