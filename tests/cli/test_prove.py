"""`dnkit prove`: what it says, what it ends with, and that `dnkit test` plays the story it writes."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dnkit.analysis.concrete import Concrete, make_concrete
from dnkit.analysis.proof import NONE, Promise, Proof, Setting, Standing, Verdict
from dnkit.analysis.properties import PROPERTIES
from dnkit.analysis.way import way_to
from dnkit.cli.trace import Traced, expected, scenario_text
from dnkit.machine.program import Program
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Shelf, checks_by_reason
from dnkit.sim.judge import judge
from dnkit.sim.read import read_scenario
from dnkit.sim.run import run
from dnkit.sim.scenario import PolicyRef
from tests.analysis.variants import UNKNOWN_IS_ZERO, small, watched, without
from tests.cli.command import ROOT, Done, dnkit
from tests.cli.proof_values import BROKEN, HOLDS, OPEN, a_proof, keep_all
from tests.cli.test_json import fields, told
from tests.desk.floor import program

PROMISES = (
    Promise(faults=2, depth=10_000, certain=True, time_ns=7 * NS_PER_S, concession=(10_000,)),
    Promise(faults=2, depth=15_000, certain=False),
    Promise(faults=2, depth=NONE, certain=False),
)


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of proofs of this test alone."""
    place = tmp_path / "proofs"
    monkeypatch.setenv("DNKIT_PROOFS", str(place))
    return place


def kept(shelf: Path, *verdicts: Verdict, name: str = "flatten", **values: Any) -> Proof:
    """A proof by hand where the command finds it."""
    proof = a_proof(program(name), *verdicts)
    legs = len(proof.bounds[0].concession)
    bounds = tuple(
        replace(one, orders=one.orders[:legs], cancels=one.cancels[:legs], reads=one.reads[:legs])
        for one in proof.bounds
    )
    proof = replace(proof, bounds=bounds, **values)
    keep_all(shelf, proof)
    return proof


def told_lines(done: Done) -> list[str]:
    return [line.strip() for line in done.out.splitlines()]


def policy(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A shipped policy with lines changed, under a name of its own."""
    text = (ROOT / "policies" / f"{name}.yaml").read_text()
    for pattern, instead in ((rf"^name: {name}$", "name: changed"), *changes):
        text, count = re.subn(pattern, instead, text, flags=re.M)
        assert count == 1, pattern
    (folder / "changed.yaml").write_text(text)
    return folder / "changed.yaml"


# --- what it ends with ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "complete", "code", "last"),
    [
        (HOLDS, True, 0, "proved"),
        (BROKEN, True, 1, "refuted: P06"),
        (OPEN, False, 6, "not decided: cut short after 5,544 states"),
    ],
    ids=["proved", "refuted", "undecided"],
)
def test_the_code_tells_what_came_of_it(
    verdict: Verdict, complete: bool, code: int, last: str, shelf: Path
) -> None:
    kept(shelf, verdict, complete=complete, setting=Setting(states_max=5_000))
    done = dnkit("prove", "flatten", "--states-max", "5000")
    assert (done.code, told_lines(done)[-2]) == (code, last), done.err
    assert told_lines(done)[0] == "flatten: 5,544 states, 2 faults, a clip in 2 parts (proved before)"
    assert "proving" not in done.err
    answer = dnkit("prove", "flatten", "--states-max", "5000", "--json").json
    assert (answer["ok"], answer["data"]["proofs"][0]["standing"]) == (code == 0, verdict.standing.value)


def test_what_is_broken_is_told_with_its_story(shelf: Path) -> None:
    kept(shelf, HOLDS, BROKEN)
    lines = told_lines(dnkit("prove", "flatten"))
    assert "✓  P06 no double hedge  no leg goes beyond the other" in lines
    assert "✗  P06 no double hedge  the hedge goes beyond the quote" in lines
    at = lines.index("the shortest way there has 1 fault and 3 steps:")
    assert lines[at + 2] == "2. quote  line 49   FAULT the answer to its cancel is lost"
    plain = dnkit("prove", "flatten", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "NO P06 no double hedge" in plain.out


def test_only_the_property_that_was_asked_for_counts(shelf: Path) -> None:
    other = replace(HOLDS, id="P03", text="true")
    kept(shelf, other, BROKEN)
    assert dnkit("prove", "flatten", "--property", "P03").code == 0
    both = dnkit("prove", "flatten", "--property", "p03", "--property", "P06")
    assert both.code == 1
    assert "P03 true end" in both.out
    meant = dnkit("prove", "flatten", "--property", "P99")
    assert meant.code == 2
    assert "P19" in meant.err


def test_what_a_property_means_is_told_on_demand(shelf: Path) -> None:
    kept(shelf, HOLDS)
    says = next(one.says for one in PROPERTIES if one.id == "P06")
    assert says not in dnkit("prove", "flatten").out
    assert says in dnkit("prove", "flatten", "-v").out


def test_a_promise_is_held_against_the_frontier(shelf: Path) -> None:
    kept(shelf, HOLDS, frontier=PROMISES)
    assert dnkit("prove", "flatten").code == 0, "nobody asked for the goal"
    done = dnkit("prove", "flatten", "--depth", "10bps")
    assert done.code == 0
    words = "with at most 2 transient faults and the book within"
    assert f"{words} 10 bps the goal is certain: 7.0 s, 10 bps" in done.out
    done = dnkit("prove", "flatten", "--depth", "15bps")
    assert done.code == 1
    assert f"{words} 15 bps the goal is not certain" in done.out
    assert told_lines(done)[-2] == "refuted: the goal is not certain there"
    assert dnkit("prove", "flatten", "--depth", "15").code == 2


def test_the_frontier_is_a_table(shelf: Path) -> None:
    kept(shelf, HOLDS, frontier=PROMISES)
    assert "any book" not in dnkit("prove", "flatten").out
    lines = told_lines(dnkit("prove", "flatten", "--frontier"))
    at = next(number for number, line in enumerate(lines) if line.endswith("any book"))
    assert re.split(r" {2,}", lines[at]) == ["faults", "10 bps", "15 bps", "any book"]
    assert lines[at + 1].split() == ["2", "7.0", "s,", "10", "bps", "no", "no"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("flatten", "--deep", "--faults", "1"),
        ("flatten", "--implies", "flatten", "--equivalent", "flatten"),
        ("flatten", "emergency_unwind", "--implies", "flatten"),
    ],
)
def test_flags_that_cannot_be_meant_so(words: tuple[str, ...]) -> None:
    assert dnkit("prove", *words).code == 2


def test_a_policy_with_errors_is_not_proved(tmp_path: Path) -> None:
    bad = policy(tmp_path, "flatten", (r"ladder: \[5bps", "laddr: [5bps"))
    done = dnkit("prove", str(bad))
    assert (done.code, done.out) == (3, "")
    assert "DNK103" in done.err


# --- machines -------------------------------------------------------------------------------------


def machines() -> dict[str, Program]:
    """The programs of close_two_phase by reason."""
    path = ROOT / "policies" / "close_two_phase.yaml"
    found = checks_by_reason(PolicyText(str(path), path.read_text()), VenueFacts(), Shelf())
    return {reason: one.program for reason, one in found.items() if one.program is not None}


def test_every_machine_of_a_policy_is_proved_once(shelf: Path) -> None:
    by_reason = machines()
    plain = by_reason[""]
    keep_all(shelf, a_proof(plain), *(a_proof(one, BROKEN) for one in by_reason.values() if one != plain))
    done = dnkit("prove", "close_two_phase")
    assert done.code == 1
    heads = [line for line in done.out.splitlines() if ": 5,544 states" in line]
    assert heads[0].startswith("close_two_phase: ")
    assert all("when the reason is `" in head for head in heads[1:])
    assert len(heads) == len({one.digest for one in by_reason.values()})
    assert dnkit("prove", "close_two_phase", "--plain").code == 0
    other = next(reason for reason, one in by_reason.items() if one != plain)
    assert dnkit("prove", "close_two_phase", "--reason", other).code == 1
    rows = dnkit("prove", "close_two_phase", "--json").json["data"]["proofs"]
    assert [row["plain"] for row in rows] == [True, *[False] * (len(rows) - 1)]
    assert other in rows[1]["reasons"]


def test_the_rules_of_a_guard_are_decided() -> None:
    done = dnkit("prove", "funding_arb_guarded")
    assert done.code == 0
    assert told_lines(done)[0] == "funding_arb_guarded: the rules of a guard"
    assert re.search(r"✓  P25 whole table +\d+ cases", done.out)
    assert "✓  P26 no haste" in done.out


def test_several_policies_and_folders(tmp_path: Path, shelf: Path) -> None:
    kept(shelf, HOLDS)
    kept(shelf, BROKEN, name="emergency_unwind")
    for name in ("flatten", "emergency_unwind"):
        (tmp_path / f"{name}.yaml").write_text((ROOT / "policies" / f"{name}.yaml").read_text())
    done = dnkit("prove", str(tmp_path))
    assert done.code == 1
    assert told_lines(done)[0].startswith("emergency_unwind: ")
    assert "flatten: " in done.out
    assert dnkit("prove", "flatten", "emergency_unwind").code == 1


# --- for real -------------------------------------------------------------------------------------


def test_an_unwind_is_proved(shelf: Path) -> None:
    done = dnkit("prove", "emergency_unwind", "--faults", "1", "--depth", "12bps", "--frontier")
    assert done.code == 0, done.out
    assert "proving emergency_unwind with 1 fault ..." in done.err
    lines = told_lines(done)
    assert {line.split()[1] for line in lines if line.startswith("✓")} == {f"P{n:02}" for n in range(1, 23)}
    assert "the book within 12 bps the goal is certain" in done.out, "a depth that is in no table"
    assert [*shelf.iterdir()], "it is kept"
    again = dnkit("prove", "emergency_unwind", "--faults", "1")
    assert "(proved before)" in again.out


def test_what_is_broken_becomes_a_scenario_that_fails_until_it_is_mended(tmp_path: Path) -> None:
    hasty = policy(tmp_path, "emergency_unwind", (r"deadline: \d+s ", "deadline: 20s "))
    out = tmp_path / "late.yaml"
    done = dnkit("prove", str(hasty), "--faults", "1", "--property", "P13", "--trace", str(out))
    assert done.code == 1
    assert f"{out}: the story of P13 as a scenario" in done.err
    assert "the deadline of 20s falls due" in done.out
    played = dnkit("test", str(out))
    assert played.code == 1
    assert "end: expected flat" in played.out
    assert "got      halted" in played.out
    hasty.write_text(hasty.read_text().replace("deadline: 20s ", "deadline: 150s "))
    assert dnkit("test", str(out)).code == 0


def test_nothing_broken_is_no_scenario(tmp_path: Path, shelf: Path) -> None:
    kept(shelf, HOLDS)
    done = dnkit("prove", "flatten", "--trace", str(tmp_path / "out.yaml"))
    assert done.code == 0
    assert "nothing broken has a story" in done.err
    assert not (tmp_path / "out.yaml").exists()


def test_a_story_of_another_version_is_no_scenario(tmp_path: Path, shelf: Path) -> None:
    kept(shelf, BROKEN)
    done = dnkit("prove", "flatten", "--trace", str(tmp_path / "out.yaml"))
    assert done.code == 1
    assert "of another version" in done.err


def test_what_nobody_heard_is_in_the_scenario() -> None:
    """An engine that takes silence for nothing filled: the scenario holds the order that rests unheard."""
    with without(UNKNOWN_IS_ZERO):
        graph, watch = watched(program("open_post_only_hedge"), small(faults=1), ("P11",))
        broken = watch.found["P11"]
        way = way_to(graph, broken.index, broken.number)
        found = make_concrete(graph.ground, way)
        assert isinstance(found, Concrete)
        verdict = Verdict(id="P11", standing=Standing.BROKEN, text=broken.text)
        made = Traced(graph.ground, found, cut=False)
        text = scenario_text(made, verdict, PolicyRef(name="open_post_only_hedge"), "unheard")
        scenario = read_scenario(text, "unheard", lambda _: graph.ground.program).scenario
        assert scenario is not None
        unmet = judge(run(scenario))
    assert "one live order a leg" in [one.what for one in unmet]


def test_what_should_hold_is_what_a_scenario_expects() -> None:
    of = program("open_post_only_hedge")
    assert expected(of, "P13", cut=False) == {"within": "90s"}
    assert expected(of, "P13", cut=True) == {"end": "hedged"}
    assert expected(of, "P15", cut=False) == {"concession": "15bps"}
    assert expected(of, "P16", cut=True) == {"unhedged": "$3000 for 30s"}
    assert expected(of, "P17", cut=False) == {"end": "hedged"}
    assert expected(of, "P03", cut=False) == {}, "a scenario always looks at that"
    assert expected(program("flatten"), "P08", cut=False) == {"never": ["market"]}


def test_two_policies_side_by_side() -> None:
    same = dnkit("prove", "flatten", "--equivalent", "flatten")
    assert same.code == 0
    assert "✓  P24 equivalent  the same machine but for names" in same.out
    other = dnkit("prove", "flatten", "--equivalent", "emergency_unwind")
    assert other.code == 1
    assert "✗  P24 equivalent" in other.out
    tamer = dnkit("prove", "emergency_unwind", "--faults", "0", "--implies", "emergency_unwind")
    assert tamer.code == 0
    worse = dnkit("prove", "--faults", "0", "--json", "--implies", "emergency_unwind", "flatten")
    assert worse.code == 1
    pair = worse.json["data"]["pairs"][0]
    assert (pair["first"], pair["second"]) == ("emergency_unwind", "flatten")
    assert "concession" in pair["verdict"]["text"]
    assert pair["verdict"]["story"]["scenes"]


def test_ctrl_c_ends_with_what_was_found_so_far(shelf: Path) -> None:
    command = [sys.executable, "-m", "dnkit", "prove", "close_two_phase", "--plain", "--deep"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "proving close_two_phase with 3 faults ...\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "?  P06 no double hedge" in out
    assert re.search(r"^not decided: interrupted after [\d,]+ states$", out, re.M)
    assert "interrupted: " in err
    assert not shelf.exists(), "what was cut short by hand is no proof"


FREQUENCIES = """\
odds: 1
source: twelve made-up runs
frequencies:
  - {venue: nado, what: ioc, outcome: full, count: 9, took: {200ms: 9}}
  - {venue: nado, what: ioc, outcome: none, count: 3}
  - {venue: nado, what: read, outcome: agrees, count: 12}
  - {venue: nado, what: sweep, outcome: clean, count: 12}
"""


def test_odds_are_told_with_their_counts(tmp_path: Path, shelf: Path) -> None:
    kept(shelf, HOLDS, setting=Setting(faults=0))
    file = tmp_path / "counts.yaml"
    file.write_text(FREQUENCIES)
    done = dnkit("prove", "flatten", "--faults", "0", "--odds", str(file))
    assert done.code == 0, done.err
    assert re.search(r"^    goal reached +100\.00%", done.out, re.M), (
        "ten orders in turn, a quarter of them in vain"
    )
    assert "counted from twelve made-up runs:" in done.out
    assert "An estimate from counts, not a bound" in done.out
    file.write_text(FREQUENCIES.replace("outcome: full", "outcome: ful"))
    wrong = dnkit("prove", "flatten", "--faults", "0", "--odds", str(file))
    assert (wrong.code, "did you mean `full`" in wrong.err) == (3, True)
    file.write_text("".join(line for line in FREQUENCIES.splitlines(True) if "sweep" not in line))
    missing = dnkit("prove", "flatten", "--faults", "0", "--odds", str(file))
    assert (missing.code, "nothing was counted of: nado sweep" in missing.err) == (3, True)


def test_the_fields_of_the_answer_are_told(tmp_path: Path, shelf: Path) -> None:
    calm = tuple(replace(one, faults=0) for one in PROMISES)
    kept(shelf, HOLDS, BROKEN, frontier=calm, setting=Setting(faults=0))
    counts = tmp_path / "counts.yaml"
    counts.write_text(FREQUENCIES)
    words = ("--json", "--faults", "0", "--depth", "10bps", "--odds", str(counts))
    broken = dnkit("prove", "flatten", *words).json["data"]
    pairs = dnkit("prove", "flatten", "--json", "--equivalent", "emergency_unwind").json["data"]
    stops = told("dnkit.prove/1")
    found = {path for content in (broken, pairs) for path in fields(content, "", stops)}
    # Null, or an object of which each field is told.
    nested = {"proofs[].promise", "proofs[].verdicts[].story", "proofs[].odds"}
    cell = {path.replace("promise", "frontier[]") for path in found if ".promise." in path}
    assert {path.rpartition(".")[0] for path in cell} == {"proofs[].frontier[]"}
    plain = {path for path in found if ".promise." not in path}
    assert plain - {"proofs[]", "pairs[]"} - nested == stops - nested
