"""The screen of the journal: its lines in words, one of them in full."""

from collections.abc import Sequence

from dnkit.policies.explain.lines import wrapped
from dnkit.tui.view import figures as fig
from dnkit.tui.view.lines import EMPTY, Line, Span, boxed, clean, line, padded, styled, window
from dnkit.tui.view.scene import Look, Scene
from dnkit.tui.view.trail import Row, Trail

DETAIL = 8
_KIND = 13
_PLACE = 12


def screen(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    """The list, and below it the selected line where there is room or it was opened."""
    trail = scene.trail
    if trail is None:
        return []
    rows = matching(trail, look.sought)
    detail = min(height - 5, height * 2 // 3 if look.opened else DETAIL) if height >= 14 else 0
    chosen = selected(look, "journal", len(rows))
    high = height - detail
    body = [_head(width), *_rows(rows, chosen, high - 3, width)]
    title = f"Journal  filter: {look.sought or 'none'}"
    lines = boxed(title, body, width, high, _note(trail, look, len(rows)))
    if detail and rows:
        return [*lines, *_detail(trail, rows[chosen], width, detail)]
    return [*lines, *boxed("nothing matches", [], width, detail)] if detail else lines


def matching(trail: Trail, sought: str) -> list[Row]:
    """The lines read that hold every word sought: of their text, kind, place, leg (`leg:a`) or number
    (`#12`).
    """
    if not sought:
        return list(trail.rows)
    words = sought.lower().split()
    return [row for row in trail.rows if all(_holds(trail, row, word) for word in words)]


def _holds(trail: Trail, row: Row, word: str) -> bool:
    if word.startswith("leg:"):
        return row.leg >= 0 and trail.program.legs[row.leg].name.lower() == word[4:]
    if word.startswith("#"):
        return str(row.seq) == word[1:]
    return word in row.words.lower() or word in row.kind.lower() or word in row.place.lower()


def selected(look: Look, screen: str, count: int) -> int:
    """The index of the chosen row: the last one while it is followed."""
    at = look.at.get(screen, -1)
    return max(0, count - 1) if at < 0 else min(at, max(0, count - 1))


def _note(trail: Trail, look: Look, count: int) -> str:
    follows = "FOLLOW" if look.at.get("journal", -1) < 0 else "HELD"
    first = trail.rows[0].seq if trail.rows else 1
    since = f" from #{first}" if first > 1 else ""
    return f"{follows} ─ {count} of {len(trail.rows)} lines{since}"


def _head(width: int) -> Line:
    head = f"  {'line':>6}  {'time':<12}  {'event':<{_KIND}}"
    place = f"  {'phase':<{_PLACE}}" if width >= 76 else ""
    return line(Span(f"{head}{place}  what", "dim"))


def _rows(rows: Sequence[Row], chosen: int, room: int, width: int) -> list[Line]:
    shown = window(len(rows), room, chosen)
    return [_row(rows[at], at, width, on=at == chosen) for at in shown]


def _row(row: Row, at: int, width: int, *, on: bool) -> Line:
    place = f"  {padded(row.place, _PLACE)}" if width >= 76 else ""
    one = line(
        Span("▶ " if on else "  ", "key"),
        Span(f"{row.seq:>6}  {fig.clock(row.at_ns)}  ", "dim"),
        Span(padded(row.kind, _KIND)),
        Span(place, "dim"),
        Span(f"  {row.words}", row.tone),
    )
    return styled(one, "select" if on else "", f"select:{at}")


def _detail(trail: Trail, row: Row, width: int, height: int) -> list[Line]:
    """One line in full: words, what asked for it, the policy's line, event and commands as they are
    stored.
    """
    room = width - 4
    source = trail.run.header.source
    cause = f"asked for by #{row.cause}" if row.cause else "not asked for by a line read here"
    where = f"policy {source}:{row.policy_line}" if row.policy_line else f"policy {source}, {row.place}"
    lines = [line(Span(f"{cause}   {where}   chained {row.line.hash[:8]}", "dim"))]
    for text in row.texts:
        lines += [line(Span(one, row.tone)) for one in wrapped(clean(text), width=room)]
    for text in (row.line.event, row.line.commands):
        lines += [line(one) for one in wrapped(clean(text), width=room)] if text != "[]" else [EMPTY]
    return boxed(f"#{row.seq} {row.kind}", lines, width, height)
