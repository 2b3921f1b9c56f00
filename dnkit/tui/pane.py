"""The one widget that draws: lines in, strips out, and only rows that changed are sent to the terminal."""

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dnkit.policies.diagnostics import cells
from dnkit.tui.view.lines import EMPTY, Line, to_ascii


class Pane(Widget):
    """A full screen of lines. A click on a span that acts is told as Acted."""

    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    class Acted(Message):
        """The user clicked on something that acts."""

        def __init__(self, act: str) -> None:
            super().__init__()
            self.act = act

    class Wheeled(Message):
        """The user turned the wheel: rows, down is positive."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, styles: dict[str, Style], *, ascii: bool = False) -> None:
        super().__init__()
        self.drawn = 0  # rows handed to the terminal so far
        self._named = styles
        self._ascii = ascii
        self.lines: list[Line] = []
        self._mixed: dict[str, Style] = {}

    def restyle(self, styles: dict[str, Style]) -> None:
        """Use other colours from now on."""
        self._named = styles
        self._mixed.clear()
        self.refresh()

    def show(self, lines: list[Line]) -> None:
        """Show these lines; rows that stay as they are cost nothing."""
        before, self.lines = self.lines, lines
        if len(before) != len(lines):
            self.refresh()
            return
        changed = [
            Region(0, at, self.size.width, 1)
            for at, (one, other) in enumerate(zip(before, lines, strict=True))
            if one != other
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row as the terminal gets it."""
        self.drawn += 1
        one = self.lines[y] if y < len(self.lines) else EMPTY
        segments = [Segment(self._text(span.text), self._style(span.style)) for span in one]
        return Strip(segments).adjust_cell_length(self.size.width, self._style(""))

    def _text(self, text: str) -> str:
        return to_ascii(text) if self._ascii else text

    def _style(self, names: str) -> Style:
        known = self._mixed.get(names)
        if known is None:
            parts = (self._named[one] for one in names.split())
            known = self._mixed[names] = sum(parts, self._named[""])
        return known

    def on_click(self, event: events.Click) -> None:
        """Find the span below the pointer."""
        left = event.x
        for span in self.lines[event.y] if event.y < len(self.lines) else EMPTY:
            left -= cells(span.text)
            if left < 0:
                if span.act:
                    self.post_message(self.Acted(span.act))
                return

    def on_mouse_scroll_down(self) -> None:
        """The wheel moves the selection, as the arrows do."""
        self.post_message(self.Wheeled(3))

    def on_mouse_scroll_up(self) -> None:
        """Likewise."""
        self.post_message(self.Wheeled(-3))
