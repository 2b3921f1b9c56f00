"""A word that has another name in the language."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic, Edit, Fix
from dnkit.policies.keys import key_of
from dnkit.policies.orders import OTHER_NAMES
from dnkit.policies.rules.subject import Subject

CODE = "DNK124"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every order type by the name it has elsewhere; both names mean the same."""
    for route, node in subject.bound.nodes.items():
        word, key = OTHER_NAMES.get(node.text), key_of(route)
        if word is not None and key is not None and word in key.choices:
            said = f"`{node.text}` is called `{word}` here and in all reports: look for it under that name"
            fix = Fix(f"write `{word}`", (Edit(node.span, word),)) if node.exact else None
            yield subject.finding(CODE, said, *route, help=f"write `{word}`", fix=fix)
