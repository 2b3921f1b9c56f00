"""`dnkit lint`: findings of policy files. Kept light: nothing here may import the parser of flags or a
drawing library.
"""

from collections.abc import Sequence

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.model.errors import DnkitError
from dnkit.policies.diagnostics import Diagnostic, has_errors
from dnkit.runtime.library import VenueFacts, read_policy, shown
from dnkit.runtime.prepare import check


def lint(files: Sequence[str], *, as_json: bool) -> int:
    """Check every file; 0 when no file has an error, 1 when one has, 3 when one cannot be read."""
    venues = VenueFacts()
    found: list[Diagnostic] = []
    unreadable: list[str] = []
    for name in files:
        try:
            checked = check(read_policy(name), venues)
        except DnkitError as error:
            unreadable.append(f"{name}: {error}")
            continue
        found += checked.diagnostics
        if checked.diagnostics and not as_json:
            out.data(shown(checked.diagnostics, checked.texts))
    _close(files, found, unreadable, as_json)
    if unreadable:
        return ExitCode.CONFIG
    return ExitCode.FINDINGS if has_errors(found) else ExitCode.OK


def _close(files: Sequence[str], found: list[Diagnostic], unreadable: list[str], as_json: bool) -> None:
    errors = sum(1 for one in found if has_errors([one]))
    for text in unreadable:
        out.say(f"error: {text}")
    if as_json:
        rows = [_row(one) for one in found]
        out.envelope("lint/1", {"findings": rows}, ok=not errors and not unreadable, warnings=unreadable)
    else:
        out.say(f"{len(files)} files, {errors} errors, {len(found) - errors} warnings")


def _row(one: Diagnostic) -> dict[str, object]:
    """A finding as JSON: place, code, words, help."""
    return {
        "file": one.span.path,
        "line": one.span.line,
        "col": one.span.col,
        "code": one.code,
        "name": one.name,
        "severity": one.severity,
        "message": one.message,
        "notes": list(one.notes),
        "help": one.help,
    }
