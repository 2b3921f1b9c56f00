"""A disk that fills up in the middle of a run: risk stops at once, the way out stays open."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnkit.cli.exit_of import code_of
from dnkit.journal.errors import JournalError
from dnkit.journal.verify import verify
from dnkit.model.terms import EndName
from dnkit.venues.accounts import PaperAccounts
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


def test_opens_on_a_disk_that_fills_up_stop_and_nothing_was_sent_without_its_line(
    small_disk: Path, tmp_path: Path
) -> None:
    accounts = tmp_path / "elsewhere" / "paper.db"
    listener = Filler(small_disk, 2)
    with floor_for(program("open_post_only_hedge"), small_disk, accounts=accounts) as floor:
        try:
            results = cycles(floor, "open_post_only_hedge", 100, listener)
        except JournalError as error:
            assert "disk is full" in str(error)
        else:
            assert "disk is full" in results[-1].trouble
            assert code_of(results[-1]) in (0, 3, 20)
        assert len(listener.results) < 100
        (small_disk / "filler").unlink()
        for run in floor.reader.runs():
            assert verify(floor.reader, run.header.run_id).ok
        last = listener.results[-1] if listener.results else None
        with PaperAccounts(accounts) as stored:
            held = [row.position for row in stored.all()]
        legs = [] if last is None else zip(last.program.legs, last.state.legs, strict=True)
        assert held == [spec.instrument.quantity(leg.position) for spec, leg in legs]


def test_a_close_on_a_disk_that_fills_up_still_ends_flat(small_disk: Path, tmp_path: Path) -> None:
    """The venues' own books are elsewhere, as a real venue's are."""
    accounts = tmp_path / "elsewhere" / "paper.db"
    with floor_for(program("close_two_phase"), small_disk, accounts=accounts) as floor:
        (result,) = cycles(floor, "close_two_phase", 1, Filler(small_disk, 2))
    assert result.ended.end is EndName.FLAT
    assert result.verified
    assert result.traded


def test_a_paper_venue_that_cannot_write_its_books_ends_the_run_as_unknown(small_disk: Path) -> None:
    with floor_for(program("close_two_phase"), small_disk) as floor:
        (result,) = cycles(floor, "close_two_phase", 1, Filler(small_disk, 2))
    assert result.ended.end is EndName.HALTED
    assert "paper accounts" in result.ended.text
    assert code_of(result) == 23
