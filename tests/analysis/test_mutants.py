"""Each mutant of the table is seen by whom the table says, and who sees it is content with the real thing."""

from collections.abc import Callable
from functools import cache

import pytest

from dnkit.analysis.proof import Setting, Standing, Verdict
from dnkit.analysis.properties import SAFETY
from dnkit.analysis.prove import prove
from dnkit.machine.program import Program
from tests.analysis.mutants import MUTANTS, table
from tests.analysis.mutants.mutant import Check, Mutant, Proof, broken
from tests.analysis.variants import small, watched

Found = tuple[int, int | None]  # faults and moves
PROOFS = [one for one in MUTANTS if isinstance(one.caught, Proof)]
CHECKS = [one for one in MUTANTS if isinstance(one.caught, Check)]


def setting(proof: Proof) -> Setting:
    return small(faults=proof.faults, crashes=proof.crashes)


def shown(proof: Proof, program: Program) -> Found | None:
    """With how few faults and moves the property breaks; None where it holds."""
    if proof.id not in SAFETY:
        return read(proof.id, prove(program, setting(proof)).verdicts)
    watch = watched(program, setting(proof), (proof.id,))[1]
    found = watch.found.get(proof.id)
    return None if found is None else (found.faults, found.depth)


def read(id: str, verdicts: tuple[Verdict, ...]) -> Found | None:
    verdict = next(one for one in verdicts if one.id == id)
    if verdict.standing is not Standing.BROKEN:
        return None
    return (verdict.story.faults, len(verdict.story.moves)) if verdict.story else (0, None)


@pytest.mark.parametrize("mutant", PROOFS, ids=lambda one: one.name)
def test_a_proof_sees_it(mutant: Mutant) -> None:
    proof = mutant.caught
    assert isinstance(proof, Proof)
    with broken(mutant):
        found = shown(proof, proof.program())
    assert found == (proof.faults, proof.steps)
    assert proof.id not in content(proof.program, setting(proof))


@cache
def content(make: Callable[[], Program], setting: Setting) -> dict[str, str]:
    """What is broken of a program on the real engine."""
    return {one.id: one.text for one in prove(make(), setting).verdicts if one.standing is not Standing.HOLDS}


@pytest.mark.parametrize("mutant", CHECKS, ids=lambda one: one.name)
def test_a_test_sees_it(mutant: Mutant) -> None:
    check = mutant.caught
    assert isinstance(check, Check)
    passes(check)
    with broken(mutant), pytest.raises(BaseException) as caught:
        check.test(*check.args)
    assert not isinstance(caught.value, KeyboardInterrupt)


@cache
def passes(check: Check) -> None:
    """The test as it is."""
    check.test(*check.args)


def test_each_is_named_once_and_every_safety_property_is_needed() -> None:
    names = [one.name for one in MUTANTS]
    assert len(names) == len(set(names)) >= 100
    assert {one.caught.id for one in PROOFS if isinstance(one.caught, Proof)} >= {"P01", *SAFETY}


def test_the_table_has_a_row_for_each() -> None:
    rows = table().splitlines()[2:]
    assert [row.split(":")[0] for row in rows] == [f"| {one.name}" for one in MUTANTS]
    assert (
        rows[1]
        == "| forgotten order: with its cancel sent an order counts as over | P11 one order a leg | 0 | 7 |"
    )
