"""A trader at a real terminal: the engine, its socket, its journal and the screens, nothing played."""

import shutil
from pathlib import Path

import pytest

from tests.tui.drive import kill_and_look, trade_and_flatten

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is missing"),
]


def test_trade_detach_attach_and_flatten(tmp_path: Path) -> None:
    trade_and_flatten(tmp_path / "home")


def test_an_engine_that_is_killed_is_missed(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "home")
