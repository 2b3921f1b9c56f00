"""Overlays and dotted settings: changes of the tree that may only tighten, unless an overlay names what
it loosens."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from dnkit.policies import expr
from dnkit.policies.bind import Bound, bind, text_finding
from dnkit.policies.diagnostics import WARNING, Diagnostic, Related, did_you_mean
from dnkit.policies.expr_parse import parse
from dnkit.policies.keys import CHILDREN, TABLE, Route, pattern_of
from dnkit.policies.params import parameters
from dnkit.policies.source import MAP, Entry, Node
from dnkit.policies.tighten import loosened
from dnkit.policies.tree import at, expanded, filled, is_skip, only, put
from dnkit.policies.units import TextError

FIXED = (
    "policy",
    "name",
    "intent",
    "extends",
    "overlays",
    "reasons",
    "rules",
    "watch",
    "recover",
    "keeps",
    "reason",
)
MADE_WHERE_MISSING = ("limits", "data", "size", "alerts", "backoff")


class Overlays:
    """Applies the overlays of a tree one after the other; `found` collects what is wrong with them."""

    def __init__(self, bound: Bound, settings: Mapping[str, Node], facts: Mapping[str, expr.Value]) -> None:
        self.bound = bound
        self.settings = settings
        self.facts = facts
        self.found: list[Diagnostic] = []

    def applied(self, root: Node) -> Node:
        """The tree after all overlays whose test holds. Those that do not hold are checked all the same."""
        before = self._bound(root)
        for index in range(self.bound.count("overlays")):
            changes = self.bound.nodes.get(("overlays", index, "set"))
            holds = self._holds(index)
            if changes is None or changes.kind != MAP:
                continue
            trial = self._put_all(root, changes, index)
            after = self._bound(trial)
            self._check_loosened(before, after, index)
            if holds:
                root, before = trial, after
            else:
                known = {one: None for one in before.found}
                self.found += [one for one in after.found if one not in known]
        return root

    def _bound(self, root: Node) -> Bound:
        """What the tree means; an overlay that changes a parameter changes the limits it feeds."""
        params, _ = parameters(bind(only(root, "params")), self.settings)
        return bind(filled(root, {one.name: one.value for one in params}))

    def _put_all(self, root: Node, changes: Node, index: int) -> Node:
        for entry in changes.entries:
            path = tuple(entry.key.text.split("."))
            finding = path_finding(root, path, entry)
            if finding is None:
                root = put(root, path, _written_out(path, entry.value), entry.key)
            else:
                self.found.append(finding)
        return root

    def _holds(self, index: int) -> bool:
        route = ("overlays", index, "when")
        node = self.bound.nodes.get(route)
        if node is None or route not in self.bound.values:
            return False
        try:
            test = parse(node.text, expr.overlay_facts(self.bound.names("legs")), expr.TRUTH)
        except TextError as error:
            self.found.append(text_finding(error, node))
            return False
        self._check_reasons(test, node)
        held = expr.evaluate(test, self.facts)
        if held is None:
            said = "what this test asks for is not known before the run; the overlay is left out"
            self.found.append(Diagnostic(code="DNK116", message=said, span=node.span, severity=WARNING))
        return held is True

    def _check_reasons(self, test: expr.Expr, node: Node) -> None:
        """`reason is WORD` must name a class or a reason of the file, where the file lists any."""
        classes = self.bound.names("reasons")
        known = [*classes, *(one for name in classes for one in self.bound.of("reasons", name) or ())]
        for one in _parts(test):
            word = one.parts[1] if one.op == "is" and one.parts[0].text == "reason" else None
            if word is not None and word.text not in known and (known or word.text.islower()):
                said = f"there is no reason or class of reasons `{word.text}`"
                help_text = did_you_mean(word.text, known) or "declare it under `reasons:`"
                span = node.part(word.start, word.end)
                self.found.append(Diagnostic(code="DNK112", message=said, span=span, help=help_text))

    def _check_loosened(self, before: Bound, after: Bound, index: int) -> None:
        allowed = [".".join(path) for path in self._allowed(index)]
        routes = loosened(before, after)
        used: dict[str, None] = {}
        for route in routes:
            named = [one for one in allowed if _covers(one, route)]
            used |= dict.fromkeys(named)
            if not named:
                self.found.append(
                    loose_finding(before, after, route, f"add `loosen: [{_dotted(route)}]` if it is meant")
                )
        for place, one in enumerate(allowed):
            if one not in used:
                span = self.bound.place("overlays", index, "loosen", place)
                said = f"`{one}` is not made looser here"
                self.found.append(
                    Diagnostic(code="DNK115", message=said, span=span, severity=WARNING, help="delete it")
                )

    def _allowed(self, index: int) -> list[tuple[str, ...]]:
        return [tuple(str(one).split(".")) for one in self.bound.of("overlays", index, "loosen") or ()]


def _covers(allowed: str, route: Route) -> bool:
    dotted = _dotted(route)
    return dotted == allowed or dotted.startswith(f"{allowed}.")


def _dotted(route: Route) -> str:
    return ".".join(str(one) for one in route)


def _written_out(path: tuple[str, ...], value: Node) -> Node:
    return expanded(value, pattern_of(path) or "")


def _parts(test: expr.Expr) -> list[expr.Expr]:
    return [test, *(below for one in test.parts for below in _parts(one))]


def loose_finding(before: Bound, after: Bound, route: Route, help_text: str) -> Diagnostic:
    """`limits.max_spread` is made looser, from where it is set to where it is changed."""
    old = before.nodes.get(route)
    related = (Related(old.span, f"it is {old.text} here"),) if old is not None and old.text else ()
    said = f"`{_dotted(route)}` is made looser; a limit may only be tightened"
    return Diagnostic(code="DNK114", message=said, span=after.place(*route), help=help_text, related=related)


def path_finding(root: Node, path: tuple[str, ...], entry: Entry) -> Diagnostic | None:
    """Why this path cannot be set in this policy, or None when it can."""
    span, dotted = entry.key.span, ".".join(path)
    pattern = pattern_of(path)
    if pattern is None or pattern not in TABLE:
        return Diagnostic(
            code="DNK113", message=f"there is no key `{dotted}`", span=span, help=_path_help(root, path)
        )
    if path[0] in FIXED or (path[0] in ("params", "legs") and path[-1] not in ("default", "clip")):
        said = f"`{dotted}` cannot be changed here"
        return Diagnostic(
            code="DNK113", message=said, span=span, help="write a policy with `extends:` for that"
        )
    if len(path) > 1 and path[0] not in MADE_WHERE_MISSING:
        above = at(root, path[:-1])
        missing = (
            above is None or above.kind != MAP or (is_skip(path, entry.value) and at(root, path) is None)
        )
        if missing:
            said = f"this policy has no `{'.'.join(path[: 2 if at(root, path[:2]) is None else -1])}`"
            return Diagnostic(code="DNK113", message=said, span=span, help=_path_help(root, path))
    return None


def _path_help(root: Node, path: tuple[str, ...]) -> str:
    """The nearest path: the first part that does not fit is replaced by its nearest neighbour."""
    for length in range(1, len(path) + 1):
        node = at(root, path[:length])
        above = at(root, path[: length - 1])
        written = [entry.key.text for entry in above.entries] if above is not None else []
        below = [
            one for one in CHILDREN.get(pattern_of(path[: length - 1]) or "", {}) if one not in ("*", "#")
        ]
        if node is None and path[length - 1] not in below:
            return did_you_mean(path[length - 1], dict.fromkeys((*written, *below)))
    return ""


def tightened(
    root: Node, settings: Mapping[str, Node], values: Mapping[str, str], entry: Callable[[str], Entry]
) -> tuple[Node, tuple[Diagnostic, ...]]:
    """The tree with settings such as `limits.max_spread=1%`; one that loosens is refused."""
    found: list[Diagnostic] = []
    for dotted in settings:
        one = entry(dotted)
        finding = path_finding(root, tuple(dotted.split(".")), one)
        if finding is not None:
            found.append(finding)
            continue
        path = tuple(dotted.split("."))
        trial = put(root, path, _written_out(path, one.value), one.key)
        before, after = bind(filled(root, values)), bind(filled(trial, values))
        loose = loosened(before, after)
        found += [
            loose_finding(before, after, route, "change the policy, or leave the setting out")
            for route in loose
        ]
        root = root if loose else trial
    return root, tuple(found)


def facts_of(bound: Bound, reason: str, notionals: Mapping[str, Decimal]) -> dict[str, expr.Value]:
    """What overlays may ask: the reason with its classes, venues and symbols of the legs, notionals
    where they are known."""
    classes = [one for one in bound.names("reasons") if reason in (bound.of("reasons", one) or ())]
    legs = bound.names("legs")
    venues = tuple(bound.of("legs", leg, "venue") or "" for leg in legs)
    facts: dict[str, expr.Value] = {"reason": (reason, *classes), "venue": venues}
    for leg in legs:
        facts[f"{leg}.venue"] = (bound.of("legs", leg, "venue") or "",)
        facts[f"{leg}.symbol"] = (bound.of("legs", leg, "symbol") or "",)
        facts[f"leg {leg} notional"] = notionals.get(leg, _notional(bound, leg))
    return facts


def _notional(bound: Bound, leg: str) -> Decimal | None:
    clip = bound.of("legs", leg, "clip") or bound.of("clip")
    return clip.amount if clip is not None and clip.unit == "money" else None
