"""The terminal: ten pictures a second at most, of which only the rows that changed are drawn."""

import time
from collections.abc import Callable, Iterable

from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.screen import Screen

from dnkit.tui import keys
from dnkit.tui.keys import Keys
from dnkit.tui.pane import Pane
from dnkit.tui.theme import PALETTES, PLAIN, styles_of
from dnkit.tui.view.frame import picture
from dnkit.tui.view.scene import SCREENS

FRAME_S = 0.1

_COMMANDS = (
    ("Flatten", "Cancel and close everything; asks for the policy's name", "F"),
    ("Pause or resume", "No new entries, or allow them again", "p"),
    ("Stop", "End the command: hedged, flat or now", "s"),
    ("Filter the journal", "Show lines that hold some words", "/"),
    ("Replay", "Play the shown run again; once more to follow", "r"),
    ("Keys", "What every key does", "?"),
    ("Next theme", "Other colours", "T"),
    ("Detach", "Leave; the engine goes on", "q"),
)


Starting = Callable[[], tuple[str, ...] | None]


def _nothing_starts() -> tuple[str, ...]:
    """No engine of ours is about to begin."""
    return ()


class Screens(App[int]):
    """Everything the user sees. It polls `hands.session`, and passes keys on to `hands`. While there is
    no run to show, `starting` is asked what its engine says; None when it is gone.
    """

    ENABLE_COMMAND_PALETTE = True
    CSS = "Screen { background: $background; }"

    def __init__(
        self,
        hands: Keys,
        *,
        theme: str,
        ascii: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
        starting: Starting = _nothing_starts,
    ) -> None:
        super().__init__(ansi_color=theme == PLAIN)
        self._starting = starting
        self.hands = hands
        self._ascii = ascii
        self._shown = theme
        self._clock = clock
        self.pane = Pane(styles_of(PALETTES[theme]), ascii=ascii)

    def compose(self) -> ComposeResult:
        """One widget draws it all."""
        yield self.pane

    def on_mount(self) -> None:
        """Begin to follow."""
        self.title = "dnkit"
        self.tick()
        self.set_interval(FRAME_S, self.tick)

    def tick(self) -> None:
        """Read what is new and draw it."""
        hands, now = self.hands, self._clock()
        hands.session.poll(now)
        trail = hands.session.scene.trail
        if trail is None:
            said = self._starting()
            if said is None:
                self.exit(0)
                return
            hands.session.scene.starting = said
        hands.engine.watch(hands.group())
        hands.hear()
        if not hands.look.frozen or hands.look.box is not None:
            self.draw()

    def draw(self) -> None:
        """Draw the scene as it is."""
        size = self.size
        self.hands.size = (size.width, size.height)
        lines = picture(self.hands.session.scene, self.hands.look, size.width, size.height, self._clock())
        self.pane.show(lines)

    def on_resize(self) -> None:
        """Another size is another picture."""
        self.draw()

    def on_key(self, event: events.Key) -> None:
        """Every key goes to the hands; textual's own ones (Tab moves the focus) have nothing to do here."""
        if len(self.screen_stack) > 1:
            return
        event.stop()
        event.prevent_default()
        self.hands.size = (self.size.width, self.size.height)
        self._do(self.hands.press(event.key, event.character if event.is_printable else None, self._clock()))

    def on_paste(self, event: events.Paste) -> None:
        """Text that is pasted is typed where text is asked for. Elsewhere its letters would be orders."""
        if self.hands.types:
            for character in event.text.splitlines()[0] if event.text else "":
                self._do(self.hands.press(character, character, self._clock()))

    def on_pane_acted(self, message: Pane.Acted) -> None:
        """A click."""
        self.hands.act(message.act, self._clock())
        self.draw()

    def on_pane_wheeled(self, message: Pane.Wheeled) -> None:
        """The wheel."""
        self.hands.move(message.rows)
        self.draw()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        for name in SCREENS:
            yield SystemCommand(
                name.capitalize(), f"Show the screen of {name}", lambda name=name: self._go(name)
            )
        for title, words, key in _COMMANDS:
            yield SystemCommand(title, words, lambda key=key: self._press(key))

    def _go(self, screen: str) -> None:
        self.hands.show(screen)
        self.draw()

    def _press(self, key: str) -> None:
        self._do(self.hands.press(key, key, self._clock()))

    def _do(self, effect: str | None) -> None:
        """What a key asks of the terminal; then the picture."""
        if effect == keys.QUIT:
            self.exit(0)
            return
        if effect == keys.PALETTE:
            self.action_command_palette()
        elif effect == keys.COPY:
            self.copy_to_clipboard(self.hands.copied)
        elif effect == keys.THEME:
            self._next_theme()
        self.draw()

    def _next_theme(self) -> None:
        if self._shown == PLAIN:
            return  # the user's terminal said no colour
        names = [name for name in PALETTES if name != PLAIN]
        self._shown = names[(names.index(self._shown) + 1) % len(names)]
        self.pane.restyle(styles_of(PALETTES[self._shown]))
        self.hands.session.scene.told = f"theme {self._shown}"
