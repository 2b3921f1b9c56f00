"""A guard's facts and rules: expressions are read and typed, names are unique, `otherwise` comes last."""

from dnkit.policies import expr
from dnkit.policies.bind import Bound, text_finding
from dnkit.policies.diagnostics import Related
from dnkit.policies.expr_parse import parse
from dnkit.policies.units import TextError

OTHERWISE = "otherwise"


def check_guard(bound: Bound) -> None:
    """Find what is wrong with `watch` and `rules`; puts the canonical text of each expression into the
    values."""
    for key in ("watch", "rules"):
        if not bound.has(key):
            cost = "would see nothing" if key == "watch" else "would never act"
            bound.say("DNK104", f"a guard has no `{key}`: it {cost}", bound.place(), f"add `{key}:`")
    facts = expr.guard_facts(bound.names("legs"))
    for name in bound.names("watch", "facts"):
        _check_fact(bound, name, facts)
    seen: dict[str, int] = {}
    for index in range(bound.count("rules")):
        _check_rule(bound, index, facts, seen)


def _check_fact(bound: Bound, name: str, facts: dict[str, str]) -> None:
    if name in facts:
        bound.say(
            "DNK119",
            f"`{name}` is a fact already: a rule could ask for the wrong one",
            bound.place("watch", "facts", name),
            "choose another name",
        )
        return
    found = read(bound, ("watch", "facts", name), facts)
    if found is not None:
        facts[name] = found.kind


def _check_rule(bound: Bound, index: int, facts: dict[str, str], seen: dict[str, int]) -> None:
    name = bound.of("rules", index, "name")
    if name in seen:
        first = Related(bound.place("rules", seen[name], "name"), "first here")
        bound.say(
            "DNK119",
            f"two rules are named `{name}`: alerts would not say which one acted",
            bound.place("rules", index, "name"),
            related=(first,),
        )
    elif name is not None:
        seen[name] = index
    if bound.of("rules", index, "when") == OTHERWISE:
        if index + 1 < bound.count("rules"):
            place = bound.place("rules", index, "when")
            said = "rules after `otherwise` never match: what they guard against goes unanswered"
            bound.say("DNK122", said, place, "move this rule to the end")
    else:
        read(bound, ("rules", index, "when"), facts, expr.TRUTH)
    if bound.of("rules", index, "at_once") and bound.has("rules", index, "for"):
        bound.say(
            "DNK117",
            "`at_once` and `for` at once: act now, or only later?",
            bound.place("rules", index, "for"),
            "keep one of them",
        )


def read(
    bound: Bound, route: tuple[str | int, ...], facts: dict[str, str], want: str = ""
) -> expr.Expr | None:
    """Parse the expression at a route and keep its canonical text; None with a finding where it cannot
    be read."""
    node, text = bound.nodes.get(route), bound.values.get(route)
    if node is None or text is None:
        return None
    try:
        found = parse(node.text, facts, want)
    except TextError as error:
        bound.found.append(text_finding(error, node))
        return None
    bound.values[route] = expr.render(found)
    return found
