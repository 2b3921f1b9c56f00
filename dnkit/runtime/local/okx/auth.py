"""Who signed a request: HMAC-SHA256 with the secret of an API key, and the passphrase of it.

Any API key opens an account of its own; its secret is `<key>-secret` and its passphrase `<key>-passphrase`.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from dnkit.runtime.local.okx.words import Refusal, now_ms

WINDOW_MS = 30_000
LOGIN = "GET/users/self/verify"


def secret_of(key: str) -> str:
    """The secret of an API key here."""
    return f"{key}-secret"


def passphrase_of(key: str) -> str:
    """The passphrase of an API key here."""
    return f"{key}-passphrase"


def proved(headers: Mapping[str, str], method: str, path: str, body: str) -> str:
    """The account of a signed request; Refusal otherwise. `path` has its query."""
    key, stamp = headers.get("OK-ACCESS-KEY", ""), headers.get("OK-ACCESS-TIMESTAMP", "")
    if not key:
        raise Refusal("50103")
    try:
        at_ms = int(datetime.fromisoformat(stamp).timestamp() * 1000)
    except ValueError:
        raise Refusal("50102") from None
    if abs(at_ms - now_ms()) > WINDOW_MS:
        raise Refusal("50102")
    _prove(key, f"{stamp}{method}{path}{body}", headers.get("OK-ACCESS-SIGN", ""))
    if headers.get("OK-ACCESS-PASSPHRASE") != passphrase_of(key):
        raise Refusal("50105")
    return key


def logged_in(asked: Mapping[str, str]) -> str:
    """The account of a login on a socket; Refusal 60009 otherwise."""
    key, stamp = asked.get("apiKey", ""), asked.get("timestamp", "")
    try:
        _prove(key, f"{stamp}{LOGIN}", asked.get("sign", ""))
        if abs(int(stamp) * 1000 - now_ms()) > WINDOW_MS or asked.get("passphrase") != passphrase_of(key):
            raise Refusal("60009")
    except (Refusal, ValueError):
        raise Refusal("60009") from None
    return key


def _prove(key: str, text: str, signature: str) -> None:
    told = hmac.new(secret_of(key).encode(), text.encode(), hashlib.sha256).digest()
    if not key or not hmac.compare_digest(base64.b64encode(told).decode(), signature):
        raise Refusal("50113")
