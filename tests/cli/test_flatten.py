"""`dnkit flatten`: the plan, the confirmation, no guessing, verified flat."""

from pathlib import Path

import pytest

from dnkit.runtime.library import VenueFacts
from dnkit.venues.accounts import PaperAccounts
from tests.cli.command import ROOT, dnkit


@pytest.fixture
def opened() -> dict[str, str]:
    """A hedged position on two venues; venue -> position."""
    done = dnkit("trade", "--policy", "open_post_only_hedge", "--json", "--no-report")
    assert done.code == 0, done.err
    return {leg["venue"]: leg["position"] for leg in done.json["data"]["cycles"][0]["legs"]}


def held() -> dict[str, str]:
    """Open paper positions by venue."""
    return {row["venue"]: row["position"] for row in dnkit("status", "--json").json["data"]["open"]}


def test_a_dry_run_plans_and_sends_nothing(opened: dict[str, str]) -> None:
    done = dnkit("flatten", "--venue", "backpack", "--dry-run")
    assert done.code == 0
    assert done.err.startswith("PAPER")
    assert "reduce-only" in done.out
    assert "worst price" in done.out
    assert held() == opened


def test_without_a_terminal_or_yes_nothing_is_sent(opened: dict[str, str]) -> None:
    done = dnkit("flatten", "--venue", "backpack")
    assert done.code == 8
    assert "--yes" in done.err
    assert "worst price" in done.out, "the plan comes first"
    assert held() == opened


def test_with_yes_the_venue_is_flat_and_the_other_one_untouched(opened: dict[str, str]) -> None:
    done = dnkit("flatten", "--venue", "backpack", "--yes", "--json")
    assert done.code == 0, done.err
    (result,) = done.json["data"]["results"]
    assert (result["end"], result["verified"]) == ("flat", True)
    plan = done.json["data"]["plan"][0]
    assert (plan["position"], plan["side"]) == (opened["backpack"], "sell")
    assert held() == {"grvt": opened["grvt"]}
    again = dnkit("flatten", "--venue", "backpack", "--yes")
    assert again.code == 0
    assert "nothing to flatten" in again.err


def test_the_plan_bounds_the_price_and_the_fills_keep_the_bound(opened: dict[str, str]) -> None:
    done = dnkit("flatten", "--venue", "backpack", "--yes", "--json")
    plan = done.json["data"]["plan"][0]
    lines = dnkit("journal", "show", "last", "--json").json["data"]["lines"]
    assert float(plan["bound"]) < float(plan["bid"])
    assert any("PlaceOrder" in line["commands"] for line in lines)
    for line in lines:
        if '"PlaceOrder"' in line["commands"]:
            assert '"reduce_only":true' in line["commands"]


def test_another_symbol_or_market_is_nothing_to_flatten(opened: dict[str, str]) -> None:
    for more in (("--symbol", "SOL_USDC_PERP"), ("--market", "recorded:elsewhere")):
        done = dnkit("flatten", "--venue", "backpack", "--yes", *more)
        assert done.code == 0
        assert "nothing to flatten" in done.err
    assert held() == opened


def test_with_live_keys_beside_a_paper_position_nobody_guesses(opened: dict[str, str]) -> None:
    keys = {"DNKIT_BACKPACK_API_KEY": "k"}
    done = dnkit("flatten", "--venue", "backpack", "--yes", **keys)
    assert done.code == 8
    assert "--paper" in done.err
    assert held() == opened
    said = dnkit("flatten", "--venue", "backpack", "--yes", "--paper", **keys)
    assert said.code == 0
    assert "backpack" not in held()


def test_where_only_live_keys_exist_the_mode_is_live_and_nothing_is_sent() -> None:
    done = dnkit("flatten", "--venue", "aster", "--yes", DNKIT_ASTER_KEY="k")
    assert done.code == 5
    assert done.err.startswith("LIVE")


def test_several_positions_of_a_venue_are_flattened_side_by_side(state_folder: Path) -> None:
    nado = VenueFacts()["nado"]
    with PaperAccounts(state_folder / "paper.db") as accounts:
        for symbol, lots, price in (("ETH-PERP", 300, 27_000), ("SOL-PERP", -20, 15_500)):
            one = nado.instrument(symbol)
            assert one is not None
            accounts.seed("synthetic", "nado", symbol, one.lot, one.tick, lots=lots, price=price, by="test")
    done = dnkit("flatten", "--venue", "nado", "--yes", "--json")
    assert done.code == 0, done.err
    assert [one["side"] for one in done.json["data"]["plan"]] == ["sell", "buy"]
    assert [one["end"] for one in done.json["data"]["results"]] == ["flat", "flat"]
    assert held() == {}


def test_what_a_rule_holds_against_it_does_not_keep_anyone_in(opened: dict[str, str], tmp_path: Path) -> None:
    """A desk's own flatten with a deadline that is too short: `trade` refuses it, the way out does not."""
    own = tmp_path / "policies" / "flatten.yaml"
    own.parent.mkdir()
    text = (ROOT / "policies" / "flatten.yaml").read_text()
    own.write_text(text.replace("deadline: 180s", "deadline: {after: 1s, then: ladder}"))
    assert "DNK441" in dnkit("lint", "-f", "concise", str(own)).out
    assert dnkit("trade", "--policy", "flatten", cwd=tmp_path).code == 3
    done = dnkit("flatten", "--venue", "backpack", "--yes", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert held() == {"grvt": opened["grvt"]}
