"""Colours. The default tells good from bad to every eye: blue against vermillion, and never by colour
alone.
"""

from rich.style import Style

SAFE, LIGHT, STRONG, PLAIN = "safe", "light", "contrast", "plain"
Palette = dict[str, str]

_SAFE: Palette = {
    "back": "#101418",
    "text": "#d8dee4",
    "good": "#56b4e9",
    "bad": "#ff7a33",
    "warn": "#fff27a",
    "alarm": "#fff27a",
    "dim": "#93a0ae",
    "frame": "#5b6775",
    "live": "#d55e00",
    "paper": "#56b4e9",
    "replay": "#a7adb4",
    "select": "#26313d",
}
_LIGHT: Palette = {
    "back": "#fbfbf8",
    "text": "#1b1f24",
    "good": "#0060a0",
    "bad": "#a83c00",
    "warn": "#331a00",
    "alarm": "#f0d000",
    "dim": "#545e68",
    "frame": "#84909b",
    "live": "#e8702a",
    "paper": "#7cc4f0",
    "replay": "#b9bec4",
    "select": "#dfe8f0",
}
_STRONG: Palette = {
    "back": "#000000",
    "text": "#ffffff",
    "good": "#7fd0ff",
    "bad": "#ff8c4d",
    "warn": "#ffffaa",
    "alarm": "#ffff66",
    "dim": "#c8c8c8",
    "frame": "#a0a0a0",
    "live": "#ff7a1a",
    "paper": "#7fd0ff",
    "replay": "#d0d0d0",
    "select": "#333333",
}
PALETTES: dict[str, Palette | None] = {SAFE: _SAFE, LIGHT: _LIGHT, STRONG: _STRONG, PLAIN: None}


def styles_of(palette: Palette | None) -> dict[str, Style]:
    """A style for every name that the lines use; without a palette only bold, dim and reverse."""
    if palette is None:
        return _attributes()
    colours = {name: Style(color=palette[name]) for name in ("good", "bad", "warn", "dim", "frame")}
    bars = {f"mode.{name}": Style(color="#000000", bgcolor=palette[shade]) for name, shade in _MODES.items()}
    return {
        **colours,
        **bars,
        "": Style(color=palette["text"]),
        "long": colours["good"],
        "short": colours["bad"],
        "strong": Style(color=palette["text"], bold=True),
        "bold": Style(bold=True),
        "title": Style(color=palette["good"], bold=True),
        "tab": Style(color=palette["dim"]),
        "tab.on": Style(color=palette["text"], bold=True),
        "key": Style(color=palette["warn"], bold=True),
        "now": Style(color=palette["good"], bold=True),
        "stale": Style(color=palette["dim"], italic=True),
        "banner": Style(color="#000000", bgcolor=palette["alarm"], bold=True),
        "told": Style(color="#000000", bgcolor=palette["replay"]),
        "select": Style(bgcolor=palette["select"]),
    }


_MODES = {"live": "live", "paper": "paper", "simulated": "paper", "replay": "replay", "no": "replay"}


def _attributes() -> dict[str, Style]:
    """What a terminal without colour can show. Glyphs and words say the rest."""
    bold, dim, reverse = Style(bold=True), Style(dim=True), Style(reverse=True)
    return {
        "": Style(),
        **dict.fromkeys(("good", "long", "short", "frame", "tab"), Style()),
        **dict.fromkeys(("bad", "warn", "strong", "bold", "title", "tab.on", "key", "now"), bold),
        **dict.fromkeys(("dim", "stale"), dim),
        **dict.fromkeys((*(f"mode.{name}" for name in _MODES), "banner", "told", "select"), reverse),
    }
