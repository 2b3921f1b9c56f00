"""The app on a terminal of textual's own, with the real journal behind it and an ear where its wishes go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.events import Paste
from textual.pilot import Pilot

from dnkit.tui.app import Screens
from dnkit.tui.keys import Keys
from dnkit.tui.session import Session
from dnkit.tui.view.lines import text_of
from dnkit.tui.view.scene import Word
from dnkit.tui.wishes import Heard, Reply, Wish
from tests.tui.scenes import BUDGETS, LINKED


class Ear:
    """Stands where the socket is: keeps what was wished, says what a test lets it say."""

    def __init__(self, word: Word = LINKED) -> None:
        self.wishes: list[Wish] = []
        self.group = ""
        self.word = word
        self.answers: list[Reply] = []

    def watch(self, group: str) -> None:
        self.group = group

    def heard(self) -> Heard:
        return Heard(self.word)

    def replies(self) -> list[Reply]:
        answers, self.answers = self.answers, []
        return answers

    def ask(self, wish: Wish) -> None:
        self.wishes.append(wish)

    def close(self) -> None:
        """Nothing is open."""


class Terminal:
    """The app while it runs: `press` keys, look at the `text` on the screen, let the clock go on."""

    def __init__(self, app: Screens, pilot: Pilot[int], ear: Ear, clock: "Clock") -> None:
        self.app = app
        self.ear = ear
        self.clock = clock
        self._pilot = pilot

    @property
    def text(self) -> str:
        self.app.tick()
        return "\n".join(text_of(one).rstrip() for one in self.app.pane.lines)

    @property
    def first(self) -> str:
        return self.text.splitlines()[0]

    @property
    def told(self) -> str:
        return self.text.splitlines()[-1]

    async def press(self, *keys: str) -> None:
        """Press keys; a word of several letters that is no key's name is typed."""
        await self._pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Enter a text at once, as from a clipboard."""
        self.app.post_message(Paste(text))
        await self._pilot.pause()

    async def click(self, x: int, y: int) -> None:
        """Click on a cell."""
        await self._pilot.click(offset=(x, y))

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        await self._pilot.resize_terminal(width, height)
        await self._pilot.pause()


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1_000_000_000

    def __call__(self) -> int:
        return self.now


@asynccontextmanager
async def terminal(
    path: Path,
    *,
    size: tuple[int, int] = (80, 24),
    read_only: bool = False,
    wanted: str = "last",
    word: Word = LINKED,
    clock: Clock | None = None,
) -> AsyncIterator[Terminal]:
    """The app on the journal at `path`."""
    session = Session(path, wanted, read_only=read_only, budgets=BUDGETS)
    ear = Ear(word)
    clock = clock or Clock()
    app = Screens(Keys(session, ear, lambda: 50_000), theme="safe", clock=clock)
    try:
        async with app.run_test(size=size) as pilot:
            yield Terminal(app, pilot, ear, clock)
    finally:
        session.close()
