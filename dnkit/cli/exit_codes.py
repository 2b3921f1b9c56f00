"""What the exit codes say. One table; the documents and `dnkit help` are made from it."""

from collections.abc import Iterable
from enum import IntEnum

from dnkit.model.terms import EndName, Risk


class ExitCode(IntEnum):
    """Codes of every command. 20 to 23 tell what risk is still open."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CONFIG = 3
    AUTH = 4
    VENUE = 5
    TIMEOUT = 6
    NO_RUN = 7
    NEEDS_CONFIRM = 8
    BUSY = 9
    HALTED_FLAT = 20
    HALTED_HEDGED = 21
    HALTED_UNHEDGED = 22
    UNKNOWN = 23
    UNPROVEN = 24
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "done and verified: flat, hedged, protected or idle as intended; a residual is named",
    ExitCode.FINDINGS: "findings: lint, diff, verify, report or reconcile found something",
    ExitCode.USAGE: "wrong flags or arguments",
    ExitCode.CONFIG: "policy, configuration or journal unreadable or invalid; nothing was sent",
    ExitCode.AUTH: "keys missing or refused",
    ExitCode.VENUE: "venue or market data not reachable",
    ExitCode.TIMEOUT: "out of time or undecided",
    ExitCode.NO_RUN: "no such run, or it is not running",
    ExitCode.NEEDS_CONFIRM: "a confirmation is missing; nothing was sent",
    ExitCode.BUSY: "another command trades, or a run was left unfinished",
    ExitCode.HALTED_FLAT: "halted; no position is open",
    ExitCode.HALTED_HEDGED: "halted; positions are open and offset each other",
    ExitCode.HALTED_UNHEDGED: "halted; an unhedged position is open: act now",
    ExitCode.UNKNOWN: "halted or left at once; the position could not be proved: treat it as unhedged",
    ExitCode.UNPROVEN: "the policy is not proved; nothing was sent",
    ExitCode.BUG: "a bug in dnkit; the journal holds what led to it",
    ExitCode.INTERRUPTED: "interrupted (Ctrl+C), ended flat",
    ExitCode.TERMINATED: "terminated, or its terminal closed; ended flat",
}

# Best to worst, for commands of several cycles: what leaves more risk behind is worse.
_ORDER = (
    ExitCode.OK,
    ExitCode.FINDINGS,
    ExitCode.USAGE,
    ExitCode.NO_RUN,
    ExitCode.NEEDS_CONFIRM,
    ExitCode.BUSY,
    ExitCode.CONFIG,
    ExitCode.AUTH,
    ExitCode.VENUE,
    ExitCode.UNPROVEN,
    ExitCode.TIMEOUT,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.HALTED_FLAT,
    ExitCode.HALTED_HEDGED,
    ExitCode.BUG,
    ExitCode.HALTED_UNHEDGED,
    ExitCode.UNKNOWN,
)
_OF_HALT = {
    Risk.FLAT: ExitCode.HALTED_FLAT,
    Risk.HEDGED: ExitCode.HALTED_HEDGED,
    Risk.UNHEDGED: ExitCode.HALTED_UNHEDGED,
    Risk.UNKNOWN: ExitCode.UNKNOWN,
}


def worst(codes: Iterable[int]) -> ExitCode:
    """The worst of several codes, OK when there are none."""
    return max((ExitCode(one) for one in codes), key=_ORDER.index, default=ExitCode.OK)


def of_end(end: EndName, risk: Risk) -> ExitCode:
    """Code of a run that ended."""
    return _OF_HALT[risk] if end is EndName.HALTED else ExitCode.OK


def table_markdown() -> str:
    """The table for the documents."""
    rows = (f"| {code.value} | {MEANING[code]} |" for code in ExitCode)
    return "\n".join(("| code | meaning |", "|---:|---|", *rows, ""))
