"""The colours of the default theme can be read, and told apart by every eye."""

import math
from pathlib import Path

import pytest
from rich.color import Color

from dnkit.tui.theme import PALETTES, PLAIN, styles_of
from dnkit.tui.view import boxes
from dnkit.tui.view.frame import picture
from dnkit.tui.view.lines import BARS
from dnkit.tui.view.scene import SCREENS, Box, Look
from tests.tui.scenes import scene_at

Rgb = tuple[float, float, float]
# What a dichromat sees of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
EYES: dict[str, tuple[Rgb, Rgb, Rgb]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
APART = 50  # of good and bad, in CIE 1976 units
NEARER = 25  # of either from a warning
LEGIBLE = 4.5
LARGE = 3.0  # for frames, which carry no words
THEMES = [name for name in PALETTES if name != PLAIN]


def linear(colour: str) -> Rgb:
    """Linear RGB of `#rrggbb`."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return red, green, blue


def seen(colour: Rgb, eye: str) -> Rgb:
    """What an eye makes of it."""
    rows = (sum(share * one for share, one in zip(row, colour, strict=True)) for row in EYES[eye])
    red, green, blue = (min(1.0, max(0.0, one)) for one in rows)
    return red, green, blue


def lab(colour: Rgb) -> Rgb:
    """CIE L*a*b* of linear RGB, white D65."""
    to_xyz = (
        (0.4124564, 0.3575761, 0.1804375, 0.95047),
        (0.2126729, 0.7151522, 0.0721750, 1.0),
        (0.0193339, 0.1191920, 0.9503041, 1.08883),
    )
    red, green, blue = colour
    x, y, z = (_root((r * red + g * green + b * blue) / white) for r, g, b, white in to_xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(share: float) -> float:
    return share ** (1 / 3) if share > (6 / 29) ** 3 else share / (3 * (6 / 29) ** 2) + 4 / 29


def apart(one: str, other: str, eye: str) -> float:
    """Distance of two colours to an eye."""
    return math.dist(lab(seen(linear(one), eye)), lab(seen(linear(other), eye)))


def contrast(one: str, other: str) -> float:
    """Ratio of luminance (WCAG 2)."""
    lights = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(linear, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_measures_are_the_known_ones() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert apart("#000000", "#ffffff", "all cones") == pytest.approx(100, abs=0.1)
    assert apart("#ff0000", "#00ff00", "all cones") > 150
    assert apart("#d05050", "#8a7a30", "no red") < APART  # two that a red-blind eye takes for one another


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_good_and_bad_are_far_apart_to_every_eye(theme: str, eye: str) -> None:
    palette = PALETTES[theme]
    assert palette is not None
    assert apart(palette["good"], palette["bad"], eye) >= APART
    assert apart(palette["live"], palette["paper"], eye) >= APART
    for name in ("good", "bad"):
        assert apart(palette[name], palette["warn"], eye) >= NEARER


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_can_be_read(theme: str) -> None:
    palette = PALETTES[theme]
    assert palette is not None
    for name, style in styles_of(palette).items():
        ground = _hex(style.bgcolor) if style.bgcolor is not None else palette["back"]
        words = _hex(style.color) if style.color is not None else palette["text"]
        least = LARGE if name == "frame" else LEGIBLE
        assert contrast(words, ground) >= least, (name, words, ground)
        if name in ("", "good", "bad", "warn", "dim", "strong"):
            assert contrast(words, palette["select"]) >= LEGIBLE, (name, "selected")


def _hex(colour: Color | None) -> str:
    assert colour is not None
    return "#{:02x}{:02x}{:02x}".format(*colour.get_truecolor())


def test_without_colour_there_is_none() -> None:
    for style in styles_of(PALETTES[PLAIN]).values():
        assert style.color is None
        assert style.bgcolor is None


def test_every_style_that_is_used_is_known(tmp_path: Path) -> None:
    scene = scene_at(tmp_path, books=True)
    looks = [Look(screen=name) for name in SCREENS]
    looks += [Look(box=Box(kind)) for kind in (boxes.FLATTEN, boxes.HELP, boxes.STOP, boxes.ALONE)]
    spans = [span for look in looks for one in picture(scene, look, 120, 40) for span in one]
    used = {name for span in spans for name in span.style.split()}
    for palette in PALETTES.values():
        assert used <= set(styles_of(palette))


def test_no_glyph_of_good_is_one_of_bad(tmp_path: Path) -> None:
    """Whoever sees no colour at all reads the same."""
    marks: dict[str, set[str]] = {"good": set(), "bad": set()}
    for lines in range(1, 24):
        scene = scene_at(tmp_path / str(lines), lines)
        for one in picture(scene, Look(), 120, 40):
            for span in one:
                for name in marks.keys() & set(span.style.split()):
                    marks[name].update(mark for mark in span.text if not mark.isascii() and mark not in BARS)
    assert marks["good"] and marks["bad"]
    assert not marks["good"] & marks["bad"]
