"""Every alert there is: code, how loud, when it comes and what to do then. One place for all of them."""

import msgspec


class Alert(msgspec.Struct, frozen=True):
    """One alert as it leaves the house. `severity` is info, warn or page, `act` what a human should do."""

    code: str
    severity: str
    text: str
    act: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class AlertKind(msgspec.Struct, frozen=True):
    """A row of the catalogue: code, severity, when it is raised, what to do."""

    code: str
    severity: str
    when: str
    act: str

    def raised(self, text: str, severity: str = "") -> Alert:
        """This alert, with what happened in words; as loud as the policy says where it says so."""
        return Alert(self.code, severity or self.severity, text, self.act)


UNHEDGED = AlertKind(
    "UNHEDGED",
    "page",
    "A run halted and what it holds does not net to zero.",
    "Look at the positions on both venues, then `dnkit flatten` or hedge by hand.",
)
HALT = AlertKind(
    "HALT",
    "page",
    "A run halted; it does nothing more by itself.",
    "Read its story with `dnkit trace`; its exit code says what is open.",
)
FLATTEN_FAILED = AlertKind(
    "FLATTEN_FAILED",
    "page",
    "A run whose goal was flat halted with something open.",
    "Close the rest by hand on the venue, then check with `dnkit status`.",
)
UNKNOWN_POSITION = AlertKind(
    "UNKNOWN_POSITION",
    "page",
    "A run halted and a position could not be established.",
    "Look at the venue itself: nothing here knows the position, and unknown is not zero.",
)
STREAM_DOWN = AlertKind(
    "STREAM_DOWN",
    "warn",
    "A stream said nothing usable for 30 s.",
    "Look at the venue's status page; connecting goes on, reads go by REST meanwhile.",
)
FILL_RATE_LOW = AlertKind(
    "FILL_RATE_LOW",
    "warn",
    "Fewer than 90 % of the last orders that were to fill at once did.",
    "Look at depth and latency in `dnkit report`; widen the ladder or trade smaller.",
)
POSITION_MISMATCH = AlertKind(
    "POSITION_MISMATCH",
    "page",
    "The venue's word on a position is newer than the fills and says something else.",
    "Look for trades by hand or by another program on the account, then `dnkit status`.",
)
NO_TRADES = AlertKind(
    "NO_TRADES",
    "warn",
    "Nothing was filled for more than an hour of a running command.",
    "See in `dnkit trace` which limit refuses, and whether the market is open.",
)
BUDGET_LOW = AlertKind(
    "BUDGET_LOW",
    "warn",
    "Calls to a venue reached the reserve that is kept for reducing risk: entries stop.",
    "Run fewer pairs on the venue, or poll it less; entries go on by themselves once there is room.",
)
ENTRIES_STOPPED = AlertKind(
    "ENTRIES_STOPPED",
    "warn",
    "A venue fails, refuses the same thing again and again, or fees run away: entries stop.",
    "Read the reason; entries are tried again by themselves, what reduces risk is never stopped.",
)
BOUND_EXCEEDED = AlertKind(
    "BOUND_EXCEEDED",
    "warn",
    "A finished run took longer, paid up more or was more unhedged than was proved of it.",
    "Compare in `dnkit report`: the venue does something that the proof does not admit.",
)
DONE = AlertKind(
    "DONE",
    "info",
    "A run ended as intended, and its policy has `done` among its alerts.",
    "Nothing; its cost is in `dnkit report`.",
)
POLICY_ALERT = AlertKind(
    "POLICY_ALERT",
    "warn",
    "A run came to an `alert` of its policy, which says how loud it is.",
    "What the policy's text says; the run goes on as the policy wants.",
)

CATALOGUE = (
    UNHEDGED,
    HALT,
    FLATTEN_FAILED,
    UNKNOWN_POSITION,
    STREAM_DOWN,
    FILL_RATE_LOW,
    POSITION_MISMATCH,
    NO_TRADES,
    BUDGET_LOW,
    ENTRIES_STOPPED,
    BOUND_EXCEEDED,
    POLICY_ALERT,
    DONE,
)


def catalogue_markdown() -> str:
    """One row per alert: code, severity, when, what to do."""
    rows = (f"| `{one.code}` | {one.severity} | {one.when} | {one.act} |" for one in CATALOGUE)
    return "\n".join(("| code | severity | when | what to do |", "|---|---|---|---|", *rows, ""))
