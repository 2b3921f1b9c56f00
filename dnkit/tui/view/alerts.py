"""The screen of the alerts: what a human was told, and what to do."""

from dnkit.journal.records import AlertLine
from dnkit.policies.explain.lines import wrapped
from dnkit.tui.view import figures as fig
from dnkit.tui.view.journal import selected
from dnkit.tui.view.lines import Line, Span, boxed, clean, line, padded, styled, window
from dnkit.tui.view.scene import Look, Scene

DO = 8
_STYLES = {"page": "bad", "warn": "warn", "info": "dim"}
_WORDS = {"page": "PAGE", "warn": "WARN", "info": "info"}


def screen(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    """The list, newest last, and what to do about the selected one."""
    low = DO if height >= 14 else 0
    alerts = scene.alerts
    chosen = selected(look, "alerts", len(alerts))
    counts = "  ".join(
        f"{_WORDS[level]} {sum(one.alert.severity == level for one in alerts)}" for level in _WORDS
    )
    shown = window(len(alerts), height - low - 3, chosen)
    rows = [_row(scene, at, width, on=at == chosen) for at in shown]
    head = line(Span(f"  {'time':<12}  {'sev':<4}  {'code':<18} {'ack':<3}  what", "dim"))
    body = [head, *rows] if rows else [line(Span("no alert was raised by this command", "dim"))]
    lines = boxed("Alerts", body, width, height - low, counts)
    if not low:
        return lines
    return [*lines, *_to_do(alerts[chosen] if alerts else None, width, low)]


def _row(scene: Scene, at: int, width: int, *, on: bool) -> Line:
    one = scene.alerts[at]
    style = _STYLES.get(one.alert.severity, "")
    seen = "yes" if one in scene.acked else " - " if one.alert.severity == "info" else "NO"
    told = line(
        Span("▶ " if on else "  ", "key"),
        Span(f"{fig.clock(one.at_ns)}  ", "dim"),
        Span(f"{_WORDS.get(one.alert.severity, one.alert.severity):<4}  ", style),
        Span(padded(one.alert.code, 18), style),
        Span(f" {seen:<3}  "),
        Span(clean(one.alert.text)),
    )
    return styled(told, "select" if on else "", f"select:{at}")


def _to_do(one: AlertLine | None, width: int, height: int) -> list[Line]:
    if one is None:
        return boxed("What to do", [line(Span("nothing", "dim"))], width, height)
    room = width - 4
    lines = [line(text) for text in wrapped(clean(one.alert.text), width=room)]
    lines += [line(Span(text, "strong")) for text in wrapped(one.alert.act, width=room)]
    lines.append(line(Span(f"run {one.run_id}; a acknowledges it on this screen only", "dim")))
    return boxed(f"{one.alert.code}  what to do", lines, width, height)
