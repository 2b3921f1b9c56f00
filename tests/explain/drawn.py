"""Programs drawn at random: the phases of `tests.policies.strategies` on legs that can trade them."""

from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st
from msgspec.structs import replace

from dnkit.machine.program import Program
from dnkit.policies.compile.policy import compile_policy
from dnkit.policies.load import load
from dnkit.policies.policy import Deadline, LegText, LimitsText, Policy, Quantity, Unhedged
from tests.compile.helpers import VENUES, compiled, library, shipped
from tests.policies.strategies import halts, trading

FIND, LOOK_UP = library({})
LEGS = (LegText(name="a", venue="aster"), LegText(name="b", venue="lighter"))
CLIP = Quantity(Decimal("0.2"), "coin", "ETH")
LIMITS = st.builds(
    LimitsText,
    deadline=st.none() | st.builds(Deadline, st.just(90 * 10**9), halts),
    max_unhedged=st.none()
    | st.builds(Unhedged, st.just(Quantity(Decimal(2000), "money")), st.just(30 * 10**9), halts),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy of random phases with two plain legs and a plain clip."""
    return replace(
        draw(trading()),
        legs=LEGS,
        clip=CLIP,
        limits=draw(LIMITS),
        params=(),
        size=None,
        slice=None,
        imbalance="",
    )


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """What such a policy compiles to; some have orders that a venue does not take and are passed over."""
    answer = compile_policy(draw(policies()), venues=VENUES, library=LOOK_UP, configured=_configured)
    assume(answer.program is not None)
    assert answer.program is not None
    return answer.program


def _configured(name, values):
    found = FIND(name)
    return load(found[1], found[0], find=FIND, settings=values) if found else None


def shipped_program(name: str) -> Program:
    """The program of a shipped policy."""
    found = shipped(name)
    assert found is not None
    answer = compiled(found[1])
    assert answer.program is not None
    return answer.program
