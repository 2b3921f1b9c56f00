"""How long to wait before the next try: exponential, capped, full jitter, never sooner than asked for."""

from random import Random

import msgspec


class Backoff(msgspec.Struct, frozen=True):
    """The n-th wait is drawn from 0 to `base_ns` * 2^(n-1), at most `cap_ns`; `tries` bounds all tries."""

    base_ns: int
    cap_ns: int
    tries: int


def most_ns(backoff: Backoff, tried: int) -> int:
    """The longest wait after `tried` tries (from 1)."""
    return min(backoff.cap_ns, backoff.base_ns << min(tried - 1, 62))


def wait_ns(backoff: Backoff, tried: int, dice: Random, retry_after_ns: int = 0) -> int:
    """The wait after `tried` tries (from 1); what the venue asked for comes first, the jitter on top."""
    return retry_after_ns + dice.randint(0, most_ns(backoff, tried))
