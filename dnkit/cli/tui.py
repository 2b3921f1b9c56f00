"""`dnkit tui`: a process of its own that reads the journal and passes an operator's wishes on."""

import gc
import os
import sys
from collections.abc import Callable

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.flags import SCREENS, THEMES
from dnkit.journal.reader import LAST, Reader
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.market import UsageError
from dnkit.tui.view.scene import Budget

SERVE = """\
In a browser, read-only: textual-serve starts the command below once for every visitor.

  python -m pip install textual-serve
  python -c 'from textual_serve.server import Server; Server("dnkit tui --read-only").serve()'

It listens on localhost:8000 and knows no password: leave it there and reach it through a tunnel,
ssh -L 8000:localhost:8000 HOST.
Nothing but --read-only belongs behind it: whoever opens the page is the operator.
"""


class Asked(msgspec.Struct, frozen=True):
    """What the flags say. `but` is a run that is not to be shown for being the last one."""

    run: str = LAST
    read_only: bool = False
    screen: str = "legs"
    theme: str = "safe"
    ascii: bool = False
    serve: bool = False
    but: str = ""


Starting = Callable[[], tuple[str, ...] | None]


def tui(asked: Asked, starting: Starting = tuple) -> int:
    """Show the screens until the user leaves. `starting` tells what the engine says while there is no run
    to show yet; None: there will be none.
    """
    if asked.serve:
        out.data(SERVE.rstrip())
        return ExitCode.OK
    if asked.screen not in SCREENS.split("|"):
        raise UsageError(f"--screen {asked.screen}: write one of {SCREENS}")
    if asked.theme not in THEMES.split("|"):
        raise UsageError(f"--theme {asked.theme}: write one of {THEMES}")
    folder = state_folder()
    _refuse_unknown(folder, asked.run)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("dnkit tui needs a terminal; dnkit status and dnkit trace work without one")
    _show(asked, folder, starting)
    return ExitCode.OK


def _refuse_unknown(folder: StateFolder, run_id: str) -> None:
    """RunNotFound for a run that is not in the journal; an empty folder is no error."""
    if run_id != LAST:
        with Reader(folder.journal) as reader:
            reader.run(run_id)


GC_SELDOM = 50_000  # lines and spans are many and have no cycles


def _show(asked: Asked, folder: StateFolder, starting: Starting) -> None:
    gc.set_threshold(GC_SELDOM)
    from dnkit.tui.app import Screens
    from dnkit.tui.keys import Keys
    from dnkit.tui.link import Link
    from dnkit.tui.session import Session

    session = Session(folder.journal, asked.run, read_only=asked.read_only, budgets=_Budgets(), but=asked.but)
    engine = Link(folder.root)
    hands = Keys(session, engine, concession)
    hands.show(asked.screen)
    theme = "plain" if os.environ.get("NO_COLOR") else asked.theme
    try:
        Screens(hands, theme=theme, ascii=asked.ascii, starting=starting).run()
    finally:
        engine.close()
        session.close()


def concession() -> int:
    """How far past the touch the packaged flatten goes, in mbps."""
    from dnkit.runtime.flatten import POLICY
    from dnkit.runtime.library import VenueFacts
    from dnkit.runtime.prepare import read_and_check, way_out

    return way_out(read_and_check(POLICY, VenueFacts())).scopes[0].limits.concession_max


class _Budgets(dict[str, Budget]):
    """Budgets of venues, read from their facts when they are first asked for."""

    def get(self, venue: str, default: Budget | None = None) -> Budget | None:  # type: ignore[override]
        """The budget of a venue; None where nothing is known of it."""
        if venue not in self:
            from dnkit.runtime.library import VenueFacts

            try:
                facts = VenueFacts()[venue]
            except KeyError:
                return default
            self[venue] = Budget(facts.rate_calls, facts.rate_window_ns)
        return self[venue]
