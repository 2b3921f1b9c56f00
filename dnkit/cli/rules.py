"""`dnkit lint --explain CODE` and `--list-rules`: what there is to know of the codes."""

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.lint.ignores import code_of
from dnkit.lint.pages import summary_of
from dnkit.model.errors import DnkitError
from dnkit.policies.codes import CODES, SAFETY
from dnkit.policies.diagnostics import did_you_mean
from dnkit.runtime.library import rule_page


class UnknownRule(DnkitError):
    """There is no such code."""

    exit_code = ExitCode.USAGE


def explain_rule(word: str) -> int:
    """Print the page of a code, given by number or by name."""
    code = code_of(word) or code_of(word.upper())
    if not code:
        known = (*CODES, *(one.name for one in CODES.values()))
        raise UnknownRule(f"there is no rule `{word}`; {did_you_mean(word, known)}")
    out.data_raw(rule_page(code))
    return ExitCode.OK


def list_rules(*, as_json: bool) -> int:
    """Print every code with its name, severity, first version and one sentence."""
    if as_json:
        rows = [
            {
                "code": code,
                "name": one.name,
                "severity": one.severity,
                "since": one.since,
                "safety": code.startswith(SAFETY),
                "summary": summary_of(rule_page(code)),
            }
            for code, one in CODES.items()
        ]
        out.envelope("rules/1", rows, ok=True)
        return ExitCode.OK
    lines = [
        (code, one.severity, one.since, one.name, summary_of(rule_page(code))) for code, one in CODES.items()
    ]
    out.data(out.table(("code", "severity", "since", "name", "what it finds"), lines))
    return ExitCode.OK
