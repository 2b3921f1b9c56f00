"""Scenes of the recorded run, and how pictures are compared with the kept ones."""

import os
from pathlib import Path

from dnkit.journal.reader import Reader
from dnkit.model.numbers import NS_PER_MS
from dnkit.tui.view.frame import picture
from dnkit.tui.view.lines import text_of
from dnkit.tui.view.scene import LIVE, Budget, Ladder, Look, Scene, Word, moment_of
from dnkit.tui.view.trail import Trail
from tests.tui.recording import journal_of

GOLDEN = Path(__file__).parent / "golden"
NAKED = 12  # the line at which one leg is filled and the other's order still rests
LATE = 20 * NS_PER_MS
BUDGETS = {"aster": Budget(2_400, 60_000_000_000), "lighter": Budget(60, 60_000_000_000)}
LINKED = Word(linked=True, names=("a", "b"), positions=("0.2", "0"))


def scene_at(folder: Path, lines: int = NAKED, *, books: bool = False) -> Scene:
    """The run as it stands 20 ms after a line, watched live; with `books` on the socket, or from the
    journal alone.
    """
    reader = Reader(journal_of(folder, lines=lines, alerts=True))
    run = reader.run("last")
    trail = Trail(reader, run)
    trail.advance(most=lines)
    return Scene(
        trail=trail,
        moment=moment_of(trail, LIVE, 0, LATE),
        runs=tuple(reader.runs()),
        alerts=tuple(reader.alerts(run.header.run_id)),
        budgets=BUDGETS,
        word=LINKED,
        concession=50_000,
        ladders=ladders(trail) if books else {},
    )


def ladders(trail: Trail) -> dict[int, Ladder]:
    """Two live books around the touches of the run: every level a tick further and a little larger."""
    found = {}
    for at, leg in enumerate(trail.state.legs):
        asks = tuple((leg.ask + step, 50 + 37 * step) for step in range(10))
        bids = tuple((leg.bid - step, 60 + 41 * step) for step in range(10))
        found[at] = Ladder(trail.state.now_ns + LATE - 40 * NS_PER_MS, bids, asks)
    return found


def text(scene: Scene, look: Look, width: int, height: int) -> str:
    """The picture as text, a line each, blanks at the end kept out."""
    lines = picture(scene, look, width, height)
    assert len(lines) == height
    return "\n".join(text_of(one).rstrip() for one in lines) + "\n"


def compare(name: str, found: str) -> None:
    """Hold a picture against the kept one; DNKIT_GOLDEN=1 keeps the new one instead."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("DNKIT_GOLDEN"):
        path.write_text(found)
    assert path.read_text() == found, f"{path.name} differs; DNKIT_GOLDEN=1 keeps the new picture"
