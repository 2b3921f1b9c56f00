"""The proof gate: what adds risk needs a proof, a way out does not; claims are journalled and compared."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dnkit.analysis import prove as prover
from dnkit.analysis.proof import Proof, Setting
from dnkit.cli import gate
from dnkit.cli.gate import FLAG, Passed, Unproven, pass_gate
from dnkit.cli.proving import ON_THE_SPOT
from dnkit.engine.sizing import OPENING
from dnkit.journal.reader import Reader
from dnkit.journal.records import Claims
from dnkit.machine.program import Program
from dnkit.model.terms import Intent
from dnkit.runtime.folder import StateFolder
from tests.cli.command import ROOT, Done, dnkit
from tests.cli.proof_values import BROKEN, GENEROUS, HOLDS, NARROW, a_proof, cut_short, keep_all
from tests.desk.floor import program

RISKY = ("open_post_only_hedge", "perps_baseline", "rebalance_small")
WAYS_OUT = ("close_two_phase", "pair_unwind_ioc_ladder", "emergency_unwind", "flatten")


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of proofs of this test alone."""
    place = tmp_path / "proofs"
    monkeypatch.setenv("DNKIT_PROOFS", str(place))
    return place


def passed(*programs: Program, accept: bool = False) -> Passed:
    return pass_gate("my.yaml", programs, StateFolder(Path("nowhere")), accept=accept)


def trade(policy: str, *words: str) -> Done:
    return dnkit("trade", "--policy", policy, "--no-report", *words)


def headers(home: Path) -> list[Claims | None]:
    with Reader(home / "journal.db") as reader:
        return [run.header.claims for run in reader.runs()]


@pytest.mark.parametrize("name", [*RISKY, *WAYS_OUT])
def test_what_is_proved_passes_and_says_what_it_claims(
    name: str, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = program(name)
    keep_all(shelf, a_proof(one, HOLDS, HOLDS))
    through = passed(one)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "proved: 2 properties at 2 faults, 5,544 states (cached)"
    assert second.startswith("claimed: an end within 600 s, unhedged for at most 600 s, at most ")
    claims = through.claims[one.digest]
    assert (claims.standing, claims.accepted, claims.states) == ("holds", False, 5_544)
    assert claims.time_ns == GENEROUS.time_ns
    assert claims.call_ns == 300_000_000
    assert claims.size > 0
    assert not through.warnings


@pytest.mark.parametrize("name", RISKY)
@pytest.mark.parametrize("how", ["refuted", "not decided"])
def test_what_adds_risk_is_refused_without_a_proof(name: str, how: str, shelf: Path) -> None:
    one = program(name)
    keep_all(shelf, a_proof(one, HOLDS, BROKEN) if how == "refuted" else cut_short(one, *ON_THE_SPOT))
    with pytest.raises(Unproven, match=how) as refused:
        passed(one)
    assert refused.value.exit_code == 24
    assert FLAG in str(refused.value)
    assert "dnkit prove my.yaml" in str(refused.value)
    through = passed(one, accept=True)
    claims = through.claims[one.digest]
    assert (claims.accepted, claims.standing) == (True, "broken" if how == "refuted" else "open")
    assert (claims.time_ns >= 0) == (how == "refuted"), "a proof that was cut short claims nothing"
    assert FLAG in through.warnings[0]


def test_the_refusal_tells_the_shortest_story(shelf: Path) -> None:
    one = program("open_post_only_hedge")
    keep_all(shelf, a_proof(one, BROKEN))
    with pytest.raises(Unproven) as refused:
        passed(one)
    assert str(refused.value).splitlines()[1:6] == [
        "  P06 refuted: the hedge goes beyond the quote",
        "  the shortest way there has 1 fault and 3 steps:",
        "     1. quote  line 49   a quote of 0.2 ETH rests",
        "     2. quote  line 49   FAULT the answer to its cancel is lost",
        "     3. hedge  line 53   0.2 ETH are hedged twice",
    ]


@pytest.mark.parametrize("name", WAYS_OUT)
@pytest.mark.parametrize("how", ["refuted", "not decided"])
def test_a_way_out_is_told_and_goes_on(
    name: str, how: str, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = program(name)
    cut = [cut_short(one, setting) for setting in gate.WAY_OUT]
    keep_all(shelf, *([a_proof(one, BROKEN)] if how == "refuted" else cut))
    through = passed(one)
    (told,) = capsys.readouterr().err.splitlines()
    assert told == through.warnings[0]
    assert "NOT PROVED" in told
    assert how in told
    assert "goes on all the same" in told
    assert through.claims[one.digest].accepted is False


def test_both_ways_round_are_looked_at(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    straight, turned = program("open_post_only_hedge"), program("open_post_only_hedge", turned=True)
    keep_all(shelf, a_proof(straight), a_proof(turned))
    assert set(passed(straight, turned).claims) == {straight.digest, turned.digest}
    assert "11,088 states of 2 programs (cached)" in capsys.readouterr().err
    keep_all(shelf, a_proof(turned, BROKEN))
    with pytest.raises(Unproven):
        passed(straight, turned)


class Bugged(RuntimeError):
    """A bug of the prover."""


def bug(*_words: object, **_more: object) -> Proof:
    raise Bugged("a bug of the prover")


@pytest.mark.parametrize("name", WAYS_OUT)
def test_a_prover_that_fails_keeps_nobody_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prover, "prove", bug)
    through = passed(program(name))
    assert "failed (Bugged: a bug of the prover)" in through.warnings[0]
    assert next(iter(through.claims.values())).standing == "none"
    with pytest.raises(Bugged):
        passed(program("open_post_only_hedge"))
    assert passed(program("open_post_only_hedge"), accept=True).claims


def test_a_way_out_does_not_wait_for_a_long_proof(monkeypatch: pytest.MonkeyPatch, shelf: Path) -> None:
    """The real prover, cut short; what it found so far is kept, and does for the next way out."""
    monkeypatch.setattr(gate, "WAY_OUT", (Setting(states_max=50),))
    one = program("close_two_phase")
    assert "is not decided within 50 states" in passed(one).warnings[0]
    assert len(list(shelf.iterdir())) == 1
    assert passed(one).content[0]["cached"] is True


def test_an_end_of_the_keyboard_is_heard_while_proving(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_words: object, **_more: object) -> Proof:
        raise KeyboardInterrupt

    monkeypatch.setattr(prover, "prove", interrupt)
    with pytest.raises(KeyboardInterrupt):
        passed(program("close_two_phase"))


def test_an_intent_is_risky_or_a_way_out() -> None:
    ways_out = {Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN}
    assert set(OPENING) == set(Intent) - {Intent.GUARD} - ways_out


def test_trade_refuses_with_24_and_leaves_nothing(state_folder: Path, shelf: Path) -> None:
    keep_all(shelf, a_proof(program("open_post_only_hedge"), BROKEN))
    done = trade("open_post_only_hedge", "--json")
    assert (done.code, done.out) == (24, "")
    assert "P06" in done.err
    assert "FAULT" in done.err
    assert FLAG in done.err
    assert not (state_folder / "journal.db").exists()


def test_an_accepted_run_is_journalled_and_reported_as_such(state_folder: Path, shelf: Path) -> None:
    keep_all(shelf, a_proof(program("open_post_only_hedge"), BROKEN))
    done = trade("open_post_only_hedge", FLAG, "--json")
    assert done.code == 0, done.err
    (proof,) = done.json["data"]["proofs"]
    assert (proof["standing"], proof["accepted_unproven"], proof["broken"]) == ("broken", True, ["P06"])
    assert "NOT PROVED" in done.json["warnings"][0]
    (claims,) = headers(state_folder)
    assert claims is not None
    assert claims.accepted
    told = dnkit("report")
    assert told.code == 0, "no bound was exceeded"
    assert f"ALERT UNPROVEN 1 of 1 runs: refuted; accepted with {FLAG}" in told.out
    assert dnkit("journal", "verify").code == 0


def test_what_is_within_its_bounds_is_ok(shelf: Path) -> None:
    keep_all(shelf, a_proof(program("close_two_phase")))
    done = dnkit("trade", "--policy", "close_two_phase")
    assert done.err.splitlines()[1] == "proved: 1 properties at 2 faults, 5,544 states (cached)"
    table = done.out.split("bounds claimed\n")[1].split("\n\n")[0].splitlines()
    assert [row.split()[-1] for row in table[1:]] == ["ok"] * 5
    assert "Claims hold with at most 2 faults" in done.out
    assert "answered within 0.3 s" in done.out
    rows = dnkit("report", "--json").json["data"]["claims"]
    assert [(one["bound"], one["leg"], one["unit"]) for one in rows] == [
        ("time", "", "s"),
        ("naked time", "", "s"),
        ("concession", "a", "bps"),
        ("concession", "b", "bps"),
        ("unhedged", "", "%"),
    ]
    assert not any(one["exceeded"] for one in rows)


def test_a_bound_that_did_not_hold_is_an_alert_and_a_finding(tmp_path: Path, shelf: Path) -> None:
    keep_all(shelf, a_proof(program("emergency_unwind"), bounds=NARROW))
    done = trade("emergency_unwind")
    assert done.code == 0, "the run ended as it should"
    assert "ALERT warn: BOUND_EXCEEDED time " in done.err
    told = dnkit("report")
    assert told.code == 1
    assert "EXCEEDED" in told.out
    assert "ALERT BOUND_EXCEEDED time " in told.out
    assert dnkit("report", "--json").json["ok"] is False
    file = tmp_path / "cycles.csv"
    as_csv = dnkit("report", "--csv", str(file))
    assert as_csv.code == 1
    assert "BOUND_EXCEEDED" in as_csv.err
    assert "exceeded" in file.read_text().splitlines()[0]


def test_flatten_proves_and_goes_on(state_folder: Path, shelf: Path) -> None:
    keep_all(shelf, a_proof(program("open_post_only_hedge")))
    assert trade("open_post_only_hedge").code == 0
    done = dnkit("flatten", "--venue", "backpack", "--yes", "--json")
    assert done.code == 0, done.err
    (proof,) = done.json["data"]["proofs"]
    assert (proof["program"], proof["cached"]) == ("flatten", False)
    assert headers(state_folder)[0] is not None


def test_a_journal_of_an_older_version_still_opens(state_folder: Path, shelf: Path) -> None:
    keep_all(shelf, a_proof(program("close_two_phase")))
    assert trade("close_two_phase").code == 0
    with closing(sqlite3.connect(state_folder / "journal.db")) as database, database:
        (text,) = database.execute("SELECT header FROM runs").fetchone()
        header = json.loads(text)
        del header["claims"]
        database.execute("UPDATE runs SET header = ?", (json.dumps(header),))
    assert headers(state_folder) == [None]
    told = dnkit("report", "--json").json["data"]
    assert (told["claims"], told["claimed"], told["alerts"]) == ([], "", [])
    assert "bounds claimed" not in dnkit("report").out


def test_lint_without_prove_loads_no_prover() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "dnkit", "lint", "policies/flatten.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "dnkit.runtime.prepare" in done.stderr
    assert "dnkit.analysis" not in done.stderr


@pytest.mark.parametrize("policy", ["emergency_unwind", "flatten"])
def test_what_the_prover_claims_holds_on_a_hard_market(policy: str) -> None:
    """The real proof, both ways round, and runs on a market of jumps and thin books."""
    words = ("--market", "synthetic:hard", "--seed", "7", "--cycles", "8", "--json")
    done = dnkit("trade", "--policy", policy, *words)
    assert done.code == 0, done.err
    assert [one["standing"] for one in done.json["data"]["proofs"]] == ["holds", "holds"]
    rows = done.json["data"]["report"]["claims"]
    assert len(rows) == 8 * 4
    assert all(row["claimed"] is not None and not row["exceeded"] for row in rows)
