"""Workflow commands of GitHub: each finding becomes an annotation at its line of the pull request."""

from dnkit.lint.report import Linted
from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.diagnostics import Diagnostic, printable

_COMMANDS = {ERROR: "error", WARNING: "warning", INFO: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_VALUE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def show(file: Linted) -> str:
    """All findings of one file, one command a line."""
    return "\n".join(_command(one) for one in file.found)


def _command(one: Diagnostic) -> str:
    span = one.span
    values = {
        "title": f"dnkit {one.code} ({one.name})",
        "file": span.path,
        "line": str(span.line),
        "endLine": str(span.end_line),
        "col": str(span.col),
        "endColumn": str(span.end_col),
    }
    shown = ",".join(f"{name}={printable(value).translate(_VALUE)}" for name, value in values.items())
    words = "\n".join(printable(text) for text in (one.message, *one.notes, one.advice) if text)
    return f"::{_COMMANDS[one.severity]} {shown}::{words.translate(_DATA)}"
