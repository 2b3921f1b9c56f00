"""`dnkit trade` from outside: streams, envelope, flags, seeds, cycles, the recorded market."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from dnkit.journal.reader import Reader
from dnkit.model.commands import PlaceOrder
from dnkit.venues.accounts import PaperAccounts
from tests.cli.command import ROOT, dnkit


def test_the_main_job_ends_flat_verified_with_a_report() -> None:
    done = dnkit("trade", "--policy", "policies/close_two_phase.yaml")
    assert done.code == 0, done.err
    assert done.err.startswith("PAPER")
    assert "the paper accounts were empty" in done.err
    assert "verified flat" in done.err.splitlines()[-1]
    assert "cost against the mid" in done.out
    assert "PAPER" not in done.out


def test_json_is_one_object_with_texts_for_amounts() -> None:
    done = dnkit("trade", "--policy", "open_post_only_hedge", "--cycles", "3", "--json")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 1
    envelope = done.json
    assert (envelope["schema"], envelope["ok"], envelope["mode"]) == ("dnkit.trade/1", True, "paper")
    assert [one["verified"] for one in envelope["data"]["cycles"]] == [True] * 3
    assert len(envelope["data"]["report"]["cycles"]) == 3
    for cycle in envelope["data"]["cycles"]:
        for leg in cycle["legs"]:
            assert isinstance(leg["position"], str)
    assert not _floats(envelope)
    assert "PAPER" in done.err


def _floats(value: object) -> list[float]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in _floats(item)]
    if isinstance(value, list):
        return [one for item in value for one in _floats(item)]
    return [value] if isinstance(value, float) else []


def test_a_policy_is_found_by_path_then_in_the_working_folder_then_packaged(tmp_path: Path) -> None:
    packaged = dnkit("trade", "--policy", "flatten", "--no-report", cwd=tmp_path)
    assert packaged.code == 0, packaged.err
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "flatten.yaml").write_text("policy: 2\n")
    local = dnkit("trade", "--policy", "flatten", "--no-report", cwd=tmp_path)
    assert local.code == 3
    assert "policies/flatten.yaml:1:" in local.err


def test_what_one_command_opens_the_next_finds(state_folder: Path) -> None:
    first = dnkit("trade", "--policy", "open_post_only_hedge", "--json", "--no-report").json["data"][
        "cycles"
    ][0]
    assert first["end"] == "hedged"
    done = dnkit("paper", "show", "--json")
    held = {row["venue"]: row["position"] for row in done.json["data"]["accounts"]}
    assert held == {leg["venue"]: leg["position"] for leg in first["legs"]}
    with PaperAccounts(state_folder / "paper.db") as accounts:
        assert {row.venue: str(row.position) for row in accounts.all()} == held


@pytest.mark.parametrize("market", ["synthetic:calm", "synthetic:hard"])
def test_the_same_seed_makes_the_same_run(market: str, tmp_path: Path) -> None:
    words = ("trade", "--policy", "close_two_phase", "--market", market, "--seed", "5", "--json")
    runs = [dnkit(*words, DNKIT_HOME=str(tmp_path / name)).json["data"] for name in ("one", "two")]
    for run in runs:
        told = run["report"]
        for row in (*run["cycles"], *told["cycles"], *told["legs"], *told["claims"]):
            row.pop("run_id")
        for proof in run["proofs"]:
            proof.pop("cached")
    assert runs[0] == runs[1]


def test_flags_reach_the_policy() -> None:
    done = dnkit(
        *("trade", "--policy", "open_post_only_hedge", "--clip", "0.4 ETH", "--side", "short", "--json"),
        *("--set", "quote_for=9s", "--symbol", "hedge=ETH_USDT_Perp", "--reason", "TEST"),
    )
    assert done.code == 0, done.err
    legs = done.json["data"]["cycles"][0]["legs"]
    assert [leg["symbol"] for leg in legs] == ["ETH_USDC_PERP", "ETH_USDT_Perp"]
    assert done.json["data"]["report"]["cycles"][0]["reason"] == "TEST"
    assert [leg["position"] for leg in legs] == ["-0.400", "0.40"]


def test_last_resort_none_sends_no_market_order(state_folder: Path) -> None:
    done = dnkit(
        *("trade", "--policy", "open_post_only_hedge", "--cycles", "8", "--market", "synthetic:hard"),
        *("--set", "last_resort=none", "--json"),
    )
    assert done.code == 0, done.err
    kinds: Counter[str] = Counter()
    with Reader(state_folder / "journal.db") as reader:
        for run in reader.runs():
            for line in reader.lines(run.header.run_id):
                kinds.update(one.type.value for one in line.requests() if isinstance(one, PlaceOrder))
    assert kinds["post_only"] > 0
    assert kinds["market"] == 0


def test_an_unfinished_run_refuses_the_next_and_can_be_resumed(state_folder: Path) -> None:
    done = dnkit("trade", "--policy", "close_two_phase", "--no-report", "--json")
    run_id = done.json["data"]["cycles"][0]["run_id"]
    with closing(sqlite3.connect(state_folder / "journal.db")) as database, database:
        (lines,) = database.execute("SELECT max(seq) FROM lines").fetchone()
        database.execute("DELETE FROM lines WHERE seq > ?", (lines - 2,))
        database.execute("UPDATE runs SET closing = NULL")
        database.execute("DELETE FROM checkpoints")
    refused = dnkit("trade", "--policy", "close_two_phase")
    assert refused.code == 9
    assert f"--resume {run_id}" in refused.err
    resumed = dnkit("trade", "--resume", run_id, "--no-report")
    assert resumed.code == 0, resumed.err
    assert "verified flat" in resumed.err
    assert dnkit("journal", "verify", run_id).code == 0
    assert dnkit("trade", "--resume", run_id).code == 7


def test_the_picture_is_an_svg_of_the_run(tmp_path: Path) -> None:
    picture = tmp_path / "run.svg"
    done = dnkit("trade", "--policy", "close_two_phase", "--no-report", "--svg", str(picture))
    assert done.code == 0, done.err
    text = picture.read_text()
    assert text.startswith("<svg")
    assert "flat" in text
    fetches_nothing(text)


def test_the_picture_of_the_readme_fetches_nothing() -> None:
    fetches_nothing((ROOT / "docs" / "run.svg").read_text())


def fetches_nothing(text: str) -> None:
    """It is whole, and holds no address but the name of its format."""
    assert fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    addresses = [word for word in text.replace('"', " ").split() if "//" in word]
    assert addresses == ["http://www.w3.org/2000/svg"]
    assert "@import" not in text and "@font-face" not in text


RECORDED = ("open_post_only_hedge", ()), ("pair_unwind_ioc_ladder", ("--symbol", "b=BTC-PERP"))


@pytest.mark.parametrize(("policy", "more"), RECORDED)
def test_twenty_cycles_on_recorded_books_end_verified(
    policy: str, more: tuple[str, ...], recorded: Path, state_folder: Path
) -> None:
    market = f"recorded:{recorded}"
    done = dnkit("trade", "--policy", policy, "--market", market, "--cycles", "20", "--json", *more)
    assert done.code == 0, done.err
    cycles = done.json["data"]["cycles"]
    assert len(cycles) == 20
    assert all(one["verified"] and one["end"] in ("hedged", "flat", "idle") for one in cycles)
    assert sum(one["traded"] for one in cycles) >= 15
    assert all(leg["orders_resting"] == 0 for one in cycles for leg in one["legs"])
    with PaperAccounts(state_folder / "paper.db") as accounts:
        held = {(row.venue, row.symbol): row.position for row in accounts.all()}
        for leg in cycles[-1]["legs"]:
            assert str(held[leg["venue"], leg["symbol"]]) == leg["position"]


def test_recorded_books_can_be_chosen_by_leg(recorded: Path) -> None:
    done = dnkit(
        *("trade", "--policy", "open_post_only_hedge", "--market", f"recorded:{recorded}", "--json"),
        *("--book", "quote=binance_coinm:ETHUSD_PERP", "--book", "hedge=binance_usdm:ETHUSDT"),
    )
    assert done.code == 0, done.err
    shown = dnkit("journal", "show", "last", "--json").json["data"]["run"]["legs"]
    assert [leg["book"] for leg in shown] == ["binance_coinm:ETHUSD_PERP", "binance_usdm:ETHUSDT"]


def test_a_recording_without_the_coin_says_how_to_mend_it(recorded: Path) -> None:
    done = dnkit("trade", "--policy", "pair_unwind_ioc_ladder", "--market", f"recorded:{recorded}")
    assert done.code == 3
    assert "no book of SOL" in done.err
    assert "--symbol" in done.err


def test_the_journal_export_is_json_lines_and_survives_a_reader_that_leaves(tmp_path: Path) -> None:
    assert dnkit("trade", "--policy", "close_two_phase", "--no-report").code == 0
    lines = dnkit("journal", "export").out.splitlines()
    assert len(lines) > 20
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))
