"""Recorded markets: a folder of parquet files with a manifest, played back as a stream of messages.

Parquet is read once; a packed copy in a cache folder is what plays. A copy belongs to the exact bytes it was
made from: its name is their sha256, which must also be the manifest's.
"""

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec

from dnkit.market.feed import Grid, Message, Seam, merge
from dnkit.market.packed import FORMAT, Packed, PackedError, pack
from dnkit.market.parquet import RecordingError, read_messages

INVERSE_VENUE = "binance_coinm"  # its contracts are an amount of dollars
CONTRACT_USD = {"BTC": Decimal(100)}
CONTRACT_USD_OTHERS = Decimal(10)
QUOTES = ("USDT", "USDC", "USD")


class Entry(msgspec.Struct, frozen=True):
    """One file of a manifest; `instrument` is venue:symbol, the units are feed units."""

    file: str
    instrument: str
    tick_size: Decimal
    lot_size: Decimal
    sha256: str
    messages_by_kind: dict[str, int]


class Manifest(msgspec.Struct, frozen=True):
    """What a recording is made of."""

    files: tuple[Entry, ...]


class Recorded(msgspec.Struct, frozen=True):
    """One instrument of a recording: its name venue:symbol, its coin, its units and its file."""

    name: str
    base: str
    grid: Grid
    path: Path
    sha256: str


class Recording:
    """Some instruments of a recording on the window they have in common, once or `loop`ing for ever.

    `start_ns` is when the book of every leg is whole, `end_ns` when the first of them ends (None when
    looping).
    """

    def __init__(self, recorded: Sequence[Recorded], packed: Sequence[Packed], *, loop: bool) -> None:
        self.grids = tuple(one.grid for one in recorded)
        self._packed = tuple(packed)
        self._first_ns = min(one.summary.first_ns for one in packed)
        self._last_ns = min(one.summary.last_ns for one in packed)
        self.start_ns = max(one.summary.whole_ns for one in packed)
        self.end_ns = None if loop else self._last_ns
        if self.start_ns >= self._last_ns:
            names = ", ".join(one.name for one in recorded)
            raise RecordingError(f"{names} have no window in common")

    def messages(self) -> Iterator[Message]:
        """Every message of every leg in time order. A new round begins where the last one ended, with a Seam
        per leg; its first moments build the books up again.
        """
        yield from self._round(0)
        number = 0
        while self.end_ns is None:
            number += 1
            shift = number * (self._last_ns - self._first_ns)
            for leg in range(len(self._packed)):
                yield Seam(self._first_ns + shift, leg, number)
            yield from self._round(shift)

    def _round(self, shift_ns: int) -> Iterator[Message]:
        return merge([self._stamped(leg, shift_ns) for leg in range(len(self._packed))])

    def _stamped(self, leg: int, shift_ns: int) -> Iterator[list[Message]]:
        """The batches of a leg up to the end of the window, with leg and time written in."""
        for batch in self._packed[leg].batches():
            ends = batch[-1].at_ns > self._last_ns
            inside = [one for one in batch if one.at_ns <= self._last_ns] if ends else batch
            _stamp(inside, leg, shift_ns)
            yield inside
            if ends:
                return


def _stamp(batch: list[Message], leg: int, shift_ns: int) -> None:
    """Packed messages are of leg 0 and keep the time of the recording."""
    if leg:
        for one in batch:
            one.leg = leg
    if shift_ns:
        for one in batch:
            one.at_ns += shift_ns


def instruments(folder: Path) -> tuple[Recorded, ...]:
    """What there is in a recording's folder. Its manifest is there or one folder up; else RecordingError."""
    if not folder.is_dir():
        raise RecordingError(f"no such folder: {folder}")
    home = next((one for one in (folder, folder.parent) if (one / "manifest.json").is_file()), None)
    if home is None:
        raise RecordingError(f"{folder} holds no recording: there is no manifest.json in it or beside it")
    path = home / "manifest.json"
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise RecordingError(f"{path} is no manifest that can be read: {error}") from error
    here = folder.resolve()
    inside = (one for one in manifest.files if here in (home / one.file).resolve().parents)
    return tuple(_recorded(home, one) for one in inside)


def open_recording(folder: Path, names: Sequence[str], cache: Path, *, loop: bool = False) -> Recording:
    """The recording of those instruments (venue:symbol, one per leg; the same one may serve two legs).

    `cache` keeps the packed copies. RecordingError says what is wrong with the folder, a name or a file.
    """
    known = {one.name: one for one in instruments(folder)}
    chosen = [known.get(name) or _unknown(name, list(known), folder) for name in names]
    return Recording(chosen, [_packed(one, cache) for one in chosen], loop=loop)


def _recorded(home: Path, entry: Entry) -> Recorded:
    venue, _, symbol = entry.instrument.partition(":")
    base = _coin(symbol)
    inverse = venue == INVERSE_VENUE
    lot = entry.lot_size * CONTRACT_USD.get(base, CONTRACT_USD_OTHERS) if inverse else entry.lot_size
    grid = Grid(name=entry.instrument, tick=entry.tick_size, lot=lot, inverse=inverse)
    return Recorded(entry.instrument, base, grid, home / entry.file, entry.sha256)


def _coin(symbol: str) -> str:
    plain = symbol.removesuffix("_PERP")
    quote = next((one for one in QUOTES if plain.endswith(one)), "")
    return plain.removesuffix(quote)


def _unknown(name: str, known: list[str], folder: Path) -> Recorded:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'nothing'}"
    raise RecordingError(f"{folder} has no {name}: {hint}")


def _packed(one: Recorded, cache: Path) -> Packed:
    """The packed copy of a file, made when there is none or it is damaged."""
    if not one.path.is_file():
        raise RecordingError(f"{one.path} is in the manifest but not on the disk")
    sha256 = _digest(one.path)
    if sha256 != one.sha256:
        raise RecordingError(f"{one.path} is not the file the manifest tells of: its sha256 is {sha256}")
    path = cache / f"{sha256}.v{FORMAT}.stream"
    try:
        return Packed(path)
    except (FileNotFoundError, PackedError):
        pack(path, read_messages(one.path))
        return Packed(path)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(partial(file.read, 1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
