"""The picture of a whole terminal: header, tabs, one screen or several beside each other, keys."""

from collections.abc import Callable

from dnkit.engine.state import Stage
from dnkit.policies.explain.lines import wrapped
from dnkit.readers.facts import place
from dnkit.tui.view import alerts, book, journal, legs, runs, venues
from dnkit.tui.view import figures as fig
from dnkit.tui.view.boxes import overlaid
from dnkit.tui.view.lines import EMPTY, Line, Span, beside, boxed, clean, cut, fit, line, styled, wide
from dnkit.tui.view.scene import REPLAY, SCREENS, Look, Scene
from dnkit.tui.view.trail import Trail

LEAST = (60, 16)  # below this one line a leg is all there is
SIDE_BY_SIDE = (120, 36)
POLICY_TOO = 160
FULL = 76


def _policy(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    """What draws a policy also judges it, which is a fifth of the start: loaded once somebody looks."""
    from dnkit.tui.view import policy

    return policy.screen(scene, look, width, height)


_BODIES: dict[str, Callable[[Scene, Look, int, int], list[Line]]] = {
    "legs": lambda scene, look, width, height: legs.screen(scene, width, height),
    "book": lambda scene, look, width, height: book.screen(scene, width, height),
    "journal": journal.screen,
    "policy": _policy,
    "venues": lambda scene, look, width, height: venues.screen(scene, width, height),
    "alerts": alerts.screen,
    "runs": runs.screen,
}
_KEYS = {
    "journal": (("↑↓", "move"), ("Enter", "detail"), ("/", "filter"), ("t", "tail"), ("y", "copy")),
    "alerts": (("↑↓", "move"), ("a", "ack"), ("A", "ack all")),
    "runs": (("↑↓", "move"), ("Enter", "open")),
    "policy": (("↑↓", "scroll"),),
}


def picture(scene: Scene, look: Look, width: int, height: int, now_ns: int = 0) -> list[Line]:
    """Exactly `height` lines of `width` cells. `now_ns` is the clock that boxes were opened on."""
    if width < LEAST[0] or height < LEAST[1]:
        lines = tiny(scene, width, height)
    else:
        top = [header(scene, width), tabs(scene, look, width), *banner(scene, width)]
        body = _body(scene, look, width, height - len(top) - 1)
        lines = [*top, *body, keys(scene, look, width)]
    filled = [*lines[:height], *[EMPTY] * (height - len(lines))]
    return overlaid([fit(one, width) for one in filled], scene, look, now_ns)


def _body(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    if scene.trail is None and look.screen not in ("runs", "alerts"):
        if scene.starting:
            lines = [line(one) for text in scene.starting for one in wrapped(clean(text), width=width - 4)]
            return boxed("The engine starts", lines[-(height - 2) :], width, height)
        return boxed("No run", list(what_next()), width, height)
    if look.screen == "legs" and width >= SIDE_BY_SIDE[0] and height + 3 >= SIDE_BY_SIDE[1]:
        return _desk(scene, look, width, height)
    return _BODIES[look.screen](scene, look, width, height)


def _desk(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    """Legs and books side by side, the journal below, the policy in a column of its own where it fits."""
    column = 60 if width >= POLICY_TOO else 0
    room = width - column
    low = height // 3
    left = room * 11 // 20
    top = beside(legs.screen(scene, left, height - low), book.screen(scene, room - left, height - low))
    lines = [*top, *journal.screen(scene, look, room, low)]
    return beside(lines, _policy(scene, look, column, height)) if column else lines


def what_next() -> tuple[Line, ...]:
    """What to do where there is nothing to show."""
    return (
        EMPTY,
        line("There is no run in this state folder yet."),
        EMPTY,
        line("  ", Span("dnkit trade -p close_two_phase --speed 1 --tui", "key")),
        line("      trade on paper and watch it here"),
        line("  ", Span("dnkit simulate close_two_phase --seed 7", "key")),
        line("      a run in a hostile world, to be replayed here"),
        EMPTY,
        line(Span("A run that begins is shown at once. q leaves.", "dim")),
    )


def mode(scene: Scene) -> str:
    """The first word of the screen."""
    if scene.moment.way == REPLAY:
        return "REPLAY"
    return scene.trail.run.header.mode.upper() if scene.trail is not None else "NO RUN"


def header(scene: Scene, width: int) -> Line:
    """Mode, policy, where it stands, net delta, and how to get out: on every screen."""
    word, trail = mode(scene), scene.trail
    back = f"mode.{word.split()[0].lower()}"
    if trail is None:
        return styled(fit(line(f" {word} "), width), back)
    delta = fig.Delta(trail.program, trail.state)
    mark = "?" if scene.stale else ""
    out = " F = FLATTEN " if width >= FULL else " F=FLATTEN "
    right = Span(" read-only ", "bold") if scene.read_only else Span(out, "bold", "flatten")
    if scene.moment.way == REPLAY:
        right = Span("")
    word = f"{word} PAUSED" if scene.word.paused else word
    parts = [
        Span(f" {word} " if width >= FULL else f" {word}", "bold"),
        Span(trail.run.header.policy),
        Span(f" │ {_stand(scene, trail, timed=width >= FULL)}"),
        Span(f" │ Δ {delta.text}{mark} {delta.unit} {delta.word}", "bold"),
        Span(" │"),
    ]
    for at in (1, 2):  # the name gives way first, then where it stands; mode, delta and the way out stay
        over = wide((*parts, right)) - width
        text = parts[at].text
        if over > 0:
            parts[at] = Span(cut(text, len(text) - over) if len(text) - over > 3 else "")
    blank = width - wide((*parts, right))
    return styled(fit((*parts, Span(" " * max(0, blank)), right), width), back)


def _stand(scene: Scene, trail: Trail, *, timed: bool = True) -> str:
    """The phase with its time (`timed`: and its timer), or what goes on around the phases."""
    state, now = trail.state, scene.moment.now_ns
    where = place(trail.run, state)
    if state.stage is Stage.END and state.ended is not None:
        risk = f" {state.ended.risk.value}" if state.ended.end.value == "halted" else ""
        return f"◉ {state.ended.end.value}{risk}"
    passed = fig.ago(now - state.entered_ns) if state.entered_ns else ""
    if state.stage is not Stage.PHASE:
        return f"● {where}"
    whole = state.timer_ns - state.entered_ns
    return f"● {where} {passed}/{fig.ago(whole)}" if timed and whole > 0 else f"● {where} {passed}"


def tabs(scene: Scene, look: Look, width: int) -> Line:
    """The screens, the one shown in brackets; which run and how far it was read."""
    spans = []
    for number, name in enumerate(SCREENS, 1):
        on = name == look.screen
        short = width < 80 and not on
        count = f" {scene.unacked}" if name == "alerts" and scene.unacked else ""
        text = f"{number}{count}" if short else f"{number} {name.capitalize()}{count}"
        spans += [Span(f"[{text}]" if on else f" {text} ", "tab.on" if on else "tab", f"screen:{name}")]
    trail = scene.trail
    told = "" if trail is None else f"#{trail.seq}"
    if trail is not None and wide(tuple(spans)) + len(told) + len(trail.run_id) + 6 <= width:
        told = f"run {trail.run_id} {told}"
    blank = width - wide(tuple(spans)) - len(told) - 1
    return (*spans, Span(" " * max(0, blank)), Span(told, "dim"))


def banner(scene: Scene, width: int) -> list[Line]:
    """A full line where something must be said before everything else."""
    if scene.stale:
        text = f" NO DATA {fig.ago(scene.moment.silent_ns)} - the engine may still be trading: dnkit status"
        return [styled(fit(line(text), width), "banner")]
    if scene.tape is not None:
        state = "playing" if scene.tape.playing else "standing"
        text = f" REPLAY {state} x{scene.tape.speed}   space play  , . step  [ ] phase  - + speed  g line"
        return [styled(fit(line(text), width), "mode.replay")]
    return []


def keys(scene: Scene, look: Look, width: int) -> Line:
    """What may be pressed here, or the last word to the user."""
    if scene.told:
        return styled(fit(line(f" {scene.told}"), width), "told")
    own = _KEYS.get(look.screen, (("1-7", "screen"),))
    acts = () if scene.read_only or scene.trail is None else (("F", "flatten"), ("p", "pause"), ("s", "stop"))
    always = (*acts, ("?", "help"), ("^p", "palette"), ("q", "detach"))
    room = width - 1 - sum(len(key) + len(word) + 3 for key, word in always)
    spans: list[Span] = [Span(" ")]
    for key, word in (*own, *always):
        if (key, word) in own and (room := room - len(key) - len(word) - 3) < 0:
            continue
        spans += [Span(key, "key"), Span(f" {word}  ")]
    return fit(tuple(spans), width)


def tiny(scene: Scene, width: int, height: int) -> list[Line]:
    """One line a leg: all that a very small terminal is good for."""
    trail = scene.trail
    if trail is None:
        return [line("NO RUN: dnkit trade ...")]
    delta = fig.Delta(trail.program, trail.state)
    mark = "?" if scene.stale else ""
    word = mode(scene)
    lines = [
        line(Span(f"{word} ", "bold"), f"{trail.run.header.policy} {_stand(scene, trail)}"),
        line(Span(f"Δ {delta.text}{mark} {delta.unit} {delta.word}", delta.style)),
    ]
    for spec, leg in zip(trail.program.legs, trail.state.legs, strict=True):
        filled = legs.filled(trail.program, spec, leg)
        lines.append(line(f"{spec.name} {filled}{mark} {fig.mid(spec, leg.bid, leg.ask)}"))
    if scene.stale:
        lines.insert(0, line(Span(f"NO DATA {fig.ago(scene.moment.silent_ns)}", "banner")))
    return [*lines, line(Span("terminal too small: use dnkit flatten; q leaves", "dim"))]
