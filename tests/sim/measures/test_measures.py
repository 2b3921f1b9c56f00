"""The figures on recorded books are those of this code, and the baselines are what they are called."""

from pathlib import Path

import pytest

from dnkit.analysis.proof import Setting, Standing
from dnkit.analysis.prove import prove
from dnkit.cli.simulate import NOBODYS
from dnkit.policies.codes import INFO
from dnkit.runtime.floor import open_stores
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.prepare import program_of, read_and_check
from tests.sim.measures.figures import cases, sample
from tests.sim.measures.runs import BASELINES, ONE, PAIR, TASKS
from tests.sim.measures.table import kept


@pytest.mark.parametrize("task", TASKS, ids=lambda one: one.name)
def test_the_figures_are_fresh(task: object, recorded: Path, tmp_path: Path) -> None:
    """The first run of each row, which is cheap, shows whether all would come out as they are written."""
    rows = kept()
    with open_stores(StateFolder(tmp_path / "journal"), NOBODYS) as stores:
        stale = [
            one.name
            for one in cases()
            if one.task is task and sample(recorded, one, stores) != rows[one.name].sample
        ]
    assert stale == [], "stale: make measures"


def test_every_row_is_there_and_nothing_was_violated() -> None:
    rows = kept()
    assert list(rows) == [one.name for one in cases()]
    assert [name for name, one in rows.items() if one.broken] == []


def test_the_ladder_is_never_worse_than_what_it_replaced() -> None:
    rows = kept()
    for case in cases():
        best, own = case.task.ways[0], rows[case.name].flat.value
        ladder = next(
            one
            for one in cases()
            if (one.task, one.world, one.size, one.way) == (case.task, case.world, case.size, best)
        )
        assert (rows[ladder.name].flat.value or 0) >= (own or 0), case.name


@pytest.mark.parametrize("path", [ONE, PAIR], ids=lambda one: Path(one).stem)
def test_a_baseline_is_safe_and_promises_nothing(path: str) -> None:
    """The gate warns of it: with no fault at all the goal is not certain, on no book."""
    checked = read_and_check(path, VenueFacts())
    assert [one for one in checked.diagnostics if one.severity != INFO] == []
    proof = prove(program_of(checked), Setting(faults=0))
    assert [one.id for one in proof.verdicts if one.standing is not Standing.HOLDS] == ["P17"]


def test_all_baselines_are_measured() -> None:
    assert {str(one) for one in BASELINES.glob("*.yaml")} == {ONE, PAIR}
