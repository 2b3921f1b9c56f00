"""An engine with a safety step taken out is caught within fifty seeds: the checkers are awake."""

import pytest

from dnkit.sim.hostile.campaign import simulate
from tests.analysis import variants
from tests.analysis.variants import Variant
from tests.sim.hostile.cases import cases
from tests.sim.hostile.worlds import setting

SEEDS = 50
PROFILES = ("swarm", "rough")


def caught(variant: Variant, policy: str, profile: str) -> set[str]:
    """Rules that are violated with the variant and not without it."""
    known = {one.seed for one in cases() if one.policy == policy and one.profile == profile}
    with variants.without(variant):
        ran = [simulate(setting(policy, "", profile), seed) for seed in range(SEEDS) if seed not in known]
    return {violation.rule for one in ran for violation in one.violations}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("policy", ["close_two_phase", "open_post_only_hedge"])
@pytest.mark.parametrize("name", ["NO_CANCEL", "CANCEL_IGNORED"])
def test_no_cancel_and_confirm(name: str, policy: str, profile: str) -> None:
    assert "one order a leg" in caught(getattr(variants, name), policy, profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_silence_taken_for_an_end(profile: str) -> None:
    rules = caught(variants.UNKNOWN_IS_ZERO, "open_post_only_hedge", profile)
    assert rules & {"exposure bound", "one order a leg"}


@pytest.mark.parametrize("profile", PROFILES)
def test_no_reduce_only(profile: str) -> None:
    assert "reduce-only" in caught(variants.NO_REDUCE_ONLY, "close_two_phase", profile)


def test_reads_in_the_place_of_fills() -> None:
    assert "no bug" in caught(variants.TWO_READS, "close_two_phase", "swarm"), "the engine's own check"


def test_the_whole_engine_passes_the_same_seeds() -> None:
    assert caught((), "close_two_phase", "swarm") == set()
    assert caught((), "open_post_only_hedge", "rough") == set()
