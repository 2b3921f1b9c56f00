"""A recording in the form it is played from: messages, ready to apply, in frames of msgpack.

A frame is length, crc32 and a batch of messages of one instrument in time order. The last frame is the
summary, and the last eight bytes say where it begins. A file is written under another name and renamed when
it is whole.
"""

import os
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from struct import Struct
from tempfile import NamedTemporaryFile
from typing import IO

import msgspec

from dnkit.market.feed import Bbo, Delta, Message, Snapshot, Trade
from dnkit.model.errors import DnkitError

FORMAT = 1  # part of the file's name: another form is another file
BATCH = 1024  # messages a frame; what a player holds in memory

_HEAD = Struct("<II")
_TAIL = Struct("<Q")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Bbo | Trade | Delta | Snapshot])


class PackedError(DnkitError):
    """A packed file is not what was written."""


class Summary(msgspec.Struct, frozen=True):
    """What a packed file holds. The book is whole at `whole_ns`, its first snapshot or message."""

    first_ns: int
    whole_ns: int
    last_ns: int
    messages: dict[str, int]


class Packed:
    """A packed file. PackedError when its end is not as it was written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self._data_end = _summary_at(file, path)
            file.seek(self._data_end)
            try:
                self.summary = msgspec.msgpack.decode(_frame(file, path), type=Summary)
            except msgspec.MsgspecError as error:
                raise _broken(path) from error

    def batches(self) -> Iterator[list[Message]]:
        """Every message in time order, a batch at a time; PackedError where a frame is broken."""
        with self.path.open("rb") as file:
            while file.tell() < self._data_end:
                batch: list[Message] = [*_DECODER.decode(_frame(file, self.path))]
                yield batch


def pack(path: Path, messages: Iterable[Message]) -> None:
    """Write the messages, at least one and in time order, to `path`, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            _write(file, messages)
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _write(file: IO[bytes], messages: Iterable[Message]) -> None:
    source = iter(messages)
    first = whole = last = 0
    counts: dict[str, int] = {}
    while batch := list(islice(source, BATCH)):
        first, last = first or batch[0].at_ns, batch[-1].at_ns
        for one in batch:
            kind = type(one).__name__.lower()
            counts[kind] = counts.get(kind, 0) + 1
            if not whole and isinstance(one, Snapshot):
                whole = one.at_ns
        _put(file, _ENCODER.encode(batch))
    begins = file.tell()
    _put(file, _ENCODER.encode(Summary(first, whole or first, last, counts)))
    file.write(_TAIL.pack(begins))


def _put(file: IO[bytes], payload: bytes) -> None:
    file.write(_HEAD.pack(len(payload), zlib.crc32(payload)))
    file.write(payload)


def _frame(file: IO[bytes], path: Path) -> bytes:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise _broken(path)
    length, checksum = _HEAD.unpack(head)
    payload = file.read(length)
    if len(payload) != length or zlib.crc32(payload) != checksum:
        raise _broken(path)
    return payload


def _summary_at(file: IO[bytes], path: Path) -> int:
    size = file.seek(0, os.SEEK_END)
    if size < _TAIL.size:
        raise _broken(path)
    file.seek(size - _TAIL.size)
    begins: int = _TAIL.unpack(file.read(_TAIL.size))[0]
    if begins > size:
        raise _broken(path)
    return begins


def _broken(path: Path) -> PackedError:
    return PackedError(f"{path} is damaged: delete it, it is made anew from the recording")
