"""An order in doubt: what shows that the venue took it, and which look-up an answer belongs to."""

from typing import Any

import pytest

from dnkit.model.terms import EndName, FoundKind, RejectKind, Risk
from tests.engine.harness import Reply, Venue, ioc_fills
from tests.engine.programs import unwind_one

UNLISTED: list[Reply] = [(600, "found", {"found": FoundKind.ABSENT})]


@pytest.mark.parametrize(
    ("late", "values"),
    [("accepted", {}), ("ended", {"blind": True}), ("rejected", {"why": RejectKind.DUPLICATE})],
    ids=["accepted", "over, total untold", "known already"],
)
def test_what_shows_during_a_doubt_that_the_venue_took_the_order_is_kept(
    late: str, values: dict[str, Any]
) -> None:
    """The answer to the placement comes after its time; every look-up knows no such order."""
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [(2_500, late, values)]
    venue.on_find[(0, 1)] = UNLISTED
    end = venue.run()
    assert [one.reason for one in venue.sent] == ["maker#1"], "a second order would be a double one"
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
