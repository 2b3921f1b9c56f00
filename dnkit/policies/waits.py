"""Keys that do not act everywhere yet: path -> since when they do, and what happens until then. Every other
key acts always.
"""

import msgspec

LIVE, LATER = "live", "later"


class Waits(msgspec.Struct, frozen=True):
    """`since` is LIVE (with live venues only) or LATER (from a later version).

    `why` says what happens meanwhile; `value` names the value it is about, "" for any.
    """

    since: str
    why: str
    value: str = ""


_GUARD = Waits(LATER, "a guard is checked and explained, and cannot be run yet")

WAITS: dict[str, tuple[Waits, ...]] = {
    "deadman": (Waits(LIVE, "a paper venue ends with this process"),),
    "limits.min_depth": (
        Waits(LATER, "the first level alone has to hold the money, which is stricter", "level 2 on"),
    ),
    "limits.liq_buffer": (Waits(LIVE, "paper accounts have no liquidation price"),),
    "limits.rate": (Waits(LIVE, "calls to a paper venue are not counted"),),
    "data.bbo.source": (Waits(LIVE, "on paper the book is at hand and need not be asked for", "rest"),),
    "data.bbo.stale": (
        Waits(LIVE, "on paper there is no newer book to ask for; an old one means `hold`", "rest"),
    ),
    "data.stream.max_silence": (Waits(LIVE, "a paper market has no connection that could be lost"),),
    "size.impact.levels": (Waits(LATER, "every level within `max` is looked at"),),
    "backoff": (Waits(LIVE, "calls to a paper venue do not fail"),),
    "targets": (Waits(LATER, "lint checks what can be known before; no report compares with it"),),
    "watch": (_GUARD,),
    "rules": (_GUARD,),
}
