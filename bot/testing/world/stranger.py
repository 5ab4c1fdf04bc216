"""Somebody else on the same account: another program, or a person with the app."""

from collections.abc import Callable

from bot.testing.world.choices import Choices
from bot.testing.world.site import Site

__all__ = ["Stranger"]


class Stranger:
    """Places, cancels and trades under other names, and now and then cancels an order of ours."""

    def __init__(self, site: Site, choices: Choices, note: Callable[[str, str], None]) -> None:
        self._site = site
        self._choices = choices
        self._note = note
        self._count = 0
        self.busy = choices.pick((0.0, 0.05, 0.15))

    def act(self) -> None:
        """Perhaps do something."""
        choices = self._choices
        if not self.busy or not choices.chance(self.busy):
            return
        what = choices.pick(("market", "limit", "cancel", "cancel"))
        symbol = choices.pick(self._site.exchange.symbols)
        if what == "cancel":
            self._cancel(symbol)
            return
        best = self._site.exchange.best(symbol)
        if best is None:
            return
        self._count += 1
        price = best[0][0]
        step = "0.00001" if symbol.startswith("BTC") else "0.0001"
        quantity = f"{float(step) * choices.between(50, 300):.5f}"
        params = {
            "symbol": symbol,
            "side": choices.pick(("BUY", "SELL")),
            "type": what.upper(),
            "quantity": quantity if symbol.startswith("BTC") else quantity[:-1],
            "newClientOrderId": f"web_{self._count}",
        }
        if what == "limit":
            params |= {"timeInForce": "GTC", "price": f"{price:.2f}"}
        body = self._site.attempt("POST", "/api/v3/order", params)
        self._note("stranger", f"{what} {params} {'taken' if body else 'refused'}")

    def _cancel(self, symbol: str) -> None:
        orders = self._site.attempt("GET", "/api/v3/openOrders", {"symbol": symbol}) or []
        if not orders:
            return
        order = self._choices.pick(orders)
        name = order["clientOrderId"]
        self._note("stranger", f"cancels {name}")
        params = {"symbol": symbol, "origClientOrderId": name}
        self._site.attempt("DELETE", "/api/v3/order", params)
