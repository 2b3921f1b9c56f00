"""Runs where the official client of Nado is installed, in an environment of its own: one line of JSON in, one
out. The first line it gets says where the exchange is and by what key it trades.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

PRODUCT = 4
AMOUNT = 10**17


class Client:
    """The official client on an account."""

    def __init__(self, address: str, secret: str) -> None:
        from nado_protocol.client import NadoClientMode, create_nado_client
        from nado_protocol.client.context import NadoClientContextOpts
        from nado_protocol.utils.bytes32 import subaccount_to_bytes32
        from nado_protocol.ws import NadoSubscriptionClient, NadoWebSocketClient

        where = {
            "engine_endpoint_url": f"{address}/v1",
            "indexer_endpoint_url": f"{address}/archive/v1",
            "trigger_endpoint_url": f"{address}/trigger/v1",
            "rpc_node_url": "http://127.0.0.1:1",
        }
        self.client = create_nado_client(NadoClientMode.TESTNET, secret, NadoClientContextOpts(**where))
        self.engine = self.client.context.engine_client
        self.sender = f"0x{subaccount_to_bytes32(self.engine.signer.address, 'default').hex()}"
        self.orders = NadoWebSocketClient(f"{address}/v1").connect()
        self.streams = NadoSubscriptionClient(f"{address}/v1").connect()

    def contracts(self, _asked: dict[str, Any]) -> Any:
        return self.engine.get_contracts().model_dump()

    def symbols(self, _asked: dict[str, Any]) -> Any:
        return self.engine.get_symbols().model_dump()

    def place(self, asked: dict[str, Any]) -> Any:
        """Over HTTP."""
        return self.client.market.place_order(self._params(asked)).data.model_dump()

    def place_on_socket(self, asked: dict[str, Any]) -> Any:
        return self.orders.execute(self._signed(asked))

    def race(self) -> None:
        """Answer each touch with a post-only order at the bid, until killed."""
        from nado_protocol.ws import BestBidOfferStream

        self.streams.subscribe(BestBidOfferStream(product_id=PRODUCT))
        for touch in self.streams.listen():
            order = {"price": touch["bid_price"], "amount": AMOUNT, "type": "POST_ONLY"}
            self.place_on_socket(order)

    def cancel(self, asked: dict[str, Any]) -> Any:
        from nado_protocol.engine_client.types.execute import CancelOrdersParams

        params = CancelOrdersParams(sender=self.sender, productIds=[PRODUCT], digests=[asked["digest"]])
        return self.client.market.cancel_orders(params).data.model_dump()

    def cancel_all(self, _asked: dict[str, Any]) -> Any:
        from nado_protocol.engine_client.types.execute import CancelProductOrdersParams

        params = CancelProductOrdersParams(sender=self.sender, productIds=[PRODUCT])
        return self.client.market.cancel_product_orders(params).data.model_dump()

    def order(self, asked: dict[str, Any]) -> Any:
        return self.engine.get_order(PRODUCT, asked["digest"]).model_dump()

    def open(self, _asked: dict[str, Any]) -> Any:
        return self.engine.get_subaccount_open_orders(PRODUCT, self.sender).model_dump()

    def account(self, _asked: dict[str, Any]) -> Any:
        return self.engine.get_subaccount_info(self.sender).model_dump()

    def liquidity(self, _asked: dict[str, Any]) -> Any:
        return self.engine.get_market_liquidity(PRODUCT, 5).model_dump()

    def price(self, _asked: dict[str, Any]) -> Any:
        return self.engine.get_market_price(PRODUCT).model_dump()

    def log_in(self, _asked: dict[str, Any]) -> Any:
        from nado_protocol.contracts.types import NadoTxType
        from nado_protocol.engine_client.types.stream import StreamAuthenticationParams

        expiration = int(time.time() * 1000) + 60_000
        message = {"sender": bytes.fromhex(self.sender[2:]), "expiration": expiration}
        signature = self.engine.sign(
            NadoTxType.AUTHENTICATE_STREAM,
            message,
            self.engine.endpoint_addr,
            self.engine.chain_id,
            self.engine.signer,
        )
        params = StreamAuthenticationParams(sender=self.sender, expiration=expiration, signature=signature)
        return self.streams.authenticate(params)

    def follow(self, _asked: dict[str, Any]) -> Any:
        from nado_protocol.ws import FillStream, OrderUpdateStream, PositionChangeStream

        kinds = (FillStream, OrderUpdateStream, PositionChangeStream)
        return [self.streams.subscribe(one(subaccount=self.sender, product_id=PRODUCT)) for one in kinds]

    def hear(self, asked: dict[str, Any]) -> Any:
        """The next messages of the streams."""
        return [self.streams.recv(timeout=5) for _ in range(asked["count"])]

    def _params(self, asked: dict[str, Any]) -> Any:
        from nado_protocol.engine_client.types.execute import PlaceOrderParams
        from nado_protocol.utils.execute import OrderParams
        from nado_protocol.utils.expiration import get_expiration_timestamp
        from nado_protocol.utils.nonce import gen_order_nonce
        from nado_protocol.utils.order import OrderType, build_appendix

        order = OrderParams(
            sender=self.sender,
            priceX18=int(asked["price"]),
            amount=int(asked["amount"]),
            expiration=get_expiration_timestamp(60),
            nonce=gen_order_nonce(),
            appendix=build_appendix(OrderType[asked["type"]], reduce_only=asked.get("reduce_only", False)),
        )
        return PlaceOrderParams(product_id=PRODUCT, order=order)

    def _signed(self, asked: dict[str, Any]) -> Any:
        """The client signs by itself on HTTP only; on the socket by the same calls."""
        from nado_protocol.contracts.types import NadoExecuteType

        params = self._params(asked)
        order = params.order.model_dump()
        params.signature = self.engine.sign(
            NadoExecuteType.PLACE_ORDER,
            order,
            f"0x{PRODUCT:040x}",
            self.engine.chain_id,
            self.engine.signer,
        )
        return params


def main() -> None:
    first = json.loads(sys.stdin.readline())
    client = Client(first["address"], first["secret"])
    if sys.argv[1:] == ["race"]:
        client.race()
    print(json.dumps({"ok": client.sender}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        work: Callable[[dict[str, Any]], Any] = getattr(client, asked["do"])
        try:
            said = {"ok": work(asked)}
        except Exception as error:  # noqa: BLE001 - whatever the client makes of a refusal
            said = {"error": type(error).__name__, "text": str(error)}
        print(json.dumps(said, default=_text), flush=True)


def _text(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
