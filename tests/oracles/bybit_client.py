"""The official client of Bybit as a process: a line of JSON in, a line out; in an environment of its own."""

import json
import sys
import time
from typing import Any

from pybit import exceptions  # type: ignore[import-not-found,unused-ignore]
from pybit import unified_trading as bybit


class Client:
    """Calls by name; others are the client's own. `heard` are the messages of its streams."""

    def __init__(self, address: str, key: str) -> None:
        base = "ws" + address.removeprefix("http")
        bybit.PRIVATE_WSS = f"{base}/v5/private"
        bybit.PUBLIC_WSS = f"{base}/v5/public/{{CHANNEL_TYPE}}"
        self.key = {"api_key": key, "api_secret": key}
        self.http = bybit.HTTP(**self.key)
        self.http.endpoint = address
        self.heard: list[Any] = []
        self.streams: list[Any] = []

    def follow(self, symbol: str) -> None:
        public = bybit.WebSocket(testnet=False, channel_type="linear")
        private = bybit.WebSocket(testnet=False, channel_type="private", **self.key)
        public.orderbook_stream(50, symbol, self.heard.append)
        private.order_stream(self.heard.append)
        private.execution_stream(self.heard.append)
        private.position_stream(self.heard.append)
        self.streams = [public, private]

    def wait(self, topic: str, count: int) -> Any:
        """The messages of a topic, once there are so many."""
        end = time.monotonic() + 10
        while True:
            found = [one for one in [*self.heard] if one["topic"].partition(".")[0] == topic]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.01)

    def call(self, name: str, asked: dict[str, Any]) -> Any:
        """One of the client's own; `refused` where it raises a refusal."""
        try:
            return getattr(self.http, name)(**asked)["result"]
        except exceptions.InvalidRequestError as error:
            return {"refused": error.status_code, "text": error.message}


def main() -> None:
    """Answer until there are no more lines."""
    client: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if client is None:
                client = Client(**asked)
                said: Any = "here"
            elif asked["do"] in ("follow", "wait"):
                said = {"ok": getattr(client, asked.pop("do"))(**asked)}
            else:
                said = {"ok": client.call(asked.pop("do"), asked)}
        except Exception as error:  # noqa: BLE001  whatever it is, the test wants to see it
            said = {"error": repr(error)}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
