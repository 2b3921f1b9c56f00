"""The block bootstrap: known answers, wider intervals where samples repeat each other, the same each time."""

from random import Random

import pytest

from tests.sim.measures.bootstrap import Figure, Sums, figure, share


def width(found: Figure) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_the_figure_is_the_ratio_of_the_sums() -> None:
    assert figure([Sums(1, 2), Sums(3, 10)], 1, "a").value == pytest.approx(4 / 12)
    assert figure([Sums(0, 0)], 1, "a") == Figure(None)


def test_the_interval_is_about_as_wide_as_theory_says() -> None:
    dice = Random("coins")
    flips = [Sums(dice.random() < 0.5, 1) for _ in range(400)]
    assert width(figure(flips, 1, "a")) == pytest.approx(2 * 1.96 * (0.25 / 400) ** 0.5, rel=0.15)


def test_samples_that_repeat_each_other_are_no_more_evidence() -> None:
    dice = Random("coins")
    flips = [Sums(dice.random() < 0.5, 1) for _ in range(100)]
    repeated = [one for one in flips for _ in range(4)]
    alone, blocks = width(figure(flips, 1, "a")), width(figure(repeated, 16, "a"))
    assert blocks == pytest.approx(alone, rel=0.25)
    assert width(figure(repeated, 1, "a")) < 0.7 * alone, "taken for independent they seem to tell more"


def test_what_always_went_well_is_not_certain() -> None:
    sure = share([Sums(5, 5)] * 29, 3, "a")
    assert (sure.value, sure.high) == (1, 1)
    assert sure.low == pytest.approx(0.7009, abs=1e-4)
    never = share([Sums(0, 5)] * 29, 3, "a")
    assert (never.value, never.low) == (0, 0)
    assert never.high == pytest.approx(1 - 0.7009, abs=1e-4)


def test_the_same_seed_gives_the_same_interval() -> None:
    moments = [Sums(one * one % 31, 2) for one in range(30)]
    assert figure(moments, 3, "a") == figure(moments, 3, "a")
    assert figure(moments, 3, "a") != figure(moments, 3, "b")
