"""What a venue can do, as plain data. Read from a capability file; every fact there carries its source."""

import msgspec

from dnkit.model.instrument import Instrument
from dnkit.model.terms import OrderType, PostOnlyCross


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one venue that policies, compiler, engine and paper venue rely on. Times are nanoseconds.

    `reduce_only` lists the order types that take the flag. `cancel_cum`: a cancel acknowledgement carries the
    cumulative filled quantity. `find_by_client_id`: an order can be looked up by the id we gave it.
    `ioc_result`: the answer to an IOC carries its result (otherwise only an id, and the result follows).
    `answer_within_ns`: silence longer than this makes a request unsure. `lookup_lag_ns`: how long a look-up
    may not know an order yet. `position_lag_ns`: how long a position read may lag behind a fill.
    `latency_ns`: one-way delay used by the paper venue. `seen_live` says whether anyone here ever met the
    venue.
    """

    venue: str
    types: tuple[OrderType, ...]
    reduce_only: tuple[OrderType, ...]
    post_only_cross: PostOnlyCross
    find_by_client_id: bool
    duplicate_id_rejected: bool
    cancel_cum: bool
    ioc_result: bool
    ioc_no_match_rejected: bool
    position_stream: bool
    latency_ns: int
    answer_within_ns: int
    lookup_lag_ns: int
    position_lag_ns: int
    funding_interval_ns: int
    rate_calls: int
    rate_window_ns: int
    deadman: str
    symbols: tuple[Instrument, ...]
    default_symbol: str
    source: str
    seen_live: bool = False

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument of that symbol, or None when the file does not list it."""
        return next((one for one in self.symbols if one.symbol == symbol), None)
