"""What is different from venue to venue, as data; three hooks where data does not do."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import Enum
from hashlib import blake2b
from typing import Any

import msgspec

from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.venues.base import Sign

CCXT_VERSION = "4.5.90"  # what the records were tried with; each release changes what it sends
Row = Mapping[str, Any]
Terms = tuple[str | None, str | None]


class Word(Enum):
    """What a row of a venue's stream is about."""

    WHOLE = "whole"  # this message holds a whole book: changes after it can be believed
    ORDER = "order"  # a row for ccxt's `parse_order`
    TRADE = "trade"  # a row for ccxt's `parse_trade`
    POSITION = "position"  # a row for ccxt's `parse_position`
    JOINED = "joined"  # one subscription of the account is taken


def text_id(key: str) -> str:
    """An order's client id there: 32 letters and digits, a hash of our key."""
    return "dn" + blake2b(key.encode(), digest_size=15).hexdigest()


def number_id(key: str) -> str:
    """The same where it has to be a number, of 47 bits."""
    return str(int.from_bytes(blake2b(key.encode(), digest_size=6).digest(), "big") % 2**47 + 1)


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """How an order has to look when it leaves: the end of its path, names of fields, and what is written for
    each type. An order that looks otherwise is not sent.
    """

    path: str
    id: str
    amount: str
    price: str
    reduce_only: str
    types: Mapping[OrderType, Row]


async def of_positions(_exchange: Any, _market: Row, held: Sequence[Row]) -> Terms:
    """Mode and leverage where a venue tells a position even when nothing is held."""
    if not held:
        return None, None
    hedged, leverage = held[0].get("hedged"), held[0].get("leverage")
    return None if hedged is None else "hedge" if hedged else "one-way", leverage


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One venue. `keys` are ccxt's names of credentials with ours. `urls` are ccxt's, for a local exchange,
    with {http} and {ws} for its address; `unwanted` headers are taken off every request. `tif` holds ccxt's
    parameters of each type that may be sent. `codes` are the venue's own: a Sign where nobody knows what
    became of a request, else a refusal. `watches` are ccxt's watches of the account. `ends` are raw states of
    orders that are over (None: refused), read at `state_field`; a reason at `reason_field` goes before them.
    `raw_id` and `raw_symbol` are fields of raw rows. `trades_by` are parameters of `fetch_my_trades` with the
    fields of an order they come from. `cancel_id` "" passes the client id as ccxt's id; `reply_id` is what an
    answer must have. `row_code` is a field by which a row of an answer refuses though the answer does not.
    `book_url` is in the urls that tell books. Amounts are contracts where `is_contracts`.
    ccxt's `fetch_trading_fee` works where `tells_fees`.

    Hooks: `heard` gives what a message of the stream at that url is about; `look` the raw order of a client
    id, None where the venue knows none; `can_withdraw` what it says of the key, `terms` the account's mode
    ("one-way" or "hedge") and leverage on a market, with ccxt's positions there. `prepare` changes an
    instance of ccxt's class with our keys, where data does not do. Where it `compares`, books are looked at
    by another way now and then.
    """

    ccxt_id: str
    keys: Mapping[str, str]
    options: Row
    urls: Row
    tif: Mapping[OrderType, Row]
    wire: Wire | None
    place_id: str
    cancel_id: str
    codes: Mapping[str, Sign | RejectKind]
    watches: tuple[str, ...]
    state_field: str
    ends: Mapping[str, EndKind | None]
    reason_field: str
    reasons: Mapping[str, EndKind]
    raw_id: str
    raw_symbol: str
    trades_by: Mapping[str, str]
    heard: Callable[[str, Row], Iterable[tuple[Word, Row]]]
    look: Callable[[Any, Row, str], Awaitable[Row | None]]
    can_withdraw: Callable[[Any], Awaitable[bool | None]]
    terms: Callable[[Any, Row, Sequence[Row]], Awaitable[Terms]] = of_positions
    prepare: Callable[[Any, Mapping[str, str]], None] | None = None
    client_id: Callable[[str], str] = text_id
    unwanted: tuple[str, ...] = ()
    cancel_params: Row = {}
    reply_id: str = "id"
    row_code: str = ""
    book_depth: int | None = None
    book_url: str = "/public"
    is_contracts: bool = False
    compares: bool = True
    tells_fees: bool = False
