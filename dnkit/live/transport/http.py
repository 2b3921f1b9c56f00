"""HTTP calls to one host. A call is sent once, whatever becomes of it: whether again is judged elsewhere."""

import asyncio
from collections.abc import Mapping

import aiohttp
import msgspec

from dnkit.model.numbers import NS_PER_S
from dnkit.venues.base import Sign, Trouble, TroubledError

PATIENCE_S = 5
NO_HEADERS: Mapping[str, str] = {}
TEXT_MAX = 300  # of an answer nobody can read, that much is kept


class Reply(msgspec.Struct, frozen=True):
    """An answer: status, body, headers by lower-case name."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Http:
    """Calls under `base`; `patience_s` from the first byte of a call to the last of its answer."""

    def __init__(self, base: str, *, patience_s: float = PATIENCE_S) -> None:
        self._base = base.rstrip("/")
        self._patience = aiohttp.ClientTimeout(total=patience_s)
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> Reply:
        """Make a call; TroubledError when no answer came that has a status of its own."""
        try:
            async with self._opened().request(
                method, self._base + path, data=body or None, headers=headers
            ) as answer:
                return Reply(
                    answer.status,
                    await answer.read(),
                    {name.lower(): value for name, value in answer.headers.items()},
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TroubledError(Trouble(sign=_sign(error), text=_words(error))) from error

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._patience)
            # The library repeats GET and DELETE when a kept connection breaks, and an order may be either.
            self._session._retry_connection = False
        return self._session


def trouble_of(reply: Reply) -> Trouble | None:
    """What is wrong with a reply by its status or because it is a page of HTML; None where it can be read."""
    html = reply.body.lstrip()[:1] == b"<"
    if reply.status < 400 and not html:
        return None
    return Trouble(
        sign=Sign.STATUS,
        text=reply.body[:TEXT_MAX].decode(errors="replace"),
        status=reply.status,
        html=html,
        retry_after_ns=_retry_after(reply.headers.get("retry-after", "")),
    )


def _retry_after(text: str) -> int:
    """Whole seconds as nanoseconds; a date is not worth its reading, the backoff waits too."""
    return int(text) * NS_PER_S if text.isdigit() else 0


def _sign(error: Exception) -> Sign:
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError | aiohttp.InvalidURL):
        return Sign.NOT_SENT
    return Sign.TIMED_OUT if isinstance(error, TimeoutError | asyncio.TimeoutError) else Sign.DROPPED


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
