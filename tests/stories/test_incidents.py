"""What cost the users money, line for line, on the policies that ship. Each story ends well here."""

from dnkit.model import commands as cm
from dnkit.model.terms import EndKind, EndName, RejectKind, Risk
from tests.engine.harness import S, Venue, ioc_fills
from tests.stories.teller import lots, program_of, set_book, tell

CROSSED = {"why": EndKind.POST_ONLY_CROSS}

CYCLE_SIX = """
  0.020 a1 sell 0.05 ioc at 3120.1 reduce-only (ladder#1)
  0.020 b1 buy 0.9 ioc at 116.71 reduce-only (ladder#1)
  0.022 a1 rejected: no_match  -> a 0.05 b -0.9
  0.022 b1 filled 0.9  -> a 0.05 b 0
  0.022 a2 sell 0.05 ioc at 3120.1 reduce-only (ladder#2)
  0.024 a2 rejected: no_match  -> a 0.05 b 0
  0.024 a3 sell 0.05 ioc at 3120.1 reduce-only (ladder#3)
  0.026 a3 rejected: no_match  -> a 0.05 b 0
  0.036 a4 sell 0.05 post_only at 3120.2 (unwind_a/maker#1)
  1.036 a4 cancel
  1.037 a4 cancelled  -> a 0.05 b 0
  1.037 a5 sell 0.05 ioc at 3120.1 reduce-only (unwind_a/ladder#1)
  1.038 a5 filled 0.05  -> a 0 b 0
  1.058 END flat, open risk flat: leg a position 0 ETH, leg b position 0 SOL
"""


def test_cycle_six_the_expired_leg_goes_to_the_emergency_unwind() -> None:
    """R37: the ETH IOC expires at every rung while SOL fills 0.9 at 116.71; nobody is left naked."""
    program = program_of("pair_unwind_ioc_ladder")
    venue = Venue(
        program, positions=[lots(program, 0, "0.05"), lots(program, 1, "-0.9")], otherwise=ioc_fills
    )
    set_book(venue, 0, "3120.1", "3120.2")
    set_book(venue, 1, "116.70", "116.71")
    venue.entry = tuple(one * book["bid"] for one, book in zip(venue.truth, venue.books, strict=True))
    for number in (1, 2, 3):
        venue.script[(0, number)] = [(2, "rejected", {"why": RejectKind.NO_MATCH})]
    venue.script[(1, 1)] = [(1, "accepted", {}), (2, "fill", {})]
    assert venue.run().risk is Risk.FLAT
    assert tell(venue) == CYCLE_SIX.strip("\n")


TRADE_ONE = """
  0.020 a1 buy 2.332 post_only at 516.74 reduce-only (passive#1)
  0.020 b1 sell 2.311 post_only at 516.652 reduce-only (passive#1)
  0.024 a1 post_only_cross  -> a -2.332 b 2.311
  0.024 a2 buy 2.332 post_only at 516.74 reduce-only (passive#1)
  0.026 b1 post_only_cross  -> a -2.332 b 2.311
  0.026 b2 sell 2.311 post_only at 516.652 reduce-only (passive#1)
  0.032 b2 post_only_cross  -> a -2.332 b 2.311
  0.032 b3 sell 2.311 post_only at 516.652 reduce-only (passive#1)
  4.232 b3 filled 2.311  -> a -2.332 b 0
  4.232 a2 cancel
  4.233 a2 filled 2.332  -> a 0 b 0
  4.234 a2 too late to cancel  -> a 0 b 0
  4.253 END flat, open risk flat: leg a position 0 ZEC, leg b position 0 ZEC
"""


def test_trade_one_uneven_legs_each_close_their_own_position() -> None:
    """R146: 2.332 against 2.311. The difference is below the minimum: no order for it, no rollback,
    success.
    """
    program = program_of("close_two_phase", symbols={"a": "ZECUSDT", "b": "ZEC"})
    venue = Venue(program, positions=[lots(program, 0, "-2.332"), lots(program, 1, "2.311")])
    set_book(venue, 0, "516.70", "516.80")
    set_book(venue, 1, "516.60", "516.75")
    cancelled = [(1, "accepted", {}), (6, "ended", CROSSED)]
    venue.script = {
        (0, 1): [(1, "accepted", {}), (4, "ended", CROSSED)],
        (0, 2): [(1, "accepted", {})],
        (1, 1): cancelled,
        (1, 2): cancelled,
        (1, 3): [(1, "accepted", {}), (4200, "fill", {})],
    }
    venue.on_cancel[(0, 2)] = [(1, "fill", {}), (2, "cancel", {})]
    assert venue.run().end is EndName.FLAT
    assert tell(venue) == TRADE_ONE.strip("\n")


# The users' own chain: what is not filled passively goes to the capped market order at once.
STRAIGHT_TO_MARKET = """policy: 1
name: straight_to_market
extends: close_two_phase
phases:
  passive:
    then: {filled: verify, first: sweep, partial: sweep, none: sweep, rejected: sweep, refused: sweep}
"""

TRADE_TWO = """
  0.020 a1 sell 2.983 post_only at 516.81 reduce-only (passive#1)
  0.020 b1 buy 2.983 post_only at 516.698 reduce-only (passive#1)
  0.022 a1 post_only_cross  -> a 2.983 b -2.983
  0.022 b1 rejected: post_only_cross  -> a 2.983 b -2.983
  0.022 a2 sell 2.983 post_only at 516.81 reduce-only (passive#1)
  0.022 b2 buy 2.983 post_only at 516.698 reduce-only (passive#1)
  0.024 b2 rejected: post_only_cross  -> a 2.983 b -2.983
  0.024 b3 buy 2.983 post_only at 516.698 reduce-only (passive#1)
  1.024 b3 filled 0.7  -> a 2.983 b -2.283
  2.108 b3 filled 0.93  -> a 2.983 b -2.053
  3.192 b3 filled 1.047  -> a 2.983 b -1.936
  4.276 b3 filled 1.23  -> a 2.983 b -1.753
  5.360 b3 filled 1.424  -> a 2.983 b -1.559
  6.444 b3 filled 2.084  -> a 2.983 b -0.899
  7.528 b3 filled 2.677  -> a 2.983 b -0.306
  8.612 b3 filled 2.983  -> a 2.983 b 0
  8.612 a2 cancel
  8.613 a2 cancelled  -> a 2.983 b 0
  8.613 a3 sell 2.983 market at 514.17 reduce-only (sweep#1)
  8.616 a3 filled 2.983  -> a 0 b 0
  8.636 END flat, open risk flat: leg a position 0 ZEC, leg b position 0 ZEC
"""


def test_trade_two_eight_part_fills_are_summed_once_and_need_no_extra_hedge() -> None:
    """R147: 2.983 on both legs; leg a works 8.59 s, then takes the capped market fallback at 516.75."""
    program = program_of("straight_to_market", text=STRAIGHT_TO_MARKET, symbols={"a": "ZECUSDT", "b": "ZEC"})
    venue = Venue(program, positions=[lots(program, 0, "2.983"), lots(program, 1, "-2.983")])
    set_book(venue, 0, "516.75", "516.80")
    set_book(venue, 1, "516.60", "516.75")
    steps = (700, 230, 117, 183, 194, 660, 593, 306)
    fills = [(1000 + 1084 * index, "fill", {"lots": step}) for index, step in enumerate(steps)]
    notices_again = [(delay + 7, "report", {}) for delay, _, _ in fills]
    venue.script = {
        (0, 1): [(1, "accepted", {}), (2, "ended", CROSSED)],
        (0, 2): [(1, "accepted", {})],
        (0, 3): [(1, "accepted", {}), (3, "fill", {"price": 51_675})],
        (1, 1): [(2, "rejected", {})],
        (1, 2): [(2, "rejected", {})],
        (1, 3): [(1, "accepted", {}), *fills],
    }
    assert venue.run().end is EndName.FLAT
    assert tell(venue) == TRADE_TWO.strip("\n")
    sold = venue.orders[(0, 3)]
    assert sold["worth"] == 51_675 * 2_983, "the market fallback filled at 516.75"
    again = Venue(program, positions=[lots(program, 0, "2.983"), lots(program, 1, "-2.983")])
    again.books, again.script = (
        venue.books,
        {**venue.script, (1, 3): [(1, "accepted", {}), *fills, *notices_again]},
    )
    assert again.run().end is EndName.FLAT
    assert [(one.leg, one.lots) for one in again.sent] == [(one.leg, one.lots) for one in venue.sent]


def test_a_fill_during_the_cancel_of_the_hedge_is_not_hedged_twice() -> None:
    """R59: the passive hedge fills while its cancel is on the way; only what is left is crossed."""
    program = program_of("open_post_only_hedge")
    venue = Venue(program, otherwise=ioc_fills)
    for leg in (0, 1):
        set_book(venue, leg, "2680.00", "2680.05")
    clip = lots(program, 0, "0.2")
    venue.script[(0, 1)] = [(1, "accepted", {}), (800, "fill", {})]
    venue.on_cancel[(1, 1)] = [
        (1, "fill", {"lots": lots(program, 1, "0.13")}),
        (2, "cancel", {"blind": True}),
    ]
    assert venue.run().end is EndName.HEDGED
    hedges = [one.lots for one in venue.sent if one.leg == 1]
    assert hedges == [lots(program, 1, "0.2"), lots(program, 1, "0.07")]
    assert venue.truth[0] == clip and venue.truth[1] == -lots(program, 1, "0.2")


def test_a_spread_that_widens_to_two_and_a_half_percent_refuses_the_close_and_leaves_it_hedged() -> None:
    """R136: 0.5 % when the run starts, 2.5 % half a second later. Nothing is sent, the pair stays hedged."""
    program = program_of("close_two_phase")
    held = [lots(program, 0, "0.2"), -lots(program, 1, "0.2")]
    venue = Venue(program, positions=held, otherwise=ioc_fills)
    for leg in (0, 1):
        set_book(venue, leg, "2680.00", "2693.40")
    narrow = venue._book

    def widened(asked: cm.ReadBook):  # type: ignore[no-untyped-def]
        if venue.state.visits[program.start]:
            set_book(venue, asked.leg, "2660.00", "2727.30")
        return narrow(asked)

    venue._book = widened  # type: ignore[method-assign]
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED)
    assert venue.sent == [] and venue.truth == held


def test_a_residual_of_0_021_is_below_the_minimum_and_named_instead_of_hedged() -> None:
    """R131: error 21706 never comes, because the order is never sent."""
    program = program_of("close_two_phase", symbols={"a": "ZECUSDT", "b": "ZEC"})
    venue = Venue(program, positions=[0, lots(program, 1, "0.021")], otherwise=ioc_fills)
    set_book(venue, 0, "516.70", "516.80")
    set_book(venue, 1, "516.60", "516.75")
    end = venue.run()
    assert (end.end, end.risk) == (EndName.FLAT, Risk.FLAT)
    assert venue.sent == []
    assert "leg b residual 0.021 ZEC" in end.text
    assert venue.now < 30 * S
