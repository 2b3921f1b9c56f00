"""The screen of the runs of the state folder, unfinished ones first."""

from collections.abc import Iterable

from dnkit.journal.records import Run
from dnkit.tui.view import figures as fig
from dnkit.tui.view.journal import selected
from dnkit.tui.view.lines import Column, Line, Span, boxed, line, styled, table, window
from dnkit.tui.view.scene import Look, Scene

_COLUMNS = (
    Column("  run"),
    Column("policy"),
    Column("mode", spare=3),
    Column("market", spare=4),
    Column("cycle", right=True, spare=5),
    Column("end"),
    Column("open", spare=1),
    Column("exit", right=True, spare=2),
    Column("why", spare=6),
)


def screen(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    """All runs, the selected one marked."""
    runs = ordered(scene.runs)
    if not runs:
        return boxed("Runs", [line(Span("no runs yet", "dim"))], width, height)
    chosen = selected(look, "runs", len(runs)) if "runs" in look.at else 0
    rows = [_row(run, on=at == chosen) for at, run in enumerate(runs)]
    head, *body = table(_COLUMNS, rows, width - 4)
    shown = window(len(rows), height - 3, chosen)
    lines = [styled(body[at], "select" if at == chosen else "", f"select:{at}") for at in shown]
    open_now = sum(run.end is None for run in runs)
    return boxed("Runs", [head, *lines], width, height, f"{open_now} unfinished of {len(runs)}")


def ordered(runs: Iterable[Run]) -> list[Run]:
    """Unfinished ones first, each kind newest first as it came."""
    return sorted(runs, key=lambda run: run.end is not None)


def _row(run: Run, *, on: bool) -> tuple[Span, ...]:
    header, end = run.header, run.end
    risky = end is not None and end.risk.value in ("unhedged", "unknown")
    style = "warn" if end is None else "bad" if risky else ""
    return (
        Span(f"{'▶' if on else ' '} {header.run_id}", "strong"),
        Span(header.policy),
        Span(header.mode),
        Span(header.market),
        Span(f"{header.cycle}/{header.cycles}"),
        Span("● unfinished" if end is None else end.end.value, style),
        Span(fig.NONE if end is None else end.risk.value, style),
        Span(fig.NONE if end is None else str(end.exit_code), style),
        Span("" if end is None else end.text, "dim"),
    )
