"""A disk that fills up in the middle of a run: risk stops at once, the way out stays open."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnkit.cli.exit_of import code_of
from dnkit.model.commands import PlaceOrder
from dnkit.model.terms import EndName
from tests.desk.floor import Quiet, floor_for, program
from tests.desk.test_cycles import cycles


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill_up(disk: Path) -> None:
    """Take all the space that is left."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)) == 4_096:
                pass
        except OSError:
            pass


class Filler(Quiet):
    """Fills the disk at one step."""

    def __init__(self, disk: Path, step: int) -> None:
        super().__init__()
        self.disk, self.step = disk, step

    def stepped(self, _event: object, _state: object) -> None:
        self.steps += 1
        if self.steps == self.step:
            fill_up(self.disk)


def test_an_open_on_a_disk_that_fills_up_sends_nothing(small_disk: Path) -> None:
    with floor_for(program("open_post_only_hedge"), small_disk) as floor:
        (result,) = cycles(floor, "open_post_only_hedge", 5, Filler(small_disk, 2))
        sent = [
            one
            for line in floor.reader.lines(result.run_id)
            for one in line.requests()
            if isinstance(one, PlaceOrder)
        ]
    assert sent == []
    assert not result.traded
    assert "disk is full" in result.trouble
    assert code_of(result) == 3


def test_a_close_on_a_disk_that_fills_up_still_ends_flat(small_disk: Path) -> None:
    with floor_for(program("close_two_phase"), small_disk) as floor:
        (result,) = cycles(floor, "close_two_phase", 1, Filler(small_disk, 2))
    assert result.ended.end is EndName.FLAT
    assert result.verified
