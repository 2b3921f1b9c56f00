"""Every key of language 1, in one table that binding, suggestions, tightening and the printed reference read.

A path is written with dots; `*` stands for a name the author chooses, `#` for an item of a list.
`tight` says which way a change makes a policy safer: "down" (smaller), "up" (larger or more), "" (neither).
`short` names the child keys that a single text in place of the map fills.
"""

from functools import lru_cache
from typing import Any

import msgspec

Route = tuple[str | int, ...]

REST_TYPES = ("post_only", "gtc", "limit")
TAKE_TYPES = ("ioc", "fok", "market", "none")
ORDER_TYPES = ("post_only", "gtc", "limit", "ioc", "fok", "market", "stop", "stop_limit")
INTENTS = ("open", "close", "unwind", "rebalance", "single", "guard", "flatten")
LEVELS = ("info", "warn", "page")
PARAM_TYPES = ("time", "percent", "bps", "money", "count", "word", "quantity")
KINDS = ("rest", "take", "verify", "arm", "clear", "run", "wait", "alert")
ALERT_EVENTS = {
    "halt": "A run halts (`page` if left out).",
    "naked": "A run halts with an open exposure (as `halt` if left out).",
    "conflict": "A run halts and a venue's read disagrees with the fills (as `halt` if left out).",
    "done": "A run ends as intended (no alert if left out).",
}


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key.

    `type` is a name of `scalars.PARSERS`; `many` says a list of that type; `default` is a text of the
    language.
    """

    path: str
    type: str
    meaning: str
    required: bool = False
    default: str = ""
    tight: str = ""
    choices: tuple[str, ...] = ()
    many: bool = False
    short: tuple[str, ...] = ()


def _k(path: str, type: str, meaning: str, /, **more: Any) -> Key:
    return Key(path=path, type=type, meaning=meaning, **more)


_TOP = (
    _k("policy", "version", "Version of the language.", required=True),
    _k("name", "name", "Name of the policy.", required=True),
    _k("intent", "choice", "What the policy is for.", required=True, choices=INTENTS),
    _k("summary", "text", "One sentence on what it does.", required=True),
    _k("extends", "name", "Policy this one starts from: keys are merged, lists replaced."),
    _k("clip", "clip", "How much a run trades on each leg.", tight="down"),
    _k("slice", "part", "Repeat the phases for this much at a time until the clip is done.", tight="down"),
    _k(
        "imbalance",
        "choice",
        "How two legs are compared: `base` or `notional`; by coin if left out.",
        choices=("base", "notional"),
    ),
    _k("recover", "name", "Phase a crashed run goes on with; the first verify if left out."),
    _k("stop", "target", "Where a request to stop leads (halt if left out)."),
    _k(
        "deadman",
        "some_time",
        "Ask the venue to cancel everything when not heard of for this long.",
        tight="down",
    ),
    _k(
        "keeps",
        "choice",
        "Orders that may rest when the run is over: the stop of `done protected`, and no other.",
        many=True,
        choices=("stop",),
    ),
    _k("reason", "word", "Reason the policy was resolved for (written by `explain --resolved`)."),
    _k("legs", "names", "The one or two legs.", required=True),
    _k("legs.*", "map", "One leg."),
    _k("legs.*.venue", "name", "Venue it trades on.", required=True),
    _k("legs.*.symbol", "word", "Symbol; the venue's default if left out."),
    _k(
        "legs.*.side",
        "choice",
        "Position it is to have; first leg buy, second sell if left out.",
        choices=("buy", "sell"),
    ),
    _k("legs.*.clip", "clip", "How much this leg trades, where it differs.", tight="down"),
    _k("legs.*.ratio", "ratio", "Weight of this leg where legs are compared by value.", default="1"),
)
_PARAMS = (
    _k("params", "names", "Values that `--set name=value` may change."),
    _k("params.*", "map", "One parameter, used as `$name` anywhere a value stands."),
    _k("params.*.type", "choice", "Its type.", required=True, choices=PARAM_TYPES),
    _k("params.*.default", "scalar", "Its value unless set.", required=True),
    _k("params.*.range", "scalar", "Smallest and largest value: `1s..10s`."),
    _k("params.*.choices", "scalar", "The values there are.", many=True),
    _k("params.*.value", "scalar", "Value in force (written by `explain --resolved`)."),
    _k("reasons", "names", "Classes of reasons, for overlays."),
    _k("reasons.*", "word", "Reasons of the class.", many=True),
    _k("overlays", "maps", "Changes that apply when their test holds, in order."),
    _k("overlays.#.when", "expression", "Test: `reason is critical`, `b.venue is lighter`.", required=True),
    _k("overlays.#.set", "tree", "Dotted paths and their new values.", required=True),
    _k("overlays.#.loosen", "word", "Paths this overlay may make looser.", many=True),
)
_LIMITS = (
    _k("limits", "map", "Limits. Overlays and settings may only tighten them."),
    _k("limits.deadline", "some_time", "Longest time a run may take.", tight="down", short=("after",)),
    _k("limits.deadline.after", "some_time", "Longest time a run may take.", required=True, tight="down"),
    _k("limits.deadline.then", "target", "Where it goes when time is up.", default="halt"),
    _k(
        "limits.forbid",
        "choice",
        "Order types that are never sent.",
        many=True,
        choices=ORDER_TYPES,
        tight="up",
    ),
    _k("limits.max_spread", "some_distance", "No start while a book is wider.", tight="down"),
    _k("limits.max_concession", "some_distance", "Worst price of any order, from the touch.", tight="down"),
    _k(
        "limits.max_slippage",
        "some_distance",
        "Counted as `max_concession`; the tightest of them is in force.",
        tight="down",
    ),
    _k(
        "limits.max_impact",
        "some_distance",
        "The clip is sized at the start to what the book holds within it.",
        tight="down",
    ),
    _k("limits.max_unhedged", "unhedged", "Most exposure, and for how long.", short=("amount", "for")),
    _k(
        "limits.max_unhedged.amount", "clip", "Exposure that counts as unhedged.", required=True, tight="down"
    ),
    _k("limits.max_unhedged.for", "time", "How long it may last.", required=True, tight="down"),
    _k("limits.max_unhedged.then", "target", "Where it goes when it lasted too long.", default="halt"),
    _k(
        "limits.min_hedge",
        "amounts",
        "Smallest remainder worth an order, in policies that open or rebalance.",
        tight="down",
    ),
    _k("limits.depth", "map", "The book must hold the order."),
    _k(
        "limits.depth.within",
        "some_distance",
        "Distance from the far touch that counts.",
        required=True,
        tight="down",
    ),
    _k(
        "limits.depth.else",
        "choice",
        "What to do when it does not.",
        default="shrink",
        choices=("shrink", "refuse"),
    ),
    _k("limits.min_depth", "depth", "Least money in the first levels, for orders that add risk.", tight="up"),
    _k("limits.min_volume", "volume", "Least traded money in a time, for orders that add risk.", tight="up"),
    _k("limits.liq_buffer", "percent", "Least distance to liquidation.", tight="up"),
    _k(
        "limits.collar",
        "some_distance",
        "Counted as `max_concession`; the tightest of them is in force.",
        tight="down",
    ),
    _k("limits.rate", "map", "Budget of calls to a venue, checked against the venue's own."),
    _k("limits.rate.calls", "rate", "Calls in a time.", required=True, tight="down"),
    _k("limits.rate.per", "choice", "What the budget is counted for.", default="venue", choices=("venue",)),
)
_DATA = (
    _k("data", "map", "Market data the policy wants."),
    _k("data.bbo", "map", "Best bid and offer."),
    _k("data.bbo.source", "choice", "Stream or request.", default="ws", choices=("ws", "rest")),
    _k("data.bbo.max_age", "some_time", "Oldest book that may be traded on.", tight="down"),
    _k(
        "data.bbo.stale",
        "choice",
        "With an older one: ask once, hold, or halt.",
        default="hold",
        choices=("rest", "hold", "halt"),
    ),
    _k("data.stream", "map", "The venue's stream."),
    _k(
        "data.stream.max_silence",
        "some_time",
        "Longest silence before the stream counts as lost.",
        tight="down",
    ),
    _k("size", "map", "Size the clip by the book."),
    _k("size.target", "clip", "Wanted clip.", required=True, tight="down"),
    _k(
        "size.mode",
        "choice",
        "When the book holds less: largest that fits, nothing, or all.",
        default="conservative",
        choices=("conservative", "strict", "aggressive"),
    ),
    _k("size.impact", "map", "How much of the book may be used."),
    _k("size.impact.from", "choice", "Where the impact is read.", default="book", choices=("book",)),
    _k("size.impact.levels", "positive", "Levels looked at.", default="10"),
    _k("size.impact.max", "some_distance", "Most impact.", tight="down"),
    _k("size.impact.step", "clip", "The target is rounded down to a multiple of it."),
    _k("backoff", "map", "Pauses between failed calls."),
    _k("backoff.first", "some_time", "First pause; it doubles.", required=True),
    _k("backoff.most", "some_time", "Longest pause.", required=True),
    _k("backoff.tries", "positive", "Calls before giving up.", required=True, tight="down"),
    _k("targets", "map", "What runs are meant to show. Lint tells what the policy cannot reach."),
    _k("targets.run", "some_time", "A run is over within this."),
    _k("targets.verify", "some_time", "A check is over within this."),
    _k("targets.reconnect", "some_time", "A lost connection is back within this."),
    _k("targets.success", "percent", "Share of runs that end as intended."),
    _k("targets.fills", "percent", "Share of passive orders that fill."),
    _k("targets.runs", "positive", "Runs the shares are judged by."),
    _k("alerts", "map", "Loudness of the program's own alerts; a phase `alert` has its own."),
    *(_k(f"alerts.{one}", "choice", told, choices=LEVELS) for one, told in ALERT_EVENTS.items()),
)
_PHASES = (
    _k("phases", "names", "The phases, in order; the first one starts."),
    _k("phases.*", "map", "One phase: exactly one of " + ", ".join(KINDS) + "."),
    _k("phases.*.visits", "positive", "How often it may be entered.", default="1", tight="down"),
    _k("phases.*.skip", "bool", "Leave it out: its outcome of nothing done is taken.", default="false"),
    _k("phases.*.then", "names", "Outcome and target; a missing one means the next phase."),
    _k("phases.*.then.*", "target", "Where this outcome leads."),
    _k("phases.*.rest", "map", "Work passively."),
    _k("phases.*.rest.leg", "rest_leg", "The leg."),
    _k("phases.*.rest.legs", "leg", "Both legs at once.", many=True),
    _k("phases.*.rest.qty", "size", "How much.", required=True),
    _k("phases.*.rest.at", "price", "Price.", required=True),
    _k(
        "phases.*.rest.type",
        "choice",
        "Order type (`limit` is `gtc`).",
        default="post_only",
        choices=REST_TYPES,
    ),
    _k("phases.*.rest.for", "time", "Patience.", required=True, tight="down"),
    _k("phases.*.rest.until", "choice", "End the wait at the first fill.", choices=("first fill",)),
    _k("phases.*.rest.rejects", "positive", "Post-only rejects to bear.", default="1", tight="down"),
    _k(
        "phases.*.rest.reduce_only",
        "bool",
        "May only bring the position nearer to zero.",
        default="false",
        tight="up",
    ),
    _k("phases.*.rest.reprice", "map", "Move the order when the market moves."),
    _k("phases.*.rest.reprice.beyond", "distance", "How far off before it is moved.", required=True),
    _k("phases.*.rest.reprice.every", "some_time", "How often to look.", required=True),
    _k("phases.*.rest.reprice.max", "positive", "Most moves.", required=True, tight="down"),
    _k("phases.*.take", "map", "Take liquidity, rung by rung."),
    _k("phases.*.take.leg", "rest_leg", "The leg."),
    _k("phases.*.take.legs", "leg", "Both legs at once.", many=True),
    _k("phases.*.take.qty", "size", "How much.", required=True),
    _k(
        "phases.*.take.type",
        "choice",
        "Order type; `none` leaves the phase out.",
        required=True,
        choices=TAKE_TYPES,
    ),
    _k(
        "phases.*.take.ladder",
        "rung",
        "Prices to try, each farther than the one before.",
        many=True,
        tight="down",
    ),
    _k("phases.*.take.cap", "some_distance", "Worst price of a market order, from the touch.", tight="down"),
    _k(
        "phases.*.take.reduce_only",
        "bool",
        "May only bring the position nearer to zero.",
        default="false",
        tight="up",
    ),
    _k("phases.*.verify", "map", "Read positions and compare them with the ledger and the goal."),
    _k(
        "phases.*.verify.goal",
        "choice",
        "What must be true.",
        required=True,
        choices=("flat", "hedged", "protected", "idle"),
    ),
    _k("phases.*.verify.tries", "positive", "Reads before a disagreement counts.", default="5"),
    _k("phases.*.verify.every", "some_time", "Time between reads.", default="500ms"),
    _k("phases.*.arm", "map", "Leave a protective stop."),
    _k("phases.*.arm.leg", "leg", "The leg.", required=True),
    _k("phases.*.arm.qty", "size", "How much.", required=True),
    _k("phases.*.arm.stop", "stop_distance", "Trigger, from the entry average.", required=True, tight="down"),
    _k("phases.*.arm.limit", "stop_limit", "Limit past the trigger; a plain stop if left out."),
    _k(
        "phases.*.arm.reduce_only",
        "bool",
        "May only bring the position nearer to zero.",
        default="true",
        tight="up",
    ),
    _k("phases.*.arm.tries", "positive", "Placements to try.", default="1"),
    _k("phases.*.clear", "leg", "Cancel everything of ours on a leg.", short=("leg",)),
    _k("phases.*.clear.leg", "leg", "The leg.", required=True),
    _k("phases.*.run", "name", "Run another policy."),
    _k("phases.*.with", "names", "Its legs and ours; same names if left out."),
    _k("phases.*.with.*", "leg", "Our leg."),
    _k("phases.*.set", "names", "Its parameters."),
    _k("phases.*.set.*", "scalar", "Value of the parameter."),
    _k("phases.*.wait", "some_time", "Do nothing for a while.", short=("for",)),
    _k("phases.*.wait.for", "some_time", "How long.", required=True),
    _k("phases.*.alert", "map", "Tell a human."),
    _k("phases.*.alert.level", "choice", "How loud.", default="info", choices=LEVELS),
    _k("phases.*.alert.text", "text", "What to say.", required=True),
)
_GUARD = (
    _k("watch", "map", "What a guard looks at."),
    _k("watch.every", "some_time", "How often.", required=True, tight="down"),
    _k("watch.pairs", "positive", "Pairs watched at once; they share the venue's rate.", default="1"),
    _k("watch.facts", "names", "Facts by name."),
    _k("watch.facts.*", "expression", "How the fact is computed."),
    _k("rules", "maps", "Rules of a guard; the first that matches wins."),
    _k("rules.#.name", "name", "Name of the rule.", required=True),
    _k("rules.#.when", "expression", "Test, or `otherwise`.", required=True),
    _k("rules.#.for", "checks", "How many checks in a row it must hold.", default="0 checks"),
    _k("rules.#.at_once", "bool", "Act at the first check.", default="false"),
    _k("rules.#.do", "action", "What to do.", required=True),
    _k("rules.#.reason", "word", "Reason given to the policy it runs."),
)

KEYS: tuple[Key, ...] = (*_TOP, *_PARAMS, *_LIMITS, *_DATA, *_PHASES, *_GUARD)
TABLE: dict[str, Key] = {key.path: key for key in KEYS}


def _children() -> dict[str, dict[str, Key]]:
    found: dict[str, dict[str, Key]] = {}
    for key in KEYS:
        parent, _, last = key.path.rpartition(".")
        found.setdefault(parent, {})[last] = key
    return found


CHILDREN: dict[str, dict[str, Key]] = _children()


def child(pattern: str, name: str | int) -> str | None:
    """Pattern of a key one step below a pattern ("" is the root); None where there is no such key."""
    below = CHILDREN.get(f"{pattern}.#" if isinstance(name, int) else pattern, {})
    if isinstance(name, int):
        return f"{pattern}.#" if below else None
    last = name if name in below and name not in ("*", "#") else "*"
    if last not in below:
        return None
    return f"{pattern}.{last}" if pattern else last


def pattern_of(route: Route) -> str | None:
    """`("phases", "quote", "rest", "at")` -> `phases.*.rest.at`; None when the language has no such key."""
    pattern = ""
    for name in route:
        below = child(pattern, name)
        if below is None:
            return None
        pattern = below
    return pattern


@lru_cache(maxsize=4096)
def key_of(route: Route) -> Key | None:
    """The row of the table for a route; None when the language has no such key."""
    pattern = pattern_of(route)
    return TABLE.get(pattern) if pattern is not None else None
