"""Nado's order entry: signed requests on one socket, answers by number."""

from collections.abc import Mapping
from itertools import count

import msgspec

from dnkit.live.nado.query import Reply, answered
from dnkit.live.transport.line import Line
from dnkit.live.transport.replies import Replies
from dnkit.model.errors import DnkitError

encode = msgspec.json.Encoder().encode


class _Numbered(msgspec.Struct):
    id: int | None = None


_numbered_in = msgspec.json.Decoder(_Numbered).decode


class Gateway:
    """What is said on the order socket; see `dnkit.live.transport.line.Speech`."""

    def __init__(self) -> None:
        self.line: Line
        self._replies: Replies[str | bytes] = Replies()
        self._pings = count(1)

    async def execute(self, kind: str, body: Mapping[str, object], within_ns: int) -> Reply:
        """Send a signed request; its answer. TroubledError, of which RefusedError is the venue's own no."""
        number = self._replies.number()
        try:
            await self.line.send(encode({kind: {**body, "id": number}}).decode())
        except BaseException:
            self._replies.drop(number)
            raise
        return answered(await self._replies.wait(number, within_ns))

    async def opened(self, line: Line) -> None:
        """Nothing is said before the first request: each is signed by itself."""

    def heard(self, frame: str | bytes) -> None:
        """An answer."""
        try:
            number = _numbered_in(frame).id
        except msgspec.MsgspecError as error:
            raise DnkitError(f"Nado answered what cannot be read: {error}") from error
        if number is not None:
            self._replies.give(number, frame)

    def closed(self) -> None:
        """What is open will not be answered."""
        self._replies.lose("the connection broke")

    def ping(self) -> str | None:
        """The protocol's own."""
        return None
