"""What may go wrong, one row a kind; how often, as a profile says; and the dice of one run."""

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from random import Random

import msgspec

from dnkit.model.numbers import NS_PER_MS, NS_PER_S

PPM_ONE = 1_000_000
IN_PPM = 400_000  # how often a seed gets a kind where it gets some


class Fault(str, Enum):
    """Kinds of faults; the value is the word in a profile."""

    LOST_REQUEST = "lost_request"
    LOST_ANSWER = "lost_answer"
    SLOW_REQUEST = "slow_request"
    SERVER_ERROR = "server_error"
    RATE_LIMIT = "rate_limit"
    POST_ONLY_REJECT = "post_only_reject"
    THIN_BOOK = "thin_book"
    MARGIN = "margin"
    REFUSED = "refused"
    ENDED_BY_VENUE = "ended_by_venue"
    FILL_BEFORE_CANCEL = "fill_before_cancel"
    DUPLICATE = "duplicate"
    LATE_FACT = "late_fact"
    REORDERED = "reordered"
    LOST_FACT = "lost_fact"
    SILENT_STREAM = "silent_stream"
    VENUE_DOWN = "venue_down"
    VENUE_GONE = "venue_gone"
    BAD_PRINT = "bad_print"
    OLD_POSITION = "old_position"
    WRONG_POSITION = "wrong_position"
    SLOW_LOOKUP = "slow_lookup"
    CLOCK_SKEW = "clock_skew"
    LIQUIDATION = "liquidation"
    KILL = "kill"
    STOP = "stop"
    LOST_ALERT = "lost_alert"
    UNEVEN_START = "uneven_start"
    NO_LEDGER = "no_ledger"


class Per(str, Enum):
    """What a rate counts: how often something may happen there."""

    REQUEST = "request"
    ORDER = "order"
    CANCEL = "cancel or sweep"
    FACT = "fact"
    READ = "position read"
    VENUE = "venue and run"
    LEG = "leg and run"
    LINE = "journal line"
    ALERT = "alert"
    RUN = "run"


class Kind(msgspec.Struct, frozen=True):
    """One kind: what its rate counts, what happens, and how long it lasts at most (0: it does not last)."""

    per: Per
    says: str
    up_to_ns: int = 0


KINDS: Mapping[Fault, Kind] = {
    Fault.LOST_REQUEST: Kind(
        Per.REQUEST, "a request never reaches the venue, and nobody or a time-out says so"
    ),
    Fault.LOST_ANSWER: Kind(
        Per.REQUEST, "a request is carried out and its answer is lost, from some part on"
    ),
    Fault.SLOW_REQUEST: Kind(Per.REQUEST, "a request is late on its way there", 250 * NS_PER_MS),
    Fault.SERVER_ERROR: Kind(
        Per.REQUEST, "an error of the server at once; carried out or not, half of the time each"
    ),
    Fault.RATE_LIMIT: Kind(Per.REQUEST, "429: it and all that follows for a while is refused", 2 * NS_PER_S),
    Fault.POST_ONLY_REJECT: Kind(
        Per.ORDER, "the touch comes too near: post-only rejects, up to five in a row"
    ),
    Fault.THIN_BOOK: Kind(Per.ORDER, "the book gives a taking order a part of what it shows, or nothing"),
    Fault.MARGIN: Kind(Per.ORDER, "an order that is not reduce-only is refused for want of margin"),
    Fault.REFUSED: Kind(Per.ORDER, "an order is refused: nonce, leverage, maintenance"),
    Fault.ENDED_BY_VENUE: Kind(Per.ORDER, "the venue ends a resting order by itself", 10 * NS_PER_S),
    Fault.FILL_BEFORE_CANCEL: Kind(
        Per.CANCEL, "resting orders fill, in part or whole, just before they are cancelled"
    ),
    Fault.DUPLICATE: Kind(Per.FACT, "a fact is told a second time, later", 5 * NS_PER_S),
    Fault.LATE_FACT: Kind(Per.FACT, "a fact, and all after it on that line, comes late", 5 * NS_PER_S),
    Fault.REORDERED: Kind(Per.FACT, "a fact comes late, and those after it overtake it", 5 * NS_PER_S),
    Fault.LOST_FACT: Kind(Per.FACT, "a fact of the stream is lost: a gap in the sequence"),
    Fault.SILENT_STREAM: Kind(
        Per.VENUE, "the streams are silent, the book with them; calls are answered", 30 * NS_PER_S
    ),
    Fault.VENUE_DOWN: Kind(Per.VENUE, "the venue neither hears nor answers for a while", 60 * NS_PER_S),
    Fault.VENUE_GONE: Kind(Per.VENUE, "the venue goes down for good"),
    Fault.BAD_PRINT: Kind(Per.VENUE, "the book shows a price 99 % off for a while", 2 * NS_PER_S),
    Fault.OLD_POSITION: Kind(Per.VENUE, "position reads are behind by up to that long", 65 * NS_PER_S),
    Fault.WRONG_POSITION: Kind(Per.READ, "a read shows an earlier position, or none, as if it were of now"),
    Fault.SLOW_LOOKUP: Kind(
        Per.VENUE, "a look-up does not know an order yet, as long as the venue's facts admit"
    ),
    Fault.CLOCK_SKEW: Kind(Per.VENUE, "the venue's stamps are off by up to that much", 5 * NS_PER_S),
    Fault.LIQUIDATION: Kind(Per.LEG, "the venue takes the position of a leg away"),
    Fault.KILL: Kind(
        Per.LINE, "the process dies before, after or amid a line's requests, and comes back", 10 * NS_PER_S
    ),
    Fault.STOP: Kind(Per.RUN, "the operator asks for the end"),
    Fault.LOST_ALERT: Kind(Per.ALERT, "an alert cannot be delivered"),
    Fault.UNEVEN_START: Kind(
        Per.RUN, "the legs are not what they should be at the start: uneven, one missing, or flat"
    ),
    Fault.NO_LEDGER: Kind(Per.LEG, "the journal knows nothing of a leg"),
}


class Rate(msgspec.Struct, frozen=True):
    """How often, in parts per million of what the kind counts, and how long at most."""

    ppm: int
    up_to_ns: int


class Draw(str, Enum):
    """Which kinds of a profile a seed gets: all of them, or some, each less often by a factor of its own."""

    ALL = "all"
    SOME = "some"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Rates by kind, and which of them a seed gets."""

    name: str
    about: str
    draw: Draw
    rates: Mapping[Fault, Rate]


FACTORS = (1, 2, 4, 16)  # what a rate is divided by where a seed gets some of them


class Luck:
    """The dice of one run. `met` counts what went wrong, by kind."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self.dice = Random(f"{profile.name}:{seed}")
        self.met: Counter[Fault] = Counter()
        self.rates = dict(profile.rates)
        if profile.draw is Draw.SOME:
            self.rates = dict(self._drawn(profile.rates))

    def _drawn(self, rates: Mapping[Fault, Rate]) -> list[tuple[Fault, Rate]]:
        chosen = [(fault, rate) for fault, rate in rates.items() if self.dice.randrange(PPM_ONE) < IN_PPM]
        return [
            (fault, msgspec.structs.replace(rate, ppm=max(1, rate.ppm // self.dice.choice(FACTORS))))
            for fault, rate in chosen
        ]

    def hits(self, fault: Fault) -> bool:
        """Whether it happens now; it is counted if so."""
        rate = self.rates.get(fault)
        if rate is None or self.dice.randrange(PPM_ONE) >= rate.ppm:
            return False
        self.met[fault] += 1
        return True

    def span(self, fault: Fault) -> int:
        """How long it lasts this time, in nanoseconds."""
        return 1 + self.dice.randrange(max(1, self.rates[fault].up_to_ns))
