"""`dnkit paper`: the paper accounts, shown or forgotten."""

import sys

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.status import account_content, accounts_text, all_accounts
from dnkit.model.errors import DnkitError
from dnkit.model.terms import PAPER
from dnkit.runtime.floor import Claim, Stores, open_stores, refuse_unfinished
from dnkit.runtime.folder import state_folder
from dnkit.venues.accounts import AccountRow


class Unconfirmed(DnkitError):
    """A confirmation is missing."""

    exit_code = ExitCode.NEEDS_CONFIRM


def show(*, as_json: bool) -> int:
    """Every paper account."""
    rows = all_accounts()
    if as_json:
        out.envelope("paper/1", {"accounts": [account_content(row) for row in rows]}, ok=True, mode=PAPER)
    else:
        out.data(accounts_text(rows) if rows else "no paper accounts yet")
    return ExitCode.OK


def reset(market: str, venue: str, symbol: str, *, yes: bool, as_json: bool) -> int:
    """Forget accounts after a confirmation; the journal is told that they are flat."""
    wanted = [row for row in all_accounts() if _matches(row, market, venue, symbol)]
    if wanted:
        confirm(f"forget {len(wanted)} paper accounts of {market}?", yes)
        claim = Claim(market, frozenset((row.venue, row.symbol) for row in wanted), "paper reset")
        with open_stores(state_folder(), claim) as stores:
            refuse_unfinished(stores.reader, claim)
            stores.accounts.reset(market, venue, symbol)
            for row in wanted:
                _note(stores, row)
    if as_json:
        out.envelope("paper-reset/1", {"forgotten": len(wanted)}, ok=True, mode=PAPER)
    else:
        out.say(f"{len(wanted)} paper accounts forgotten")
    return ExitCode.OK


def _matches(row: AccountRow, market: str, venue: str, symbol: str) -> bool:
    return row.market == market and venue in ("", row.venue) and symbol in ("", row.symbol)


def _note(stores: Stores, row: AccountRow) -> None:
    stores.journal.note_ledger(
        mode=PAPER, market=row.market, venue=row.venue, symbol=row.symbol, lots=0, entry=0, note="reset"
    )


def confirm(question: str, yes: bool) -> None:
    """Ask on a terminal; Unconfirmed when the answer is no, or when nobody can be asked and `yes` was not
    given.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unconfirmed(f"{question} Nobody can be asked here: give --yes")
    out.say(f"{question} [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Unconfirmed("not confirmed; nothing was done")
