"""The shipped policies, proved: every machine they compile to, with the table of what is promised.

`python -m tests.analysis.shipped` proves and prints (`--faults 3 --chunks 4` goes deeper, `--write` puts the
table into docs/PROOFS.md).
"""

import argparse
import time
from collections.abc import Iterator

import msgspec

from dnkit.analysis.proof import NONE, Promise, Proof, Setting, Standing
from dnkit.analysis.prove import prove
from dnkit.machine.program import Program
from dnkit.model.numbers import MBPS_PER_BPS, NS_PER_S
from dnkit.policies.overlays import reasons_asked
from dnkit.runtime.library import VenueFacts, packaged_names, read_policy
from dnkit.runtime.prepare import check
from tests.tidy.docs_tables import with_table
from tests.tidy.source_tree import ROOT

DOCUMENT = ROOT / "docs" / "PROOFS.md"
STATES_MAX = 2_000_000
FAULTS, CHUNKS = 2, 2  # what the suite proves each time


class Machine(msgspec.Struct, frozen=True):
    """One program a shipped policy compiles to; `reason` is the first that brings it ("" for none)."""

    policy: str
    reason: str
    program: Program

    @property
    def name(self) -> str:
        """How it is told apart."""
        return f"{self.policy} ({self.reason})" if self.reason else self.policy


def machines() -> Iterator[Machine]:
    """Every machine of every shipped policy that trades, for all reasons its overlays ask about."""
    venues = VenueFacts()
    for name in packaged_names():
        source = read_policy(name)
        plain = check(source, venues)
        known = set()
        for reason in ("", *(reasons_asked(plain.bound) if plain.bound else ())):
            program = check(source, venues, reason=reason).program
            if program is not None and program.digest not in known:
                known.add(program.digest)
                yield Machine(name, reason, program)


def proofs(faults: int, chunks: int) -> Iterator[tuple[Machine, Proof, int]]:
    """(machine, its proof, milliseconds) one after the other."""
    for machine in machines():
        began = time.process_time_ns()
        proof = prove(machine.program, Setting(chunks=chunks, faults=faults, states_max=STATES_MAX))
        yield machine, proof, (time.process_time_ns() - began) // 10**6


def broken(proof: Proof) -> list[str]:
    """What is not proved, in words."""
    cut = [] if proof.complete else ["cut short"]
    return cut + [f"{one.id}: {one.text}" for one in proof.verdicts if one.standing is not Standing.HOLDS]


def frontier_markdown(found: list[tuple[Machine, Proof]]) -> str:
    """One row a machine and number of faults: the thinnest book for which the goal is certain, the rest."""
    head = ("policy", "faults", "certain, if the book holds it in", "time", "past the touch", "else, at most")
    rows = [f"| {' | '.join(head)} |", "|---|---|---|---|---|---|"]
    for machine, proof in found:
        for bounds in proof.bounds:
            certain = [one for one in proof.frontier if one.certain and one.faults == bounds.faults]
            best = max(certain, key=lambda one: (one.depth == NONE, one.depth), default=None)
            rest = f"{_seconds(bounds.time_ns)}, naked {_seconds(bounds.naked_ns)}"
            rows.append(f"| {machine.name} | {bounds.faults} | {_promise(best)} | {rest} |")
    return "\n".join((*rows, ""))


def _promise(best: Promise | None) -> str:
    if best is None:
        return "not certain | | "
    within = "any" if best.depth == NONE else f"{best.depth // MBPS_PER_BPS} bps"
    paid = " + ".join(f"{-(-one // MBPS_PER_BPS)}" for one in best.concession)
    return f"{within} | {_seconds(best.time_ns)} | {paid} bps"


def _seconds(ns: int) -> str:
    return f"{ns / NS_PER_S:.1f} s"


def main() -> None:
    """Prove all, print a row each, and write the table when asked."""
    parser = argparse.ArgumentParser(prog="shipped")
    parser.add_argument("--faults", type=int, default=FAULTS)
    parser.add_argument("--chunks", type=int, default=CHUNKS)
    parser.add_argument("--write", action="store_true", help="write the table of docs/PROOFS.md")
    asked = parser.parse_args()
    found, bad = [], 0
    print(f"{'machine':<38} {'faults':>6} {'states':>9} {'moves':>9} {'seconds':>8} {'states/s':>9}")
    for machine, proof, ms in proofs(asked.faults, asked.chunks):
        found.append((machine, proof))
        rate = proof.states * 1000 // max(1, ms)
        row = f"{machine.name:<38} {proof.setting.faults:>6} {proof.states:>9,} {proof.moves:>9,}"
        print(f"{row} {ms / 1000:>8.1f} {rate:>9,}  {'; '.join(broken(proof)) or 'proved'}", flush=True)
        bad += bool(broken(proof))
    if asked.write:
        DOCUMENT.write_text(with_table(DOCUMENT.read_text(), "frontiers", frontier_markdown(found)))
    raise SystemExit(bad > 0)


if __name__ == "__main__":
    main()
