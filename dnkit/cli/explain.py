"""`dnkit explain`: what a policy will do, in words."""

from collections.abc import Sequence

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.settings import parse_settings
from dnkit.policies.diagnostics import INFO, has_errors
from dnkit.policies.explain import explain as explained
from dnkit.policies.explain import explain_guard
from dnkit.runtime.library import VenueFacts, shown
from dnkit.runtime.prepare import Checked, PolicyInvalid, read_and_check


def explain(name: str, settings: tuple[str, ...], reason: str, *, as_json: bool) -> int:
    """Text, or the text and the figures of the worst case as JSON."""
    checked = read_and_check(name, VenueFacts(), settings=parse_settings(settings), reason=reason)
    if has_errors(checked.diagnostics):
        raise PolicyInvalid(shown(checked.diagnostics, checked.texts))
    idle = [one.message for one in checked.diagnostics if one.severity == INFO]
    text, worst = _words(checked, idle)
    if as_json:
        out.envelope("explain/1", {"text": text, "worst": worst, "not_acted_on": idle}, ok=True)
    else:
        out.data(text.rstrip("\n"))
    return ExitCode.OK


def _words(checked: Checked, idle: Sequence[str]) -> tuple[str, object]:
    compiled = checked.compiled
    if compiled is not None and compiled.program is not None:
        found = explained(compiled.program, idle)
        return found.text, found.worst
    if compiled is not None and compiled.guard is not None:
        return explain_guard(compiled.guard, idle), None
    raise PolicyInvalid("there is nothing to explain")
