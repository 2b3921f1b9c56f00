"""The benchmarks' own arithmetic, and that a figure which could not be taken is told as such."""

import msgspec
import pytest

from bench.measure import Pairs, Row, alternate, skipped, table


def test_pairs_are_alternated_after_a_warm_up() -> None:
    calls: list[str] = []

    def sample(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    pairs = alternate(3, lambda: sample("a"), lambda: sample("b"))
    assert "".join(calls) == "ababbaab"
    assert pairs == Pairs((3.0, 6.0, 7.0), (4.0, 5.0, 8.0))


def test_medians_ratio_and_spread() -> None:
    pairs = Pairs((10.0, 30.0, 20.0), (5.0, 10.0, 40.0))
    assert pairs.medians == (20.0, 10.0)
    assert pairs.ratio == 2.0
    assert pairs.spread == (0.5, 3.0)


def test_the_table_tells_missed_goals_and_skips(capsys: pytest.CaptureFixture[str]) -> None:
    missed = Row(
        name="x", value=5.0, unit="us", against_name="y", against=2.0, ratio=2.5, goal="2 x", met=False
    )
    text = table([missed, skipped("z", "no peer", "3 x")], {"python": "3"})
    assert "MISSED  x" in text
    assert "5 us; y: 2; ratio 2.50" in text
    assert "SKIPPED z" in text
    assert "no peer" in text
    assert "no peer" in capsys.readouterr().err


def test_rows_are_json() -> None:
    row = skipped("z", "no peer")
    assert msgspec.json.decode(msgspec.json.encode(row), type=Row) == row
