"""The full picture of every finding: excerpt, related places, notes, help."""

from dnkit.lint.report import Linted
from dnkit.policies.diagnostics import render


def show(file: Linted) -> str:
    """All findings of one file, an empty line between them."""
    return "\n\n".join(render(one, file.texts.get(one.span.path, ""), file.texts) for one in file.found)
