"""One line a finding, as compilers do it: editors and `grep` know the form."""

from dnkit.lint.report import Linted
from dnkit.policies.diagnostics import Diagnostic, printable


def show(file: Linted) -> str:
    """All findings of one file."""
    return "\n".join(line(one) for one in file.found)


def line(one: Diagnostic) -> str:
    """`file:line:col: severity CODE message (help) [name]`."""
    place = f"{one.span.path}:{one.span.line}:{one.span.col}"
    advice = f" ({one.advice})" if one.advice else ""
    return printable(f"{place}: {one.severity} {one.code} {one.message}{advice} [{one.name}]")
