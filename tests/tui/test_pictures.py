"""Every screen as text, at three sizes, from one recorded journal."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.policies.diagnostics import cells
from dnkit.tui.view import boxes
from dnkit.tui.view.frame import picture
from dnkit.tui.view.lines import text_of
from dnkit.tui.view.scene import SCREENS, Box, Look, Moment, Scene, Tape
from tests.tui.scenes import compare, scene_at, text

SIZES = ((80, 24), (120, 36), (60, 20))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_screen_is_as_it_was_kept(tmp_path: Path, screen: str, width: int, height: int) -> None:
    scene = scene_at(tmp_path, books=screen == "book")
    compare(f"{screen}-{width}x{height}", text(scene, Look(screen=screen), width, height))


@pytest.mark.parametrize(
    ("name", "kind"), [("flatten", boxes.FLATTEN), ("stop", boxes.STOP), ("help", boxes.HELP)]
)
def test_the_box_is_as_it_was_kept(tmp_path: Path, name: str, kind: str) -> None:
    look = Look(box=Box(kind, typed="close_two" if kind == boxes.FLATTEN else ""))
    compare(f"box-{name}-80x24", text(scene_at(tmp_path, books=True), look, 80, 24))


def test_the_book_without_a_socket_says_so(tmp_path: Path) -> None:
    compare("book-journal-80x24", text(scene_at(tmp_path), Look(screen="book"), 80, 24))


def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    compare("none-80x24", text(nothing(), Look(), 80, 24))


def test_an_ended_run_shows_its_end(tmp_path: Path) -> None:
    compare("ended-80x24", text(scene_at(tmp_path, 99), Look(screen="policy"), 80, 24))


@pytest.mark.parametrize(("width", "height"), [(40, 12), (59, 40), (100, 15)])
def test_a_small_terminal_has_a_line_a_leg(tmp_path: Path, width: int, height: int) -> None:
    compare(f"small-{width}x{height}", text(scene_at(tmp_path), Look(), width, height))


def test_a_silent_engine_is_told_first_and_its_numbers_are_marked(tmp_path: Path) -> None:
    scene = scene_at(tmp_path)
    scene.moment = replace(scene.moment, silent_ns=3_200_000_000)
    found = text(scene, Look(), 80, 24)
    compare("silent-80x24", found)
    assert "NO DATA 3.2s - the engine may still be trading" in found
    assert "0.000 / 0.200?" in found
    styles = {span.style for one in picture(scene, Look(), 80, 24) for span in one}
    assert {"banner", "stale"} <= styles


def test_a_replay_says_so_in_its_first_word(tmp_path: Path) -> None:
    scene = scene_at(tmp_path)
    scene.moment, scene.tape = Moment(scene.moment.now_ns, "replay"), Tape(speed=5)
    found = text(scene, Look(), 80, 24)
    compare("replay-80x24", found)
    assert found.startswith(" REPLAY")


@pytest.mark.parametrize("screen", SCREENS)
def test_every_size_is_filled_exactly(tmp_path: Path, screen: str) -> None:
    scene = scene_at(tmp_path, books=True)
    for width in (20, 40, 60, 61, 75, 76, 80, 99, 119, 120, 159, 160, 250, 400):
        for height in (5, 12, 16, 17, 20, 24, 35, 36, 50, 90):
            look = Look(screen=screen, box=Box(boxes.FLATTEN))
            for lines in (
                picture(scene, Look(screen=screen), width, height),
                picture(scene, look, width, height),
            ):
                assert len(lines) == height
                assert {cells(text_of(one)) for one in lines} == {width}


def test_what_must_always_be_seen_is_seen(tmp_path: Path) -> None:
    scene = scene_at(tmp_path)
    for screen in SCREENS:
        for width in (60, 64, 70, 80, 100, 200):
            first = text(scene, Look(screen=screen), width, 24).splitlines()[0]
            assert first.startswith(" PAPER")
            for part in ("+0.2 ETH", "UNHEDGED", "FLATTEN"):
                assert part in first, (screen, width, first)


def nothing() -> Scene:
    """No journal at all."""
    return Scene(trail=None, moment=Moment(0, "live"))
