"""The closed lists of the trade: sides, order types, what a venue may answer. One word for one thing."""

from enum import Enum, IntEnum


class Side(IntEnum):
    """Direction of an order or of a position. The value is the sign of the quantity."""

    BUY = 1
    SELL = -1


PAPER, LIVE = "paper", "live"  # whether orders reach a venue


class OrderType(str, Enum):
    """How an order meets the book. GTC rests and may cross; POST_ONLY rests or is refused."""

    POST_ONLY = "post_only"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    MARKET = "market"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


STOPS = (OrderType.STOP, OrderType.STOP_LIMIT)
RESTING = (OrderType.POST_ONLY, OrderType.GTC, *STOPS)


class RejectKind(str, Enum):
    """Why a venue refused an order outright (nothing of it ever rested)."""

    POST_ONLY_CROSS = "post_only_cross"
    NO_MATCH = "no_match"  # an IOC or FOK that met nothing, shown as an error (Nado 2056)
    TOO_SMALL = "too_small"
    REDUCE_ONLY = "reduce_only"  # the flag was refused: nothing to reduce, or not with this type
    MARGIN = "margin"
    DUPLICATE = "duplicate"  # the client id is known already: treat as "sent", look it up
    RATE = "rate"
    MAINTENANCE = "maintenance"  # the venue is being mended and takes nothing
    OTHER = "other"


LATER = (RejectKind.RATE, RejectKind.MAINTENANCE)  # not carried out, and may be sent again


class StopWhen(str, Enum):
    """When a run that is asked to stop is to go."""

    NOW = "now"  # by the policy's `stop` rule, at once
    FLAT = "flat"  # the same; what it leaves open is flattened after it
    HEDGED = "hedged"  # at the next moment at which the legs net to zero


class EndKind(str, Enum):
    """Why an order that was at the venue is over."""

    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    POST_ONLY_CROSS = "post_only_cross"  # Aster shows EXPIRED, Lighter CANCELED: the adapter translates


class FoundKind(str, Enum):
    """Answer of a look-up by client order id."""

    LIVE = "live"
    OVER = "over"
    ABSENT = "absent"  # the venue knows no such order (yet): no proof before `lookup_lag` is over
    ERROR = "error"


class PostOnlyCross(str, Enum):
    """How a venue shows a post-only order that would have taken."""

    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Intent(str, Enum):
    """What a policy is for. It fixes the goal, the witnesses and which orders must be reduce-only."""

    OPEN = "open"
    CLOSE = "close"
    UNWIND = "unwind"
    REBALANCE = "rebalance"
    SINGLE = "single"
    GUARD = "guard"
    FLATTEN = "flatten"


BUILDING = (Intent.OPEN, Intent.SINGLE)  # begin with nothing and end with a position of the clip
CLOSING = (Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN)  # begin with what is open and end with nothing


class EndName(str, Enum):
    """The ends of a run. All but HALTED are true of the venue, with two witnesses."""

    FLAT = "flat"
    HEDGED = "hedged"
    PROTECTED = "protected"
    IDLE = "idle"
    HALTED = "halted"


class Risk(str, Enum):
    """What is still open when a run halts. It decides the exit code (20-23)."""

    FLAT = "flat"
    HEDGED = "hedged"
    UNHEDGED = "unhedged"
    UNKNOWN = "unknown"
