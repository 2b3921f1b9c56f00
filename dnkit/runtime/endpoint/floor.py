"""A floor whose house is an exchange at an endpoint."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from dnkit.machine.program import LegSpec
from dnkit.model.alerts import Alert
from dnkit.runtime.endpoint.house import EndpointHouse
from dnkit.runtime.endpoint.world import EndpointWorld
from dnkit.runtime.floor import Stores
from dnkit.runtime.helm import Helm
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.pager import Pager
from dnkit.runtime.run import Floor


@contextmanager
def connected(url: str, legs: Sequence[LegSpec]) -> Iterator[EndpointWorld]:
    """A connection for these legs; NoExchange or Busy when there is none to be had."""
    with closing(EndpointWorld(url, tuple(leg.instrument for leg in legs))) as world:
        yield world


def endpoint_floor(
    stores: Stores, world: EndpointWorld, venues: VenueFacts, say: Callable[[Alert], None]
) -> Floor:
    """The floor that runs at this exchange share."""
    pager = Pager(stores.journal, say, world.now)
    world.guard(pager.raise_alert)
    return Floor(stores.journal, stores.reader, EndpointHouse(world, venues), world, pager, Helm(world))
