"""`dnkit lint`: findings of policy files. Kept light: nothing here may import the parser of flags or a
drawing library.
"""

from collections.abc import Sequence

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.model.errors import DnkitError
from dnkit.policies.diagnostics import ERROR, INFO, WARNING, Diagnostic
from dnkit.runtime.library import VenueFacts, policy_texts, shown
from dnkit.runtime.prepare import check


def lint(files: Sequence[str], *, as_json: bool, verbose: bool) -> int:
    """Check every file; 0 when no file has an error, 1 when one has, 3 when one cannot be read.

    A name may be a file, a policy, a folder, a pattern such as `policies/*.yaml`, or `-` for standard input.
    Infos are counted, and printed when `verbose`.
    """
    venues = VenueFacts()
    found: list[Diagnostic] = []
    unreadable: list[str] = []
    read = 0
    for name in files:
        try:
            sources = policy_texts(name)
        except DnkitError as error:
            unreadable.append(f"{name}: {error}")
            continue
        for source in sources:
            checked = check(source, venues)
            found += checked.diagnostics
            read += 1
            told = tuple(one for one in checked.diagnostics if verbose or one.severity != INFO)
            if told and not as_json:
                out.data(shown(told, checked.texts))
    _close(read, found, unreadable, as_json=as_json, verbose=verbose)
    if unreadable:
        return ExitCode.CONFIG
    return ExitCode.FINDINGS if _count(found, ERROR) else ExitCode.OK


def _close(
    read: int, found: list[Diagnostic], unreadable: list[str], *, as_json: bool, verbose: bool
) -> None:
    for text in unreadable:
        out.say(f"error: {text}")
    if as_json:
        rows = [_row(one) for one in found]
        ok = not _count(found, ERROR) and not unreadable
        out.envelope("lint/1", {"files": read, "findings": rows}, ok=ok, warnings=unreadable)
        return
    infos = _count(found, INFO)
    hint = f" (-v shows {'it' if infos == 1 else 'them'})" if infos and not verbose else ""
    counts = (
        _counted(read, "file"),
        _counted(_count(found, ERROR), "error"),
        _counted(_count(found, WARNING), "warning"),
        f"{_counted(infos, 'info')}{hint}",
    )
    out.say(", ".join(counts))


def _count(found: list[Diagnostic], severity: str) -> int:
    return sum(1 for one in found if one.severity == severity)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


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
