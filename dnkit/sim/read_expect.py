"""What a scenario expects of its run, from its text."""

from collections.abc import Mapping
from typing import Any

from dnkit.machine.program import Program
from dnkit.model.numbers import to_pico
from dnkit.model.terms import EndName, OrderType, Risk, Side
from dnkit.policies.source import LIST, MAP, SCALAR, Node
from dnkit.policies.units import TextError, parse_count, parse_time, parse_unhedged, unknown_word
from dnkit.sim.amounts import lots_of, mbps, price_of, size_of
from dnkit.sim.fields import Fields, flag, one_of, scalar
from dnkit.sim.read_orders import order_key_of
from dnkit.sim.scenario import EVERY, Expect, OrderWanted

NONE = "none"
SIDES: Mapping[str, Side] = {"buy": Side.BUY, "sell": Side.SELL}


class ExpectReader:
    """Reads `expect` for one program."""

    def __init__(self, fields: Fields, program: Program) -> None:
        self.fields = fields
        self.program = program
        self.legs = program.legs
        self.names = [leg.name for leg in self.legs]

    def read(self, node: Node) -> Expect:
        """All of it."""
        values = self.fields.map(
            node,
            {
                "end": scalar(one_of(EndName)),
                "risk": scalar(one_of(Risk)),
                "orders": self._orders,
                "only": self._types,
                "never": self._types,
                "positions": self._positions,
                "within": scalar(parse_time),
                "concession": self._concession,
                "unhedged": scalar(_unhedged),
                "phases": self._phases,
                "says": self._texts,
                "alerts": self._alerts,
            },
        )
        within = values.pop("within", None)
        return Expect(within_ns=within, **values.pop("orders", {}), **values.pop("alerts", {}), **values)

    def _orders(self, node: Node) -> dict[str, Any]:
        """A number, a number per leg, or the exact list."""
        if node.kind == SCALAR:
            return {"count": 0 if node.text == NONE else scalar(parse_count)(node)}
        if node.kind == MAP:
            counts = self.fields.by_name(node, self.names, lambda _: scalar(parse_count))
            return {"counts": tuple(counts.items())}
        return {"orders": self.fields.each(node, self._order)}

    def _order(self, node: Node) -> OrderWanted | None:
        name = node.get("order")
        if name is None:
            self.fields.map(node, {}, "order")
            return None
        leg, number = scalar(order_key_of(self.legs))(name)
        spec = self.legs[leg]
        values = self.fields.map(
            node,
            {
                "order": lambda _: leg,
                "side": scalar(_side),
                "quantity": scalar(size_of(spec)),
                "type": scalar(one_of(OrderType)),
                "price": scalar(price_of(spec)),
                "reduce_only": flag,
                "reason": scalar(str),
            },
        )
        return OrderWanted(
            leg=leg,
            number=None if number == EVERY else number,
            lots=values.pop("quantity", None),
            **{key: value for key, value in values.items() if key != "order"},
        )

    def _types(self, node: Node) -> tuple[OrderType, ...]:
        if node.text == NONE:
            return ()
        return self.fields.each(node, scalar(one_of(OrderType)))

    def _positions(self, node: Node) -> tuple[tuple[int, int], ...]:
        found = self.fields.by_name(node, self.names, lambda leg: scalar(lots_of(self.legs[leg])))
        return tuple(found.items())

    def _concession(self, node: Node) -> tuple[tuple[int, int], ...]:
        if node.kind == SCALAR:
            most = scalar(mbps)(node)
            return tuple((leg, most) for leg in range(len(self.legs)))
        return tuple(self.fields.by_name(node, self.names, lambda _: scalar(mbps)).items())

    def _phases(self, node: Node) -> tuple[str, ...]:
        return self.fields.each(node, scalar(self._phase))

    def _phase(self, text: str) -> str:
        known = [phase.name for phase in self.program.phases]
        if text not in known:
            raise unknown_word(f"there is no phase `{text}`", text, known, code="DNK101")
        return text

    def _texts(self, node: Node) -> tuple[str, ...]:
        return self.fields.each(node, scalar(str))

    def _alerts(self, node: Node) -> dict[str, Any]:
        """`none`, a number, or texts that occur in alerts, in that order."""
        if node.kind == LIST or (node.text != NONE and not node.text.isdecimal()):
            return {"alerts": self._texts(node)}
        return {"alert_count": 0 if node.text == NONE else scalar(parse_count)(node)}


def _side(text: str) -> Side:
    if text not in SIDES:
        raise unknown_word(f"`{text}` is no side", text, SIDES, code="DNK032")
    return SIDES[text]


def _unhedged(text: str) -> tuple[int, int]:
    """`$600 for 5s` -> picos and ns."""
    quantity, for_ns = parse_unhedged(text)
    if quantity.unit != "money":
        raise TextError(f"`{text}` is not in money", "write it like `$600 for 5s`", code="DNK432")
    return to_pico(quantity.amount), for_ns
