"""An order in doubt: what shows that the venue took it, and which look-up an answer belongs to."""

import pytest

from dnkit.model import commands as cm
from dnkit.model.terms import EndName, FoundKind, RejectKind, Risk, Side
from tests.engine.harness import MS, Reply, Venue, ioc_fills, leg
from tests.engine.programs import unwind_one

UNLISTED: list[Reply] = [(600, "found", {"found": FoundKind.ABSENT})]


LATE_WORDS: dict[str, Reply] = {
    "accepted": (2_500, "accepted", {}),
    "over, total untold": (2_500, "ended", {"blind": True}),
    "known already": (2_500, "rejected", {"why": RejectKind.DUPLICATE}),
}


@pytest.mark.parametrize("word", LATE_WORDS)
def test_what_shows_during_a_doubt_that_the_venue_took_the_order_is_kept(word: str) -> None:
    """The answer to the placement comes after its time; every look-up knows no such order."""
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [LATE_WORDS[word]]
    venue.on_find[(0, 1)] = UNLISTED
    end = venue.run()
    assert [one.reason for one in venue.sent] == ["maker#1"], "a second order would be a double one"
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)


class SlowIndex(Venue):
    """A venue that lists an order `lag` after it came; each look-up is answered after a time of its own."""

    waits_ms = (475, 2_150, 250)  # the second answer comes after the third look-up was sent
    lag = 2_500 * MS

    def _answer(self, command: cm.Command) -> None:
        if isinstance(command, cm.FindOrder):
            asked = sum(isinstance(one, cm.FindOrder) for one in self.asked)
            wait = self.waits_ms[asked - 1] if asked <= len(self.waits_ms) else 100
            order = self.state.legs[command.leg].order
            assert order is not None
            seen = {"found": FoundKind.ABSENT} if self.now < order.sent_ns + self.lag else {}
            self.on_find[(command.leg, command.order)] = [(wait, "found", seen)]
        super()._answer(command)


def test_a_late_answer_belongs_to_the_look_up_it_was_given_to() -> None:
    """What it did not see within the venue's lag proves nothing, though one after the lag is under way."""
    made = unwind_one(legs=(leg("a", Side.BUY, lookup_lag_ns=SlowIndex.lag),))
    venue = SlowIndex(made, positions=[500], otherwise=ioc_fills, script={(0, 1): [(5, "lost", {})]})
    assert venue.run().end is EndName.FLAT
    cancel = next(at for at, one in enumerate(venue.asked) if isinstance(one, cm.CancelOrder))
    second = next(at for at, one in enumerate(venue.asked) if one is venue.sent[1])
    assert cancel < second, "the first order was live all the time"
    assert venue.truth == [0]
