"""Every shipped scenario passes, says what happened in plain words, and every policy that trades has one."""

from pathlib import Path

import pytest

from dnkit.cli.scenario_files import Library, scenario_paths, shipped_folder
from dnkit.policies.load import load
from dnkit.runtime.library import find_policy, packaged_names, read_policy
from tests.sim.play import FOLDER

LIBRARY = Library()
PATHS = list(scenario_paths((str(FOLDER),)))


@pytest.mark.parametrize("path", PATHS, ids=lambda one: one.stem)
def test_it_passes(path: Path) -> None:
    outcome = LIBRARY.outcome(path)
    told = "\n".join([outcome.error, *map(str, outcome.unmet), *outcome.story()])
    assert outcome.word == "passed", told
    assert outcome.name == path.stem


def test_what_the_users_met_is_there() -> None:
    assert shipped_folder() == FOLDER
    assert {one.stem for one in PATHS} >= {
        "cycle_six",
        "trade_one",
        "trade_two",
        "imbalance_40_percent",
        "lost_answer",
        "cancel_race",
        "killed_bot",
        "residual_below_minimum",
        "wrong_position_read",
    }


def test_every_policy_that_trades_has_a_scenario() -> None:
    """A guard does not trade by itself."""
    played = {LIBRARY.scenario(path).program.name for path in PATHS}
    loaded = [load(read_policy(name).text, name, find=find_policy, settings={}) for name in packaged_names()]
    policies = [one.policy for one in loaded if one.policy is not None]
    assert {one.name for one in policies if one.watch is None} - played == set()


@pytest.mark.parametrize("path", PATHS, ids=lambda one: one.stem)
def test_it_says_what_happened(path: Path) -> None:
    about = LIBRARY.scenario(path).about
    assert len(about.split()) > 15
    assert about.endswith(".")
