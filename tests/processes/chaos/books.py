"""Our books beside the exchange's truth: every difference is a line of text."""

from collections import Counter
from decimal import Decimal

import sqlalchemy as sa

from bot.storage.connection import normalise_url

NEVER_THERE = ("REFUSED", "NOT_PLACED", "REJECTED")
UNSETTLED = ("INTENT", "SUBMITTED", "UNKNOWN")
ENDINGS = {"PENDING_CANCEL": "CANCELED", "EXPIRED_IN_MATCH": "EXPIRED"}
ROUNDED = Decimal("0.0001")
"""Entry prices are told rounded."""


class Books:
    """One bot's database."""

    def __init__(self, market: str, url: str) -> None:
        self.market = market
        self._engine = sa.create_engine(normalise_url(url), poolclass=sa.NullPool)

    def rows(self, query: str, **values: object) -> list[sa.Row]:
        with self._engine.connect() as connection:
            return list(connection.execute(sa.text(query), values))

    def one(self, query: str) -> object:
        return self.rows(query)[0][0]

    def unsettled(self) -> list[str]:
        return [
            f"{row[0]} is {row[1]}"
            for row in self.rows("SELECT client_order_id, status FROM orders")
            if row[1] in UNSETTLED
        ]

    def first_orders_ns(self) -> list[int]:
        return [row[0] for row in self.rows("SELECT min(created_ns) FROM orders GROUP BY run_id")]

    def incidents(self) -> list[sa.Row]:
        return self.rows("SELECT kind, subject, cause, from_ns, to_ns FROM incidents")

    def names(self, text: str) -> bool:
        """Whether any row tells of the fault with this text."""
        pattern = f"%{text}%"
        queries = (
            "SELECT 1 FROM incidents WHERE cause LIKE :text",
            "SELECT 1 FROM order_events WHERE payload LIKE :text",
        )
        return any(self.rows(query, text=pattern) for query in queries)

    # --- beside the truth ------------------------------------------------------------------

    def differences(self, before: dict, after: dict) -> list[str]:
        """All that is not the same; ``before`` is the state when nobody had traded."""
        truth = after if self.market == "spot" else after["futures"]["usdm"]
        start = before if self.market == "spot" else before["futures"]["usdm"]
        found = [*self._orders(truth), *self._fills(truth)]
        if self.market == "spot":
            found += self._spot_balances(start, truth)
        else:
            found += self._contract_balances(start, truth)
        return [f"{self.market}: {difference}" for difference in found]

    def _orders(self, truth: dict) -> list[str]:
        theirs: dict[str, tuple[str, Decimal]] = {}
        for algo in truth.get("algos", ()):
            theirs[algo["clientAlgoId"]] = (algo["algoStatus"], Decimal(0))
        for order in truth["orders"]:
            status = ENDINGS.get(order["status"], order["status"])
            theirs[order["clientOrderId"]] = (status, Decimal(order["executedQty"]))
        theirs = {name: there for name, there in theirs.items() if name.startswith("bot-")}
        ours = {
            row[0]: ("NEW" if row[1] == "OPEN" else row[1], Decimal(str(row[2])))
            for row in self.rows("SELECT client_order_id, status, filled FROM orders")
            if row[1] not in NEVER_THERE
        }
        found = [f"order {name} has no row" for name in theirs.keys() - ours.keys()]
        found += [f"order {name} {ours[name]} is not there" for name in ours.keys() - theirs.keys()]
        found += [
            f"order {name} is {ours[name]} here and {theirs[name]} there"
            for name in ours.keys() & theirs.keys()
            if ours[name] != theirs[name]
        ]
        return sorted(found)

    def _fills(self, truth: dict) -> list[str]:
        ours = Counter(
            (row[0], row[1], row[2], Decimal(str(row[3])), Decimal(str(row[4])))
            for row in self.rows("SELECT symbol, trade_id, side, quantity, price FROM fills")
        )
        theirs = Counter(
            (t["symbol"], t["id"], side_of(t), Decimal(t["qty"]), Decimal(t["price"]))
            for t in truth["trades"]
        )
        return [
            *(f"fill {fill[:3]} is missing" for fill in theirs - ours),
            *(f"fill {fill[:3]} was not traded (so often)" for fill in ours - theirs),
        ]

    def _spot_balances(self, start: dict, truth: dict) -> list[str]:
        wanted = {
            asset: Decimal(amount["free"]) + Decimal(amount["locked"])
            for asset, amount in start["balances"].items()
        }
        query = "SELECT symbol, side, quantity, price, commission, commission_asset FROM fills"
        for symbol, side, *amounts, asset in self.rows(query):
            quantity, price, commission = (Decimal(str(amount)) for amount in amounts)
            sign = 1 if side == "BUY" else -1
            wanted[symbol.removesuffix("USDT")] += sign * quantity
            wanted["USDT"] -= sign * quantity * price
            wanted[asset] -= commission
        found = []
        for asset, amount in truth["balances"].items():
            free, locked = Decimal(amount["free"]), Decimal(amount["locked"])
            if free + locked != wanted[asset]:
                found.append(f"{asset}: {free + locked} there, {wanted[asset]} by our fills")
            if locked and not self._open_orders():
                found.append(f"{asset}: {locked} is locked and no order rests")
            stored = self._stored_balance(asset)
            if stored not in {None, (free, locked)}:
                found.append(f"{asset}: {stored} stored, {(free, locked)} there")
        return found

    def _contract_balances(self, start: dict, truth: dict) -> list[str]:
        wanted = Decimal(start["balances"]["USDT"])
        held: dict[str, Decimal] = {}
        for symbol, side, *amounts in self.rows(
            "SELECT symbol, side, quantity, price, commission FROM fills"
        ):
            quantity, price, commission = (Decimal(str(amount)) for amount in amounts)
            sign = 1 if side == "BUY" else -1
            held[symbol] = held.get(symbol, Decimal(0)) + sign * quantity
            wanted -= sign * quantity * price + commission
        wanted += sum(
            (Decimal(i["income"]) for i in truth["income"] if i["incomeType"] == "FUNDING_FEE"),
            Decimal(0),
        )
        positions = {p["symbol"]: p for p in truth["positions"]}
        for position in positions.values():
            wanted += Decimal(position["positionAmt"]) * Decimal(position["entryPrice"])
        there = Decimal(truth["balances"]["USDT"])
        found = []
        if abs(there - wanted) > ROUNDED * max(1, len(truth["trades"])):
            found.append(f"USDT: {there} there, {wanted} by our fills")
        for symbol in held.keys() | positions.keys():
            amount = Decimal(positions.get(symbol, {}).get("positionAmt", "0"))
            if amount != held.get(symbol, Decimal(0)):
                found.append(f"{symbol}: {amount} held there, {held.get(symbol)} by our fills")
        return found

    def _open_orders(self) -> bool:
        query = "SELECT 1 FROM orders WHERE status IN ('OPEN', 'PARTIALLY_FILLED')"
        return bool(self.rows(query))

    def _stored_balance(self, asset: str) -> tuple[Decimal, Decimal] | None:
        query = "SELECT free, locked FROM balances WHERE asset = :asset ORDER BY ts_ns DESC LIMIT 1"
        rows = self.rows(query, asset=asset)
        return (Decimal(str(rows[0][0])), Decimal(str(rows[0][1]))) if rows else None


def side_of(trade: dict) -> str:
    buys = trade["isBuyer"] if "isBuyer" in trade else trade["buyer"]
    return "BUY" if buys else "SELL"
