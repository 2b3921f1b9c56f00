"""Each mutant of the table is seen by whom the table says, and who sees it is content with the real thing."""

from collections.abc import Callable
from functools import cache

import pytest

from dnkit.analysis.proof import Setting, Standing, Verdict
from dnkit.analysis.properties import SAFETY
from dnkit.analysis.prove import prove
from dnkit.machine.program import Program
from tests.analysis.mutants import MUTANTS, Check, Mutant, Proof, broken, table
from tests.analysis.variants import small, watched

Found = tuple[int, int | None]  # faults and moves
PROOFS = [one for one in MUTANTS if isinstance(one.caught, Proof)]
CHECKS = [one for one in MUTANTS if isinstance(one.caught, Check)]


def setting(proof: Proof) -> Setting:
    return small(faults=proof.faults, crashes=proof.crashes)


def shown(proof: Proof, program: Program) -> Found | None:
    """With how few faults and moves the property breaks; None where it holds."""
    watch = watched(program, setting(proof), (proof.id,))[1]
    if proof.id in watch.found:
        return watch.found[proof.id].faults, watch.found[proof.id].depth
    return None if proof.id in SAFETY else read(proof.id, prove(program, setting(proof)).verdicts)


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


def test_the_table_names_each_once() -> None:
    names = [one.name for one in MUTANTS]
    assert len(names) == len(set(names)) >= 40
    assert len(PROOFS) >= 30
    assert len(table().splitlines()) == len(names) + 2
