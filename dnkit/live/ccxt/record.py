"""What is different from venue to venue, as data; three hooks where data does not do."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.venues.base import Sign

CCXT_VERSION = "4.5.90"  # what the records were tried with; each release changes what it sends


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One venue. `keys` are ccxt's names of credentials with ours. `tif` holds the parameters of each order
    type that may be sent; the final request is held against them. `codes` are the venue's own, a Sign where
    nobody knows what became of a request; others are refusals. `ends` are raw states of orders that are over
    (None for a refusal), read at `state_field`; `reasons` at `reason_field` go before them. `is_contracts`
    tells that amounts are contracts.

    Hooks: `urls` makes ccxt's urls of a local exchange's address; `look` gives the raw order of a client id,
    None where the venue knows none; `trades` gives ccxt's trades of a raw order.
    """

    ccxt_id: str
    keys: Mapping[str, str]
    options: Mapping[str, Any]
    tif: Mapping[OrderType, Mapping[str, Any]]
    place_id: str
    cancel_id: str
    codes: Mapping[str, Sign | RejectKind]
    state_field: str
    ends: Mapping[str, EndKind | None]
    reason_field: str
    reasons: Mapping[str, EndKind]
    raw_id: str
    urls: Callable[[str], Mapping[str, Any]]
    look: Callable[[Any, Mapping[str, Any], str], Awaitable[Mapping[str, Any] | None]]
    trades: Callable[[Any, Mapping[str, Any], Mapping[str, Any]], Awaitable[Sequence[Mapping[str, Any]]]]
    book_depth: int
    is_contracts: bool = False
    cancel_params: Mapping[str, Any] = {}
    stale_s: float = 5.0


# Venues ccxt has but nobody may trade with it yet, and why.
NOT_YET: Mapping[str, str] = {
    "aster": "its private streams fail in this ccxt, and a builder's fee has to be kept off",
    "coinbase_intx": "every signed call fails in this ccxt",
    "backpack": "nobody has tried what ccxt sends there",
    "grvt": "nobody has tried what ccxt sends there",
    "lighter": "it needs the venue's own signing library, and answers to orders carry no id",
}
