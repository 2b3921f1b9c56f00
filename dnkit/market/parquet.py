"""Rows of a parquet recording to messages. Rows that share one `seq` are one message."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from dnkit.market.feed import Bbo, Message, Trade, delta, snapshot
from dnkit.model.errors import DnkitError

COLUMNS = ("seq", "ts_ns", "kind", "side", "price", "size")
ROWS_AT_ONCE = 65_536

Row = tuple[int, int, str, str, int, int]


class RecordingError(DnkitError):
    """A recording cannot be read: missing, damaged, or not of the known form."""


def read_messages(path: Path) -> Iterator[Message]:
    """The messages of a parquet file, for leg 0; RecordingError when it is not of the known form."""
    touch = Bbo(0, 0, 0, 0, 0, 0)
    for _, rows in groupby(_rows(path), key=itemgetter(0)):
        message = _message(path, list(rows), touch)
        if isinstance(message, Bbo):
            touch = message
        yield message


def _rows(path: Path) -> Iterator[Row]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise RecordingError("recorded markets need pyarrow: pip install 'dnkit[recorded]'") from error
    try:
        with parquet.ParquetFile(path) as file:
            missing = [one for one in COLUMNS if one not in file.schema_arrow.names]
            if missing:
                raise RecordingError(f"{path} has no column {', '.join(missing)}")
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(COLUMNS)):
                yield from _lines(batch)
    except arrow.ArrowInvalid as error:
        raise RecordingError(f"{path} is no parquet file that can be read: {error}") from error


def _lines(batch: Any) -> Iterable[Row]:
    return zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)


def _message(path: Path, rows: list[Row], touch: Bbo) -> Message:
    """One message out of its rows; a ticker that tells one side leaves the other as it was in `touch`."""
    seq, at_ns, kind, side, price, size = rows[0]
    if kind == "trade":
        return Trade(at_ns, 0, 1 if side == "buy" else -1, price, size)
    bids = {row[4]: row[5] for row in rows if row[3] == "bid"}
    asks = {row[4]: row[5] for row in rows if row[3] == "ask"}
    if kind == "delta":
        return delta(at_ns, 0, bids, asks)
    if kind == "snapshot":
        return snapshot(at_ns, 0, bids, asks)
    if kind == "bbo":
        bid = next(iter(bids.items()), (touch.bid, touch.bid_size))
        ask = next(iter(asks.items()), (touch.ask, touch.ask_size))
        return Bbo(at_ns, 0, *bid, *ask)
    raise RecordingError(f"{path}: message {seq} is of a kind nobody knows: {kind}")
