"""`dnkit explain`: what a policy will do, in words, as a diagram or in figures."""

import sys
from collections.abc import Callable, Sequence

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.settings import parse_settings
from dnkit.model.errors import DnkitError
from dnkit.policies.codes import INFO
from dnkit.policies.diagnostics import has_errors
from dnkit.policies.explain.diagram.dot import dot
from dnkit.policies.explain.diagram.mermaid import mermaid
from dnkit.policies.explain.diagram.svg import svg
from dnkit.policies.explain.policy import Explained, explain_guard, page_of, text_of
from dnkit.policies.explain.policy import explain as explained
from dnkit.policies.explain.resolved import resolved
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.prepare import Checked, PolicyInvalid, read_and_check

TEXT, JSON = "text", "json"
_NAKED = ("calm_ns", "longest_ns", "exact", "halts")
_IDLE = ("DNK601", "DNK602", "DNK603")
FORMS: dict[str, Callable[[Explained], str]] = {
    TEXT: text_of,
    "mermaid": lambda told: mermaid(told.graph),
    "dot": lambda told: dot(told.graph),
    "svg": lambda told: svg(told.graph),
    "md": page_of,
}


class BadOptions(DnkitError):
    """Options that do not go together, or a form that there is none of."""

    exit_code = ExitCode.USAGE


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    policy: str
    settings: tuple[str, ...]
    reason: str
    form: str
    ascii: bool
    resolved: bool


def explain(asked: Asked) -> int:
    """The policy in the form asked for, or what is in force of it."""
    _check(asked)
    checked = read_and_check(
        asked.policy, VenueFacts(), settings=parse_settings(asked.settings), reason=asked.reason
    )
    if has_errors(checked.diagnostics):
        raise PolicyInvalid(checked.told)
    idle = [one.message for one in checked.diagnostics if one.severity == INFO and one.code in _IDLE]
    told = _told(checked, idle)
    if asked.form == JSON:
        out.envelope("explain/1", _content(asked, checked, told, idle), ok=True)
    elif asked.resolved:
        out.data(_resolved(checked).rstrip("\n"))
    else:
        ascii = asked.form == TEXT and (asked.ascii or not _draws_lines())
        text = text_of(told, ascii=True) if ascii else FORMS[asked.form](told)
        out.data(text.rstrip("\n"))
    return ExitCode.OK


def _check(asked: Asked) -> None:
    if asked.form not in (*FORMS, JSON):
        raise BadOptions(f"--format {asked.form}: write {', '.join(FORMS)} or {JSON}")
    if asked.ascii and (asked.form != TEXT or asked.resolved):
        raise BadOptions("--ascii goes with the text only")
    if asked.resolved and asked.form not in (TEXT, JSON):
        raise BadOptions(f"--resolved is YAML: it goes without --format {asked.form}")


def _draws_lines() -> bool:
    """Whether standard output can show the lines of a diagram."""
    try:
        "─▶✕".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _told(checked: Checked, idle: Sequence[str]) -> Explained:
    compiled = checked.compiled
    if compiled is not None and compiled.program is not None:
        return explained(compiled.program, idle)
    if compiled is not None and compiled.guard is not None:
        return explain_guard(compiled.guard, idle)
    raise PolicyInvalid("there is nothing to explain")


def _resolved(checked: Checked) -> str:
    assert checked.policy is not None and checked.bound is not None, "a policy without errors was built"
    return resolved(checked.policy, checked.bound, checked.texts)


def _content(asked: Asked, checked: Checked, told: Explained, idle: Sequence[str]) -> dict[str, object]:
    return {
        "text": told.text,
        "graph": told.graph,
        "table": told.table,
        "worst": told.worst,
        "naked": told.naked and {name: getattr(told.naked, name) for name in _NAKED},
        "break_even": told.break_even,
        "not_acted_on": idle,
        "resolved": _resolved(checked) if asked.resolved else None,
    }
