"""What an exception of ccxt says about a request: by the venue's code where there is one, else by its class."""

from collections.abc import Mapping

import msgspec

from dnkit.model.terms import RejectKind
from dnkit.venues.base import Sign, Trouble


def trouble_of(codes: Mapping[str, Sign | RejectKind], error: BaseException) -> Trouble:
    """What cannot be read may have reached the venue, and is no refusal."""
    text = str(error)
    code = _code(text)
    if code:
        meaning = codes.get(code, RejectKind.OTHER)
        if isinstance(meaning, Sign):
            return Trouble(sign=meaning, text=text)
        return Trouble(sign=Sign.REFUSED, why=meaning, text=text)
    if type(error.__cause__).__name__.startswith("ClientConnector"):
        return Trouble(sign=Sign.NOT_SENT, text=text)
    kind = type(error).__name__
    if kind == "RateLimitExceeded":
        return Trouble(sign=Sign.STATUS, status=429, why=RejectKind.RATE, text=text)
    return Trouble(sign=Sign.TIMED_OUT if kind == "RequestTimeout" else Sign.DROPPED, text=text)


def _code(text: str) -> str:
    """The innermost code in the JSON after the first space, "" where there is none."""
    try:
        told = msgspec.json.decode(text.partition(" ")[2])
    except msgspec.DecodeError:
        return ""
    if not isinstance(told, dict):
        return ""
    data = told.get("data")
    inner = data[0].get("sCode") if isinstance(data, list) and data and isinstance(data[0], dict) else None
    return str(inner or told.get("retCode") or told.get("code") or "")
