"""A policy in force as YAML, one value a line, with the place each value comes from as a comment."""

from collections.abc import Mapping

from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Span, printable
from dnkit.policies.keys import Route
from dnkit.policies.policy import Policy
from dnkit.policies.render import written_out
from dnkit.policies.source import Node
from dnkit.policies.tree import REFERENCE, SETTINGS_PATH

COMMENT_COLUMN = 44
REASON = "--reason"
DEFAULT = "default"


def resolved(policy: Policy, bound: Bound, texts: Mapping[str, str]) -> str:
    """The text; it loads to the same policy. `bound` is what the policy was built from, `texts` are the files
    by path, settings as `--set`.
    """
    origins = _Origins(policy, bound, texts)
    lines = written_out(policy)
    return "".join(
        f"{line:<{COMMENT_COLUMN}}  # {origins.of(route)}\n" if route else f"{line}\n"
        for line, route in lines
    )


class _Origins:
    """Where values come from."""

    def __init__(self, policy: Policy, bound: Bound, texts: Mapping[str, str]) -> None:
        self.policy = policy
        self.bound = bound
        self.texts = texts
        rows = texts.get(SETTINGS_PATH, "").split("\n")
        self.settings = [row.partition("=")[0] for row in rows]
        self.overlays = [
            bound.nodes[route]
            for route in (("overlays", at, "set") for at in range(bound.count("overlays")))
            if route in bound.nodes
        ]

    def of(self, route: Route) -> str:
        """`my.yaml:23`, `overlay 1 (my.yaml:33)`, `--set`, `--reason` or `default`."""
        node = self._node(route)
        if route[0] == "params" and route[-1] == "value" and route[1] in self.settings:
            return SETTINGS_PATH
        if route == ("reason",) and (node is None or node.text != self.policy.reason):
            return REASON
        if node is None:
            return DEFAULT
        return self._place(node.span) + self._parameters(node.span)

    def _node(self, route: Route) -> Node | None:
        """The node of a route; one leg may also be written as a list of legs."""
        found = self.bound.nodes.get(route)
        return found or self.bound.nodes.get((*route[:-1], "legs")) if route[-1] == "leg" else found

    def _place(self, span: Span) -> str:
        if span.path == SETTINGS_PATH:
            return SETTINGS_PATH
        place = f"{printable(span.path.rsplit('/', 1)[-1])}:{span.line}"
        sets = enumerate((one.span for one in self.overlays), 1)
        number = next(
            (at for at, one in sets if one.path == span.path and one.covers(span.line, span.col)), 0
        )
        return f"overlay {number} ({place})" if number else place

    def _parameters(self, span: Span) -> str:
        """Parameters the value was written with, and whether a setting gave them their value."""
        lines = self.texts.get(span.path, "").split("\n")
        if span.line > len(lines) or span.end_line != span.line:
            return ""
        written = lines[span.line - 1][span.col - 1 : span.end_col - 1]
        known = [one.name for one in self.policy.params]
        names = [one for one in REFERENCE.findall(written) if one in known]
        by = {name: f" by {SETTINGS_PATH}" if name in self.settings else "" for name in names}
        return "".join(f", ${name}{how}" for name, how in by.items())
