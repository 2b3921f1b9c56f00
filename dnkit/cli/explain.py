"""`dnkit explain`: what a policy will do, in words."""

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.settings import parse_settings
from dnkit.policies.diagnostics import has_errors
from dnkit.policies.explain import explain as explained
from dnkit.policies.explain import explain_guard
from dnkit.runtime.library import VenueFacts, shown
from dnkit.runtime.prepare import Checked, PolicyInvalid, read_and_check


def explain(name: str, settings: tuple[str, ...], reason: str, *, as_json: bool) -> int:
    """Text, or the text and the figures of the worst case as JSON."""
    checked = read_and_check(name, VenueFacts(), settings=parse_settings(settings), reason=reason)
    if has_errors(checked.diagnostics):
        raise PolicyInvalid(shown(checked.diagnostics, checked.texts))
    text, worst = _words(checked)
    if as_json:
        out.envelope("explain/1", {"text": text, "worst": worst}, ok=True)
    else:
        out.data(text.rstrip("\n"))
    return ExitCode.OK


def _words(checked: Checked) -> tuple[str, object]:
    compiled = checked.compiled
    if compiled is not None and compiled.program is not None:
        found = explained(compiled.program)
        return found.text, found.worst
    if compiled is not None and compiled.guard is not None:
        return explain_guard(compiled.guard), None
    raise PolicyInvalid("there is nothing to explain")
