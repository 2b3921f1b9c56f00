"""The flags of `dnkit lint` that need looking at before a file is read."""

from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.lint import BY_FILE, WHOLE, Asked, lint
from dnkit.cli.rules import explain_rule
from dnkit.cli.rules import list_rules as print_rules
from dnkit.lint.report import LEVELS
from dnkit.lint.selection import parse_selection
from dnkit.model.errors import DnkitError
from dnkit.policies.diagnostics import did_you_mean


class BadFlag(DnkitError):
    """A flag that cannot be meant so."""

    exit_code = ExitCode.USAGE


def lint_command(
    *,
    files: tuple[str, ...],
    format: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_level: str,
    explain: str,
    list_rules: bool,
    fix: bool,
    unsafe: bool,
    diff: bool,
    exit_zero: bool,
    verbose: bool,
    prove: bool,
) -> int:
    """Explain a rule, list them all, or lint."""
    _one_of("--format", format, (*BY_FILE, *WHOLE))
    _one_of("--fail-level", fail_level, LEVELS)
    if explain:
        return explain_rule(explain)
    if list_rules:
        return print_rules(as_json=format == "json")
    if not files:
        raise BadFlag("name a file, a folder, a pattern, or - for standard input")
    if unsafe and not (fix or diff):
        raise BadFlag("--unsafe-fixes goes with --fix or --diff")
    if (fix or diff) and "-" in files and format in WHOLE:
        raise BadFlag(f"standard output cannot hold both the mended text and {format}; leave -f out")
    return lint(
        Asked(
            files=files,
            format=format,
            selection=parse_selection(select, ignore),
            fail_level=fail_level,
            verbose=verbose,
            fix=fix,
            unsafe=unsafe,
            diff=diff,
            exit_zero=exit_zero,
            prove=prove,
        )
    )


def _one_of(option: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise BadFlag(f"{option} {word}: {did_you_mean(word, words)}")
