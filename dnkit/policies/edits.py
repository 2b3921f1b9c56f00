"""Edits of a policy's text by route: what to take out so that an item or a key is gone."""

from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Edit, Span
from dnkit.policies.keys import Route


def without_item(bound: Bound, route: Route, index: int) -> Edit | None:
    """Take an item out of the list at a route; with its last item the list goes. None where that is not
    written in one piece."""
    if bound.count(*route) == 1:
        return without_key(bound, route)
    item, whole = bound.nodes[(*route, index)].span, bound.nodes[route]
    if not whole.flow:  # the dash goes along
        item = Span(item.path, item.line, whole.span.col, item.end_line, item.end_col)
    return Edit(item, "")


def without_key(bound: Bound, route: Route) -> Edit | None:
    """Take a key and its value out of its map. None where they came by a dotted path or from two files."""
    key, value, around = bound.keys.get(route), bound.nodes.get(route), bound.nodes.get(route[:-1])
    if key is None or value is None or around is None:
        return None
    end = value.items[-1].span if value.items and not value.flow else value.span
    span = Span(key.path, key.line, key.col, end.end_line, end.end_col)
    same = key.path == end.path == around.span.path
    return Edit(span, "") if same and _inside(span, around.span) else None


def _inside(span: Span, around: Span) -> bool:
    return (around.line, around.col) <= (span.line, span.col) and (span.end_line, span.end_col) <= (
        around.end_line,
        around.end_col,
    )
