"""`dnkit flatten --venue V --live`: what the venue itself says is open, closed and read again."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from functools import partial

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.flatten import Asked, carry_out, close, nothing, plan_text
from dnkit.cli.gate import Passed, pass_gate
from dnkit.cli.paper import confirm
from dnkit.cli.places import reached
from dnkit.cli.progress import Lines, make_display
from dnkit.live.setup import refuse_unspoken
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import plain
from dnkit.runtime.flatten import POLICY, plan_row, program_at
from dnkit.runtime.floor import Claim, accounts_of, open_stores, refuse_unfinished
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.live.floor import connected, live_floor, market_at
from dnkit.runtime.live.house import BETWEEN_NS, insist
from dnkit.runtime.live.world import LiveWorld
from dnkit.runtime.ready import two_sided
from dnkit.runtime.run import Floor
from dnkit.venues.accounts import AccountRow
from dnkit.venues.base import OpenOrder

BOOK_TRIES = 25
NOTE = "Orders of ours that still rest are cancelled first; those of others are left alone."


def flatten_live(asked: Asked, venues: VenueFacts) -> int:
    """Run the command; answers the exit code."""
    refuse_unspoken((asked.venue,))
    symbols = (asked.symbol,) if asked.symbol else [one.symbol for one in venues[asked.venue].symbols]
    legs = [program_at(asked.venue, symbol, True, venues).legs[0] for symbol in symbols]
    folder = state_folder()
    with reached(asked.endpoint, (asked.venue,), folder) as where:
        return _flatten_at(where, asked, legs, folder, venues)


def _flatten_at(
    where: Mapping[str, str],
    asked: Asked,
    legs: Sequence[LegSpec],
    folder: StateFolder,
    venues: VenueFacts,
) -> int:
    claim = Claim(market_at(where, folder), accounts_of(legs), "flatten")
    with (
        open_stores(folder, claim) as stores,
        closing(make_display(quiet=True, framed=False)) as display,
        connected(legs, where, folder, venues) as world,
    ):
        refuse_unfinished(stores.reader, claim)
        floor = live_floor(stores, world, claim.market, legs, display.alert)
        return _flatten(asked, legs, world, floor, display, venues)


def _flatten(
    asked: Asked,
    legs: Sequence[LegSpec],
    world: LiveWorld,
    floor: Floor,
    display: Lines,
    venues: VenueFacts,
) -> int:
    orders = [_open_orders(world, leg) for leg in legs]
    foreign = [
        _words(leg, one) for leg, some in zip(legs, orders, strict=True) for one in some if not one.key
    ]
    held = {index: floor.house.account(leg).lots for index, leg in enumerate(legs)}
    open_legs = [at for at, lots in held.items() if lots or any(one.key for one in orders[at])]
    programs = {
        at: program_at(asked.venue, legs[at].instrument.symbol, held[at] > 0, venues) for at in open_legs
    }
    if foreign:
        out.say(f"orders of others, left alone: {'; '.join(foreign)}")
    if not programs:
        return nothing(asked)
    plan = tuple(
        plan_row(_row(floor, legs[at], held[at]), program, two_sided(world, at, BOOK_TRIES, BETWEEN_NS))
        for at, program in programs.items()
    )
    if not asked.as_json:
        with out.whoever_reads():
            out.data(plan_text(plan, NOTE))
    if asked.dry_run:
        return close(asked, plan, Passed(), (), ExitCode.OK, foreign)
    passed = pass_gate(POLICY, tuple(programs.values()), state_folder(), quiet=asked.as_json)
    confirm(f"flatten {len(programs)} live position(s) on {asked.venue}?", asked.yes)
    names = [book.instrument.symbol for book in world.books]
    results, code = carry_out(asked, floor, display, legs, programs, names, passed)
    return close(asked, plan, passed, results, code, foreign)


def _row(floor: Floor, leg: LegSpec, lots: int) -> AccountRow:
    """A position as plans are made of."""
    one = leg.instrument
    return AccountRow(
        market=floor.house.market,
        venue=one.venue,
        symbol=one.symbol,
        lot=one.lot,
        tick=one.tick,
        position=one.lot * lots,
        entry=Decimal(0),
        realised=Decimal(0),
        fees=Decimal(0),
        seeded_by="",
        updated_ns=floor.world.now(),
        revision=0,
    )


def _open_orders(world: LiveWorld, leg: LegSpec) -> tuple[OpenOrder, ...]:
    one = leg.instrument
    return tuple(insist(world, partial(world.of(one).open_orders, one.symbol)))


def _words(leg: LegSpec, order: OpenOrder) -> str:
    one = leg.instrument
    side = order.side.name.lower()
    return f"{one.symbol} {side} {plain(one.quantity(order.lots))} at {plain(one.price(order.price))}"
