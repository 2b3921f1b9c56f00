"""Where the compiler collects what it found wrong: one call per finding, placed by its route in the policy
file.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.diagnostics import Diagnostic, Span, has_errors, in_order, suggestion

Route = tuple[str | int, ...]
Names = Callable[[], Iterable[str]]
FOUND_MAX = 100
MESSAGE_MAX = 300
_RANKS = {ERROR: 0, WARNING: 1, INFO: 2}


def first_of(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings by place; where there are more than anyone would read, the first errors, and a line that says
    how many are left out."""
    ordered = in_order(_brief(one) for one in found)
    if len(ordered) <= FOUND_MAX:
        return ordered
    kept = in_order(sorted(ordered, key=lambda one: _RANKS[one.severity])[:FOUND_MAX])
    said = f"{len(ordered) - FOUND_MAX:,} more findings are left out"
    more = Diagnostic(
        code="DNK016", message=said, span=kept[-1].span, severity=INFO, help="mend the ones told first"
    )
    return (*kept, more)


def _brief(one: Diagnostic) -> Diagnostic:
    """A message that quotes half a file says no more than its beginning does."""
    if len(one.message) <= MESSAGE_MAX:
        return one
    return replace(one, message=f"{one.message[:MESSAGE_MAX]}...")


class Findings:
    """Diagnostics of one policy in order of finding. `spans` maps routes to places; a missing one takes its
    parent's. `names()` are the policies there are.
    """

    def __init__(self, path: str, spans: Mapping[Route, Span] | None = None, names: Names = tuple) -> None:
        self.path = path
        self.names = names
        self.spans = spans or {}
        self.items: list[Diagnostic] = []
        self.files: dict[str, str] = {}

    def beside(self, path: str, spans: Mapping[Route, Span]) -> "Findings":
        """Findings about another file that go into the same list."""
        other = Findings(path, spans, self.names)
        other.items = self.items
        other.files = self.files
        return other

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return has_errors(self.items)

    def place(self, route: Route) -> Span:
        """The span of the longest known part of a route, else the start of the file."""
        for length in range(len(route), -1, -1):
            span = self.spans.get(route[:length])
            if span is not None:
                return span
        return Span(self.path, 1, 1, 1, 1)

    def line(self, route: Route) -> int:
        """Line of a route, 0 where the policy was not read from text."""
        return self.place(route).line if self.spans else 0

    def near(self, route: Route, word: str, words: Iterable[str]) -> dict[str, str]:
        """`suggestion` for the word at a route; as help alone where the file has something else there (a
        `$name`, or a word from the command line)."""
        found, span = suggestion(word, words), self.spans.get(route)
        stands = span is not None and span.line == span.end_line and span.end_col - span.col == len(word)
        if "meant" in found and not stands:
            return {"help": f"did you mean `{found['meant']}`?"}
        return found

    def no_policy(self, name: str, route: Route, help: str) -> None:
        """A policy is named that there is none of, or that has errors of its own: then `help` tells."""
        near = {"help": help} if help else self.near(route, name, self.names())
        told = near if any(near.values()) else {"help": "check the name"}
        self.error("DNK220", f"there is no usable policy `{name}`", route, **told)

    def error(self, code: str, message: str, route: Route, help: str = "", meant: str = "") -> None:
        """The policy cannot run."""
        self._add(ERROR, code, message, route, help, meant)

    def warning(self, code: str, message: str, route: Route, help: str = "") -> None:
        """The policy can run, but the author should know."""
        self._add(WARNING, code, message, route, help)

    def info(self, code: str, message: str, route: Route, help: str = "") -> None:
        """Nothing is wrong, but something said has no effect."""
        self._add(INFO, code, message, route, help)

    def _add(self, severity: str, code: str, message: str, route: Route, help: str, meant: str = "") -> None:
        place = self.place(route)
        self.items.append(
            Diagnostic(code=code, severity=severity, message=message, span=place, help=help, meant=meant)
        )
