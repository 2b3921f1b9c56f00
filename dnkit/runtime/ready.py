"""What is asked of every account before a run that adds risk: is it fit for what is to be opened?"""

from collections.abc import Iterator, Sequence

from dnkit.desk.gateway.preflight import Wrong, preflight, wanted
from dnkit.engine.sizing import OPENING
from dnkit.machine.program import Program
from dnkit.market.leg_book import LegBook
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.house import Time
from dnkit.runtime.run import Floor

LOOKS, BETWEEN_NS = 20, NS_PER_S // 2


class NotReady(DnkitError):
    """An account is not fit for what is to be opened there; nothing was sent."""

    exit_code = 3


def unready(floor: Floor, program: Program, books: Sequence[int]) -> tuple[Wrong, ...]:
    """All that speaks against beginning; nothing is asked of a run that only reduces."""
    return tuple(_wrong(floor, program, books)) if program.intent in OPENING else ()


def _wrong(floor: Floor, program: Program, books: Sequence[int]) -> Iterator[Wrong]:
    for spec, number in zip(program.legs, books, strict=True):
        book = two_sided(floor.world, number, LOOKS, BETWEEN_NS)
        yield from preflight(floor.house.facts(spec, number), wanted(spec, book.bid, book.ask))


def two_sided(world: Time, number: int, looks: int, between_ns: int) -> LegBook:
    """That book of the world. One that a stream lost is on its way again, which is waited for so many looks
    long.
    """
    book = world.books[number]
    for _ in range(looks):
        if book.bid > 0 and book.ask > 0:
            break
        world.settle(between_ns)
    return book


def words(wrong: Sequence[Wrong]) -> str:
    """What is wrong and what to do, for a human."""
    return "; ".join(f"{one.text}: {one.act}" for one in wrong)
