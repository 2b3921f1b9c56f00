"""An exchange of ccxt, held to our rules: what leaves is checked, what cannot be read is an error, and the
caller's decimal context is left alone.
"""

import asyncio
import decimal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, TypeVar

import ccxt.pro
import msgspec
from ccxt.base.errors import BadResponse, BaseError, ExchangeError

from dnkit.live.ccxt.errors import trouble_of
from dnkit.live.ccxt.record import Record, Row
from dnkit.live.setup import MAIN, TEST, Setup
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_MS
from dnkit.venues.base import Sign, Trouble, TroubledError

KEEP_ALIVE_MS = 2_000
SHOWN_CHARS = 300
ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # raised by an odd shape
T = TypeVar("T")


class NotSent(DnkitError):
    """An order did not look as it had to, and stayed here."""


class Exchange:
    """One instance of ccxt's class, `raw`. `expected` are orders that may leave, by the venue's client id."""

    def __init__(self, setup: Setup, record: Record, *, limited: bool) -> None:
        self.raw = _instance(setup, record, limited=limited)
        self.expected: dict[str, Row] = {}
        self._keys, self._record = setup.keys, record
        self._tasks: set[asyncio.Task[Any]] = set()
        self._fetch, self._judge = self.raw.fetch, self.raw.handle_errors
        self.raw.fetch, self.raw.handle_errors = self._checked, self._judged

    def open(self) -> None:
        """Make its connections. aiohttp by itself repeats GET and DELETE when a kept one breaks."""
        self.raw.open()
        self.raw.session._retry_connection = False

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something with it, in a task with a decimal context of its own that is not broken off with its
        caller. TroubledError; NotSent.
        """
        task = asyncio.create_task(self._apart(work))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def trouble(self, error: BaseError) -> Trouble:
        """What an error of ccxt means, without secrets."""
        return trouble_of(self._record.codes, error, self._keys.hidden(str(error))[:SHOWN_CHARS])

    async def close(self) -> None:
        """Hang up."""
        with suppress(BaseError, OSError):
            await self.raw.close()

    async def _apart(self, work: Callable[[], Awaitable[T]]) -> T:
        apart()
        try:
            return await work()
        except BaseError as error:
            raise TroubledError(self.trouble(error)) from None
        except ODD as error:
            text = f"an answer of another shape: {type(error).__name__}"
            raise TroubledError(Trouble(sign=Sign.DROPPED, text=text)) from error

    def _done(self, task: asyncio.Task[Any]) -> None:
        """Whoever asked may be gone: then nobody looks at the error."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _checked(
        self, url: str, method: str = "GET", headers: dict[str, str] | None = None, body: Any = None
    ) -> Any:
        """The last door: what ccxt adds of its own goes, an order has to be the one that was asked for."""
        kept = {name: one for name, one in (headers or {}).items() if name not in self._record.unwanted}
        wire = self._record.wire
        if wire is not None and method == "POST" and url.endswith(wire.path):
            self._compare(body)
        return await self._fetch(url, method, kept, body)

    def _compare(self, body: str) -> None:
        assert self._record.wire is not None, "only orders of venues whose wire is known are compared"
        told = msgspec.json.decode(body)
        row: Row = told[0] if isinstance(told, list) else told
        wanted = self.expected.get(str(row.get(self._record.wire.id)))
        if wanted is None or any(not _is_same(row.get(name), one) for name, one in wanted.items()):
            raise NotSent(f"ccxt would send {body}, which is not the order")

    def _judged(self, *told: Any) -> Any:
        """ccxt passes over what is no JSON and over refusals inside a good answer: here they are errors."""
        code, reason, url, method, _headers, body, answer = told[:7]
        judged = self._judge(*told)
        if answer is None:
            self.raw.handle_http_status_code(code, reason, url, method, body)
            raise BadResponse(f"{self.raw.id} {method} {url} {code} {reason} {body}")
        if self._record.row_code and any(_refuses(row, self._record.row_code) for row in answer["data"]):
            raise ExchangeError(f"{self.raw.id} {body}")
        return judged


def apart() -> None:
    """From here on this task, and what it begins, has a decimal context of its own."""
    decimal.setcontext(decimal.Context(prec=28))


def _instance(setup: Setup, record: Record, *, limited: bool) -> Any:
    config: dict[str, Any] = {name: setup.keys.get(ours, "") for name, ours in record.keys.items()}
    config |= {
        "enableRateLimit": limited,
        "number": str,
        "options": {**record.options, "maxRetriesOnFailure": 0},
        "streaming": {"keepAlive": KEEP_ALIVE_MS},
        "timeout": max(1000, setup.capabilities.answer_within_ns // NS_PER_MS),
    }
    if setup.where not in (MAIN, TEST):
        config["urls"] = {"api": filled(record.urls, setup.where.rstrip("/"))}
    raw = getattr(ccxt.pro, record.ccxt_id)(config)
    raw.has["fetchCurrencies"] = False
    if setup.where == TEST:
        raw.set_sandbox_mode(True)
    if record.prepare is not None:
        record.prepare(raw, setup.keys)
    return raw


def filled(part: Any, base: str) -> Any:
    """A record's urls with an address in them."""
    if isinstance(part, Mapping):
        return {name: filled(one, base) for name, one in part.items()}
    return part.format(http=base, ws="ws" + base.removeprefix("http"))


def _refuses(row: Any, field: str) -> bool:
    return isinstance(row, Mapping) and row.get(field, "0") != "0"


def _is_same(told: Any, wanted: Any) -> bool:
    return Decimal(told) == wanted if isinstance(wanted, Decimal) else bool(told == wanted)
