"""Journal lines for other programs: JSON lines or CSV, one line a step."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from dnkit.journal.records import Line

COLUMNS = ("run_id", "seq", "at_ns", "kind", "leg", "event", "commands", "digest", "prev", "hash")


class _Row(msgspec.Struct, frozen=True):
    run_id: str
    seq: int
    at_ns: int
    event: msgspec.Raw
    commands: msgspec.Raw
    digest: str
    prev: str
    hash: str


class _Head(msgspec.Struct, frozen=True):
    """What a CSV row tells of an event besides its text."""

    type: str
    leg: int | None = None


def to_jsonl(lines: Iterable[Line]) -> Iterator[str]:
    """One JSON object a line, without newline; event and commands are objects, byte for byte as chained."""
    for line in lines:
        event, commands = msgspec.Raw(line.event.encode()), msgspec.Raw(line.commands.encode())
        row = _Row(line.run_id, line.seq, line.at_ns, event, commands, line.digest, line.prev, line.hash)
        yield msgspec.json.encode(row).decode()


def to_csv(lines: Iterable[Line]) -> Iterator[str]:
    """CSV rows without newline, the header row first; event and commands are JSON text."""
    yield _row(COLUMNS)
    for line in lines:
        head = msgspec.json.decode(line.event, type=_Head)
        leg = "" if head.leg is None else head.leg
        start = (line.run_id, line.seq, line.at_ns, head.type, leg)
        yield _row((*start, line.event, line.commands, line.digest, line.prev, line.hash))


def _row(values: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()
