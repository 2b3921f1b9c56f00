"""Who signed: HMAC-SHA256 with the secret of an API key. Any key opens an account of its own.

Here the secret of a key is the key itself: it is worth nothing anywhere else.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

AHEAD_MS = 1000


class Refusal(Exception):
    """The venue says no."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def proved(headers: Mapping[str, str], content: str) -> str:
    """The account of a signed request with that body or query; Refusal otherwise."""
    key, stamp = headers.get("X-BAPI-API-KEY", ""), headers.get("X-BAPI-TIMESTAMP", "")
    window = headers.get("X-BAPI-RECV-WINDOW", "5000")
    if not key:
        raise Refusal(10003, "API key is invalid.")
    if not stamp.isdigit() or not window.isdigit():
        raise Refusal(10001, "timestamp or recv_window is no number")
    late = now_ms() - int(stamp)
    if late > int(window) or late < -AHEAD_MS:
        raise Refusal(10002, "invalid request, please check your server timestamp or recv_window param")
    if not _is_signed(key, stamp + key + window + content, headers.get("X-BAPI-SIGN", "")):
        raise Refusal(10004, "error sign! please check your signature generation algorithm")
    return key


def logged_in(args: Sequence[object]) -> str:
    """The account of a login on a socket."""
    key, expires, signature = (str(one) for one in args)
    if int(expires) <= now_ms() or not _is_signed(key, f"GET/realtime{expires}", signature):
        raise Refusal(10004, "Params Error")
    return key


def _is_signed(key: str, text: str, signature: str) -> bool:
    told = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(told, signature)


def now_ms() -> int:
    """The venue's clock."""
    return time.time_ns() // 10**6
