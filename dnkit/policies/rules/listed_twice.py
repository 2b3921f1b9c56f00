"""A list that names the same thing twice."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic, Fix
from dnkit.policies.edits import without_item
from dnkit.policies.keys import Route
from dnkit.policies.orders import own_name
from dnkit.policies.rules.subject import Subject

CODE = "DNK125"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every item that an earlier one of its list repeats, in lists whose order means nothing: what was to
    stand there instead is not said."""
    for route in _lists(subject):
        seen: dict[str, int] = {}
        for index in range(subject.bound.count(*route)):
            word = own_name(subject.bound.nodes[(*route, index)].text)
            if word in seen:
                yield _finding(subject, route, index, seen[word])
            seen.setdefault(word, index)


def _lists(subject: Subject) -> Iterator[Route]:
    bound = subject.bound
    found: list[Route] = [("keeps",), ("limits", "forbid")]
    found += [("params", one, "choices") for one in bound.names("params")]
    found += [("reasons", one) for one in bound.names("reasons")]
    found += [("overlays", index, "loosen") for index in range(bound.count("overlays"))]
    return (route for route in found if bound.has(*route))


def _finding(subject: Subject, route: Route, index: int, first: int) -> Diagnostic:
    word = subject.bound.nodes[(*route, index)].text
    edit = without_item(subject.bound, route, index)
    return subject.finding(
        CODE,
        f"`{word}` is listed twice: if another word was meant, it is missing from `{route[-1]}`",
        *route,
        index,
        help="delete it, or write the other word",
        related=(subject.related("first listed here", *route, first),),
        fix=edit and Fix(f"delete the second `{word}`", (edit,)),
    )
