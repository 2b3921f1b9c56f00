"""Dialogs drawn over a screen."""

from collections.abc import Sequence

from dnkit.tui.view.flatten import bound_words, plan_lines, progress_lines
from dnkit.tui.view.lines import EMPTY, Line, Span, boxed, cut, fit, line, prompt, wide
from dnkit.tui.view.scene import Box, Look, Scene

FLATTEN, FLATTENING, ALONE, TINY = "flatten", "flattening", "alone", "tiny"
STOP, HELP, FILTER, GO = "stop", "help", "filter", "go"
WIDEST = 78
TYPED = (FLATTEN, FILTER, GO)  # boxes that take text
HELD = (FLATTENING, ALONE, TINY)  # and those that only Enter or Esc closes: a name typed there is no key

KEYS = (
    ("1-7  Tab  h l", "screen"),
    ("↑↓  j k  PgUp PgDn", "move; Home first, End or t follows the newest"),
    ("Enter", "open what is selected"),
    ("/", "filter the journal: words, leg:a, #12"),
    ("F", "flatten: cancel and close everything (asks for the name)"),
    ("p", "pause or resume entries; hedges and deadlines go on"),
    ("s", "stop: hedged, flat or now"),
    ("space", "freeze the view; in a replay: play"),
    (", .  [ ]", "replay: a line, a phase back or on"),
    ("- +  g", "replay: slower, faster, go to a line"),
    ("r", "play the shown run again; once more: follow"),
    ("a  A", "alerts: acknowledge one, all"),
    ("y", "copy the selected line"),
    ("T", "theme"),
    ("^p  :", "palette"),
    ("q", "detach; the engine goes on"),
)
STOPS = (
    ("h", "hedged", "leave at the next moment the pair nets to zero"),
    ("f", "flat", "the policy's stop rule, then close what is left"),
    ("n", "now", "the policy's stop rule at once"),
)


def overlaid(picture: Sequence[Line], scene: Scene, look: Look, now_ns: int) -> list[Line]:
    """The picture with the open box in its middle."""
    if look.box is None or not picture:
        return list(picture)
    width, height = wide(picture[0]), len(picture)
    title, body = content(scene, look.box, now_ns)
    size = min(WIDEST, width - 2)
    high = min(len(body) + 2, height - 2)
    box = boxed(title, body[-(high - 2) :] if look.box.kind == FLATTEN else body, size, high)
    top, left = max(1, (height - high) // 2), (width - size) // 2
    lines = list(picture)
    for at, one in enumerate(box, top):
        lines[at] = fit((Span(" " * left), *one), width)
    return lines


def content(scene: Scene, box: Box, now_ns: int) -> tuple[str, list[Line]]:
    """Title and lines of a box."""
    trail = scene.trail
    if box.kind == FLATTEN and trail is not None:
        mode = trail.run.header.mode.upper()
        title = f"! FLATTEN  {mode}  {bound_words(scene)}".rstrip()
        return title, list(plan_lines(scene, trail, box))
    if box.kind == FLATTENING:
        return "FLATTEN", list(progress_lines(scene, box, now_ns))
    if box.kind == STOP:
        return "Stop this command", [*_stops(), EMPTY, line("Any other key: nothing is sent.")]
    if box.kind == TINY:
        return "FLATTEN", [line("terminal too small: use dnkit flatten"), line(Span("Esc closes", "dim"))]
    if box.kind == ALONE:
        return "No engine answers", list(_alone(scene))
    if box.kind == FILTER:
        return "Filter the journal", [
            line("words, leg:a or #12; Enter keeps it, Esc takes it back"),
            prompt(box.typed),
        ]
    if box.kind == GO:
        return "Go to line", [prompt(box.typed)]
    return "Keys", [line(Span(f"{key:<20}", "key"), words) for key, words in KEYS]


def _stops() -> list[Line]:
    return [line("  ", Span(key, "key"), Span(f"  {name:<8}", "strong"), words) for key, name, words in STOPS]


def _alone(scene: Scene) -> list[Line]:
    """What to do where there is nobody to ask."""
    trail = scene.trail
    lines = [line("Nobody answers for this run: it has ended, or its engine is gone.")]
    if trail is None:
        return lines
    lines.append(line("Close what its accounts hold without it:"))
    lines.append(line("  ", Span(f"dnkit flatten {trail.run_id}", "key")))
    if trail.run.end is None:
        lines.append(line("or let the run that was cut off end as its policy says:"))
        lines.append(line("  ", Span(cut(f"dnkit trade --resume {trail.run_id}", 60), "key")))
    return lines
