"""A loop that no phase of it is allowed to go round."""

from collections.abc import Iterator

from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic, Related
from dnkit.policies.flow import graph, reached

CODE = "DNK202"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """One finding for each loop without `visits`, at the phase that closes it."""
    leads = graph(bound).leads
    once = {phase: to for phase, to in leads.items() if not bound.has("phases", phase, "visits")}
    plain = {phase: [one for one in to if one in once] for phase, to in once.items()}
    for phase in _closing(plain):
        back = next(one for one in reached(plain.__getitem__, [phase]) if phase in plain[one])
        said = f"`{phase}` is in a loop without `visits`: its second entry halts with whatever is open then"
        yield bound.finding(
            CODE,
            said,
            "phases",
            phase,
            help=f"add `visits: 2` to `{phase}`, or more",
            related=(Related(bound.place("phases", back), f"`{back}` leads back to it"),),
        )


def _closing(edges: dict[str, list[str]]) -> list[str]:
    """One phase of each loop: what closes a path of the walk."""
    done: dict[str, bool] = {}
    found: dict[str, None] = {}
    for start in edges:
        walk = [(start, False)]
        while walk:
            phase, leaving = walk.pop()
            if leaving:
                done[phase] = True
                continue
            if phase in done:
                if not done[phase]:
                    found[phase] = None
                continue
            done[phase] = False
            walk.append((phase, True))
            walk += [(one, False) for one in edges[phase]]
    return list(found)
