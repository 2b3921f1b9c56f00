"""`dnkit status`: the last runs and the paper positions that are open."""

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.model.numbers import plain
from dnkit.model.terms import PAPER
from dnkit.runtime.folder import state_folder
from dnkit.venues.accounts import AccountRow, PaperAccounts

SHOWN = 10


def status(*, as_json: bool) -> int:
    """Tables or JSON. An empty state folder is no error."""
    folder = state_folder()
    runs: list[Run] = []
    if folder.journal.exists():
        with Reader(folder.journal) as reader:
            runs = reader.runs(limit=SHOWN)
    rows = open_accounts()
    if as_json:
        content = {"runs": [_content(run) for run in runs], "open": [account_content(row) for row in rows]}
        out.envelope("status/1", content, ok=True, mode=PAPER)
        return ExitCode.OK
    headers = ("run", "policy", "market", "cycle", "end", "risk", "exit")
    out.data(out.table(headers, [_cells(run) for run in runs]) if runs else "no runs yet")
    out.data("")
    out.data(accounts_text(rows) if rows else "no open paper position")
    return ExitCode.OK


def all_accounts() -> tuple[AccountRow, ...]:
    """Every stored paper account; none where there is no file yet."""
    path = state_folder().accounts
    if not path.exists():
        return ()
    with PaperAccounts(path) as accounts:
        return accounts.all()


def open_accounts() -> tuple[AccountRow, ...]:
    """Paper accounts that hold something."""
    return tuple(row for row in all_accounts() if row.position)


def accounts_text(rows: tuple[AccountRow, ...]) -> str:
    """Accounts as a table."""
    headers = ("market", "venue", "symbol", "position", "entry", "realised", "fees", "seeded by")
    return out.table(headers, [_account_cells(row) for row in rows])


def _account_cells(row: AccountRow) -> tuple[str, ...]:
    entry = "-" if row.entry_price is None else plain(round(row.entry_price, 8))
    money = (plain(row.realised), plain(row.fees))
    return (row.market, row.venue, row.symbol, plain(row.position), entry, *money, row.seeded_by or "-")


def account_content(row: AccountRow) -> dict[str, object]:
    """An account as JSON content."""
    fields = ("market", "venue", "symbol", "position", "entry_price", "realised", "fees", "seeded_by")
    return {name: getattr(row, name) for name in fields}


def _cells(run: Run) -> tuple[str, ...]:
    header, end = run.header, run.end
    closing = (end.end.value, end.risk.value, str(end.exit_code)) if end else ("unfinished", "unknown", "-")
    return (header.run_id, header.policy, header.market, f"{header.cycle}/{header.cycles}", *closing)


def _content(run: Run) -> dict[str, object]:
    header, end = run.header, run.end
    return {
        "run_id": header.run_id,
        "policy": header.policy,
        "mode": header.mode,
        "market": header.market,
        "cycle": header.cycle,
        "cycles": header.cycles,
        "end": end.end if end else None,
        "risk": end.risk if end else None,
        "exit_code": end.exit_code if end else None,
        "text": end.text if end else "",
    }
