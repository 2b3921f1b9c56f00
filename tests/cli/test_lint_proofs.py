"""`dnkit lint --prove`: what the prover has against a policy is a finding, told with its story."""

from pathlib import Path

import pytest

from dnkit.cli.proving import ON_THE_SPOT
from dnkit.machine.program import Program
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Shelf, checks_by_reason
from tests.cli.command import ROOT, dnkit
from tests.cli.proof_values import BROKEN, HOLDS, a_proof, cut_short, keep_all

FILE = "policies/close_two_phase.yaml"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of proofs of this test alone."""
    place = tmp_path / "proofs"
    monkeypatch.setenv("DNKIT_PROOFS", str(place))
    return place


def programs() -> dict[str, Program]:
    """The programs of the policy by reason."""
    source = PolicyText(FILE, (ROOT / FILE).read_text())
    found = {reason: one.program for reason, one in checks_by_reason(source, VenueFacts(), Shelf()).items()}
    return {reason: program for reason, program in found.items() if program is not None}


def test_what_is_proved_for_every_reason_is_no_finding(shelf: Path) -> None:
    by_reason = programs()
    assert len(by_reason) > 1
    assert len({program.digest for program in by_reason.values()}) == 2
    keep_all(shelf, *(a_proof(program, HOLDS) for program in by_reason.values()))
    done = dnkit("lint", "--prove", FILE)
    assert (done.code, done.out) == (0, ""), done.err
    assert "proving" not in done.err, "it was proved before"


def test_a_refuted_property_is_an_error_with_its_story(shelf: Path) -> None:
    by_reason = programs()
    keep_all(shelf, *(a_proof(program, BROKEN) for program in by_reason.values()))
    done = dnkit("lint", "--prove", FILE)
    assert done.code == 1
    head, place, *rest = done.out.splitlines()
    assert head == "error[DNK801]: P06 does not hold: the hedge goes beyond the quote"
    assert place.split()[1].startswith(f"{FILE}:53:")
    assert " = note: the shortest way there has 1 fault and 3 steps:" in "\n".join(rest)
    assert "FAULT the answer to its cancel is lost" in done.out
    assert done.out.count("error[DNK801]") == 1, "the same against both machines is told once"
    rows = dnkit("lint", "--prove", "--json", FILE).json["data"]["findings"]
    found = [(row["code"], row["line"]) for row in rows if row["severity"] == "error"]
    assert found == [("DNK801", 53)]
    assert "DNK801" in dnkit("lint", "--prove", "-f", "github", FILE).out
    assert dnkit("lint", "--prove", "--ignore", "DNK8", FILE).code == 0
    assert dnkit("lint", FILE).code == 0


def test_what_only_a_reason_brings_says_so(shelf: Path) -> None:
    by_reason = programs()
    plain = by_reason.pop("")
    keep_all(shelf, a_proof(plain), *(a_proof(program, BROKEN) for program in by_reason.values()))
    done = dnkit("lint", "--prove", FILE)
    assert done.code == 1
    assert done.out.count("error[DNK801]") == 1, "the same machine is proved once"
    assert "note: when the reason is `" in done.out


def test_what_is_not_decided_is_a_warning(shelf: Path) -> None:
    keep_all(shelf, *(cut_short(one, *ON_THE_SPOT) for one in programs().values()))
    done = dnkit("lint", "--prove", FILE)
    assert done.code == 0
    assert "warning[DNK802]: not decided within 2,000,000 states" in done.out
    assert dnkit("lint", "--prove", "--fail-level", "warning", FILE).code == 1


def test_nothing_is_proved_of_a_guard_or_of_errors(tmp_path: Path, shelf: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text((ROOT / FILE).read_text().replace("ladder: [0bps", "laddr: [0bps"))
    done = dnkit("lint", "--prove", "policies/funding_arb_guarded.yaml", str(bad))
    assert done.code == 1
    assert "DNK8" not in done.out
    assert "proving" not in done.err
    assert not shelf.exists()
