"""What an exception of ccxt says about a request: by the venue's code where there is one, else by the status
of HTTP, else by its class.
"""

import re
from collections.abc import Mapping

import msgspec

from dnkit.model.terms import RejectKind
from dnkit.venues.base import Sign, Trouble

_STATUS = re.compile(r"\S+ (?:GET|POST|PUT|DELETE) \S+ (\d{3})\b")
_NOT_SENT = ("ClientConnector", "gaierror")


def trouble_of(codes: Mapping[str, Sign | RejectKind], error: BaseException, text: str) -> Trouble:
    """What cannot be read may have reached the venue, and is no refusal. `text` is what may be shown."""
    said = str(error)
    code = _code(said)
    if code:
        meaning = codes.get(code, RejectKind.OTHER)
        if isinstance(meaning, Sign):
            return Trouble(sign=meaning, text=text)
        return Trouble(sign=Sign.REFUSED, why=meaning, text=text)
    found = _STATUS.match(said)
    if found and found[1] != "200":
        return Trouble(sign=Sign.STATUS, status=int(found[1]), html="<html" in said.lower(), text=text)
    if type(error.__cause__).__name__.startswith(_NOT_SENT):
        return Trouble(sign=Sign.NOT_SENT, text=text)
    is_late = type(error).__name__ == "RequestTimeout"
    return Trouble(sign=Sign.TIMED_OUT if is_late else Sign.DROPPED, text=text)


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
