"""The hash chain: each line's hash covers the line before, so nothing in the middle can change unseen.

Parts are joined by newlines, which JSON text and hex digests never contain, so no two records share a text.
"""

import hashlib

import msgspec

from dnkit.journal.records import RunEnd
from dnkit.model.commands import Command
from dnkit.model.events import Event

HASH_BYTES = 16

_encoder = msgspec.json.Encoder()


def encode(value: object) -> str:
    """Canonical JSON text of an event, of a tuple of commands, of a header or a program."""
    return _encoder.encode(value).decode()


def encode_step(event: Event, commands: tuple[Command, ...]) -> tuple[str, str]:
    """Texts of one step as they are stored."""
    return _encoder.encode(event).decode(), (_encoder.encode(commands).decode() if commands else "[]")


def genesis(header: str, program: str) -> str:
    """What the first line's hash stands on: the run's header and program."""
    return _hash(f"{header}\n{program}")


def line_hash(prev: str, seq: int, at_ns: int, event: str, commands: str, digest: str) -> str:
    """Hash of a line (hex of BLAKE2b-128)."""
    return _hash(f"{prev}\n{seq}\n{at_ns}\n{event}\n{commands}\n{digest}")


def seal(end: RunEnd) -> str:
    """Hash over a run's end and, through its tip, over the whole run."""
    return _hash(encode(msgspec.structs.replace(end, seal="")))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=HASH_BYTES).hexdigest()
