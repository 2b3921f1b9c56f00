"""Where the compiler collects what it found wrong: one call per finding, placed by its route in the policy
file.
"""

from collections.abc import Mapping

from dnkit.policies.diagnostics import ERROR, INFO, WARNING, Diagnostic, Span, has_errors

Route = tuple[str | int, ...]


class Findings:
    """Diagnostics of one policy in order of finding. `spans` maps routes to places; a missing one takes its
    parent's.
    """

    def __init__(self, path: str, spans: Mapping[Route, Span] | None = None) -> None:
        self.path = path
        self.spans = spans or {}
        self.items: list[Diagnostic] = []
        self.files: dict[str, str] = {}

    def beside(self, path: str, spans: Mapping[Route, Span]) -> "Findings":
        """Findings about another file that go into the same list."""
        other = Findings(path, spans)
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

    def error(self, code: str, message: str, route: Route, help: str = "") -> None:
        """The policy cannot run."""
        self._add(ERROR, code, message, route, help)

    def warning(self, code: str, message: str, route: Route, help: str = "") -> None:
        """The policy can run, but the author should know."""
        self._add(WARNING, code, message, route, help)

    def info(self, code: str, message: str, route: Route, help: str = "") -> None:
        """Nothing is wrong, but something said has no effect."""
        self._add(INFO, code, message, route, help)

    def _add(self, severity: str, code: str, message: str, route: Route, help: str) -> None:
        self.items.append(
            Diagnostic(code=code, severity=severity, message=message, span=self.place(route), help=help)
        )
