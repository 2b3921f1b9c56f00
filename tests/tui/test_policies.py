"""Runs of the shipped policies in a hostile world, line by line through every screen."""

from pathlib import Path

import pytest

from dnkit.policies.diagnostics import cells
from dnkit.tui.session import Session
from dnkit.tui.view import boxes
from dnkit.tui.view.frame import picture
from dnkit.tui.view.lines import text_of
from dnkit.tui.view.scene import SCREENS, Box, Look
from tests.cli.command import dnkit

SIZES = ((80, 24), (60, 16), (170, 50), (30, 8))
LINES = 12  # of each run


@pytest.mark.parametrize(
    "policy", ["open_post_only_hedge", "perps_baseline", "rebalance_small", "emergency_unwind_three_tier"]
)
def test_every_line_can_be_shown(state_folder: Path, policy: str) -> None:
    done = dnkit("simulate", policy, "--seed", "11")
    assert done.code == 0, done.err
    session = Session(state_folder / "journal.db")
    session.poll(1)
    session.rewind(1)
    trail = session.scene.trail
    assert trail is not None
    for seq in range(1, trail.last_seq() + 1, max(1, trail.last_seq() // LINES)):
        session.go(seq, 1)
        for screen in SCREENS:
            for width, height in SIZES:
                for box in (None, Box(boxes.FLATTEN)):
                    lines = picture(session.scene, Look(screen=screen, box=box), width, height)
                    assert len(lines) == height
                    assert {cells(text_of(one)) for one in lines} == {width}
    session.close()
