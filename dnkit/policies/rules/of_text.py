"""The rules that need no machine: what the text of a policy says against itself. They are asked while it is
loaded, and an error of theirs stops it.
"""

from collections.abc import Callable, Iterator

from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules import (
    beyond_concession,
    forbidden_type,
    keeps_nothing,
    ladder_not_growing,
    loop_without_visits,
    market_without_cap,
    reduce_only_contradicted,
    stale_without_age,
    unreachable_phase,
)

TextRule = Callable[[Bound], Iterator[Diagnostic]]

TEXT_RULES: dict[str, TextRule] = {
    one.CODE: one.check
    for one in (
        unreachable_phase,
        loop_without_visits,
        keeps_nothing,
        stale_without_age,
        forbidden_type,
        market_without_cap,
        ladder_not_growing,
        beyond_concession,
        reduce_only_contradicted,
    )
}


def judge_text(bound: Bound) -> tuple[Diagnostic, ...]:
    """What every one of them finds."""
    return tuple(found for check in TEXT_RULES.values() for found in check(bound))
