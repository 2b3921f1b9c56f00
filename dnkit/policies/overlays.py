"""Overlays and dotted settings: changes of the tree that may only tighten, unless an overlay names what
it loosens."""

from collections.abc import Mapping
from decimal import Decimal

from dnkit.policies import expr
from dnkit.policies.bind import Bound, bind, bind_key, near, text_finding
from dnkit.policies.codes import WARNING
from dnkit.policies.diagnostics import Diagnostic, Fix, Related
from dnkit.policies.edits import without_item
from dnkit.policies.expr_parse import parse
from dnkit.policies.keys import CHILDREN, TABLE, Route, pattern_of
from dnkit.policies.params import parameters
from dnkit.policies.policy import Param
from dnkit.policies.source import MAP, Entry, Node
from dnkit.policies.tighten import loosened
from dnkit.policies.tree import Filler, at, expanded, is_skip, part_of, put
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
WORK_MAX = 100_000
MADE_WHERE_MISSING = ("limits", "data", "size", "alerts", "backoff")


class Stage:
    """What a tree means with its parameters filled in, time after time: of a changed tree only what is not as
    before is looked at again.
    """

    def __init__(self, settings: Mapping[str, Node], *, changes: bool) -> None:
        """`changes` says that more than one tree is to come."""
        self.settings = settings
        self.last = Bound() if changes else None
        self.declared: Node | None = None
        self.params: tuple[Param, ...] = ()
        self.found: tuple[Diagnostic, ...] = ()
        self.filler = Filler({})

    def bound(self, root: Node) -> tuple[Bound, tuple[Param, ...], tuple[Diagnostic, ...]]:
        """The meaning of the tree, its parameters in force, and what is wrong with them."""
        declared = root.get("params")
        if declared is not self.declared:
            self.declared = declared
            self.params, self.found = parameters(bind_key(root, "params"), self.settings)
            self.filler = Filler({one.name: one.value for one in self.params})
        bound = bind(self.filler.filled(root), self.last)
        if self.last is not None:
            self.last = bound
        return bound, self.params, self.found


class Overlays:
    """Applies the overlays of a tree one after the other; `found` collects what is wrong with them."""

    def __init__(self, bound: Bound, stage: Stage, facts: Mapping[str, expr.Value]) -> None:
        self.bound = bound
        self.stage = stage
        self.facts = facts
        self.found: list[Diagnostic] = []

    def applied(self, root: Node) -> Node:
        """The tree after all overlays whose test holds. Those that do not hold are checked all the same."""
        before = self.bound
        if self._too_many():
            return root
        for index in range(self.bound.count("overlays")):
            changes = self.bound.nodes.get(("overlays", index, "set"))
            holds = self._holds(index)
            if changes is None or changes.kind != MAP:
                continue
            trial = self._put_all(root, changes)
            after, *_ = self.stage.bound(trial)
            self._check_loosened(before, after, index)
            if holds:
                root, before = trial, after
            else:
                known = {one: None for one in before.found}
                self.found += [one for one in after.found if one not in known]
        return root

    def _too_many(self) -> bool:
        """Each overlay may change all there is: their number times what there is bounds the work."""
        count, size = self.bound.count("overlays"), len(self.bound.nodes)
        if count * size <= WORK_MAX:
            return False
        said = f"{count} overlays over {size:,} keys and values"
        self.found.append(self.bound.finding("DNK016", said, "overlays", help="part the policy"))
        return True

    def _put_all(self, root: Node, changes: Node) -> Node:
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
        for word in _asked(test):
            if word.text not in known and (known or word.text.islower()):
                said = f"there is no reason or class of reasons `{word.text}`: the overlay would never apply"
                advice = near(node, word.text, known) if known else {"help": "declare it under `reasons:`"}
                span = node.part(word.start, word.end)
                self.found.append(Diagnostic(code="DNK112", message=said, span=span, **advice))

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
                self.found.append(self._loosens_nothing(index, place, one))

    def _loosens_nothing(self, index: int, place: int, path: str) -> Diagnostic:
        route: Route = ("overlays", index, "loosen")
        edit = without_item(self.bound, route, place)
        return self.bound.finding(
            "DNK115",
            f"`{path}` is not made looser here: the next change of the overlay could loosen it unseen",
            *route,
            place,
            help="delete it",
            fix=edit and Fix(f"delete `{path}`", (edit,)),
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
    old, new = before.nodes.get(route), after.nodes.get(route)
    was, now = old.text if old is not None else "", new.text if new is not None else ""
    related = (Related(old.span, f"it is {was} here"),) if old is not None and was else ()
    change = f" ({was} to {now})" if was and now else ""
    said = f"`{_dotted(route)}` is made looser{change}; a limit may only be tightened"
    return Diagnostic(code="DNK114", message=said, span=after.place(*route), help=help_text, related=related)


def path_finding(root: Node, path: tuple[str, ...], entry: Entry) -> Diagnostic | None:
    """Why this path cannot be set in this policy, or None when it can."""
    span, dotted = entry.key.span, ".".join(path)
    pattern = pattern_of(path)
    if pattern is None or pattern not in TABLE:
        return _no_path(f"there is no key `{dotted}`: nothing would change", root, path, entry.key)
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
            return _no_path(said, root, path, entry.key)
    return None


def _no_path(message: str, root: Node, path: tuple[str, ...], key: Node) -> Diagnostic:
    """The finding at the first part of the path that does not fit, with its nearest neighbour."""
    for length in range(1, len(path) + 1):
        node = at(root, path[:length])
        above = at(root, path[: length - 1])
        written = [entry.key.text for entry in above.entries] if above is not None else []
        below = [
            one for one in CHILDREN.get(pattern_of(path[: length - 1]) or "", {}) if one not in ("*", "#")
        ]
        if node is None and path[length - 1] not in below:
            span, known = part_of(key, path, length - 1), dict.fromkeys((*written, *below))
            return Diagnostic(code="DNK113", message=message, span=span, **near(key, path[length - 1], known))
    return Diagnostic(code="DNK113", message=message, span=key.span)


def tightened(root: Node, settings: Mapping[str, Entry], stage: Stage) -> tuple[Node, tuple[Diagnostic, ...]]:
    """The tree with settings such as `limits.max_spread=1%`; one that loosens is refused."""
    found: list[Diagnostic] = []
    before, *_ = stage.bound(root)
    for dotted, one in settings.items():
        path = tuple(dotted.split("."))
        finding = path_finding(root, path, one)
        if finding is not None:
            found.append(finding)
            continue
        trial = put(root, path, _written_out(path, one.value), one.key)
        after, *_ = stage.bound(trial)
        loose = loosened(before, after)
        help_text = "change the policy, or leave the setting out"
        found += [loose_finding(before, after, route, help_text) for route in loose]
        if not loose:
            root, before = trial, after
    return root, tuple(found)


def reasons_asked(bound: Bound) -> tuple[str, ...]:
    """The reasons, or classes of reasons, that overlays ask about, each once."""
    asked = (reasons_in(bound, index) for index in range(bound.count("overlays")))
    return tuple(dict.fromkeys(word for words in asked for word in words))


def reasons_in(bound: Bound, index: int) -> tuple[str, ...]:
    """Those that one overlay asks about; none where its test cannot be read."""
    node = bound.nodes.get(("overlays", index, "when"))
    try:
        test = parse(node.text, expr.overlay_facts(bound.names("legs")), expr.TRUTH) if node else None
    except TextError:
        return ()
    return tuple(word.text for word in _asked(test)) if test else ()


def _asked(test: expr.Expr) -> list[expr.Expr]:
    """The words of every `reason is WORD` in a test."""
    return [one.parts[1] for one in _parts(test) if one.op == "is" and one.parts[0].text == "reason"]


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
