"""Actions on their way out: signed, numbered, sent once, by the socket or, where that is not up, by HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dnkit.live.transport.http import Http, trouble_of
from dnkit.live.transport.line import Line
from dnkit.live.transport.replies import Replies
from dnkit.model.numbers import NS_PER_MS
from dnkit.venues.base import Sign, Trouble, TroubledError
from dnkit.venues.hyperliquid.signing import Signer, Wire, action_hash, next_nonce, packed, signature_of
from dnkit.venues.hyperliquid.words import refusal

HEADERS = {"content-type": "application/json"}
_json = msgspec.json.Encoder().encode


class Desk:
    """Where one signer's actions leave. `line` carries them while it is up."""

    def __init__(self, http: Http, signer: Signer, now: Callable[[], int], patience_ns: int) -> None:
        self.line: Line | None = None
        self._http, self._signer, self._now, self._patience_ns = http, signer, now, patience_ns
        self._nonce = 0
        self.replies: Replies[Any] = Replies()

    def signed(self, action: Mapping[str, Wire], expires_ms: int | None) -> dict[str, Any]:
        """The action with nonce and signature, ready to go."""
        self._nonce = next_nonce(self._nonce, self._now() // NS_PER_MS)
        hashed = action_hash(packed(action), self._nonce, None, expires_ms)
        request = {
            "action": action,
            "nonce": self._nonce,
            "signature": signature_of(self._signer, hashed),
            "vaultAddress": None,
        }
        if expires_ms is not None:
            request["expiresAfter"] = expires_ms
        return request

    async def act(self, action: Mapping[str, Wire], expires_ms: int | None = None) -> Any:
        """Have an action carried out: its `response`. TroubledError, REFUSED for the venue's own "err"."""
        request = self.signed(action, expires_ms)
        if self.line is not None and self.line.up:
            answer = await self._by_line(self.line, request)
        else:
            answer = await self._by_http("/exchange", request)
        return _response(answer)

    async def info(self, **query: Wire) -> Any:
        """Ask what anybody may; TroubledError."""
        return await self._by_http("/info", query)

    def heard(self, data: Mapping[str, Any]) -> None:
        """An answer came by the line; one nobody waits for any more is let go."""
        self.replies.give(data["id"], data["response"])

    def lost(self) -> None:
        """The line broke: what was not answered may have been carried out."""
        self.replies.lose("the line broke")

    async def _by_line(self, line: Line, request: dict[str, Any]) -> Any:
        number = self.replies.number()
        frame = {"method": "post", "id": number, "request": {"type": "action", "payload": request}}
        try:
            await line.send(_json(frame).decode())
        except TroubledError:
            self.replies.drop(number)
            raise
        response = await self.replies.wait(number, self._patience_ns)
        if response["type"] == "error":
            raise TroubledError(_refused(str(response["payload"])))
        return response["payload"]

    async def _by_http(self, path: str, request: Mapping[str, Any]) -> Any:
        reply = await self._http.call("POST", path, _json(request), HEADERS)
        trouble = trouble_of(reply)
        if trouble is not None:
            raise TroubledError(trouble)
        return readable(reply.body)


def readable(body: bytes) -> Any:
    """An answer as JSON; TroubledError where it ends in the middle, for then nobody knows."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise TroubledError(Trouble(sign=Sign.DROPPED, text=f"unreadable answer: {error}")) from error


def _response(answer: Any) -> Any:
    match answer:
        case {"status": "ok", "response": response}:
            return response
        case {"status": "err", "response": text}:
            raise TroubledError(_refused(str(text)))
    raise TroubledError(Trouble(sign=Sign.DROPPED, text="an answer without a status"))


def _refused(text: str) -> Trouble:
    if text[:3].isdigit() and text[:1] == "5":
        return Trouble(sign=Sign.STATUS, status=int(text[:3]), text=text)
    return Trouble(sign=Sign.REFUSED, why=refusal(text), text=text)
