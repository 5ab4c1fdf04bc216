"""From a form to an open order: filters, the matching engine's refusals, locked funds."""

from collections.abc import Sequence

from bot.simulation.errors import CANCEL_REJECTED, MARKET_CLOSED, ApiError
from bot.simulation.execution import funds_needed
from bot.simulation.filters import Candidate, exceeds_asset_limits
from bot.simulation.fixedpoint import notional, parse
from bot.simulation.floor import Floor
from bot.simulation.listing import Listing
from bot.simulation.orderform import OrderForm
from bot.simulation.orders import Order, is_algo, is_priceless
from bot.simulation.parameters import no_such_symbol
from bot.simulation.pegs import pegged_price
from bot.simulation.permissions import check_account, check_form, check_stp_mode
from bot.simulation.prevention import skipped_party
from bot.simulation.pricerange import reference_price
from bot.simulation.stops import would_trigger

__all__ = ["INSUFFICIENT_BALANCE", "Intake", "check_cancelling"]

INSUFFICIENT_BALANCE = "Account has insufficient balance for requested action."

_ON_QUANTITY = frozenset({"LOT_SIZE", "ICEBERG_PARTS", "MIN_NOTIONAL", "NOTIONAL"})


class Intake:
    """What every way of placing an order goes through."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def listing(self, symbol: str) -> Listing:
        """Raises -1121 for a symbol that is not traded here."""
        listing = self._floor.listings.get(symbol)
        if listing is None:
            raise no_such_symbol(symbol)
        return listing

    def quantity(self, account: str, form: OrderForm, listing: Listing) -> tuple[int, bool]:
        """The base quantity, and whether the book held all that a quote amount asks for."""
        if not form.quote_e8:
            return form.quantity_e8, True
        quantity, had_it = listing.book.affordable(
            is_buy=form.is_buy,
            quote_e8=form.quote_e8,
            step_e8=listing.rules.step_e8,
            without=skipped_party(self._floor.ledger.accounts[account].party, form.stp_mode),
        )
        if not had_it:
            _check_liquidity(listing, quantity)
        return quantity, had_it

    def check_filters(
        self,
        account: str,
        form: OrderForm,
        listing: Listing,
        quantity: int,
        now_ms: int,
        *,
        ahead: Sequence[OrderForm] = (),
        in_list: bool = False,
    ) -> None:
        """Raises -1013 naming the filter. ``ahead`` are orders of the same request."""
        check_stp_mode(listing.rules, form.stp_mode)
        if not self.price(form, listing) and not is_priceless(form.order_type):
            msg = "Order book liquidity is too low for this pegged order."
            raise ApiError.order_rejected(msg)
        candidate = self._candidate(account, form, listing, quantity, now_ms)
        candidate.in_list = in_list
        algos = sum(1 for other in ahead if is_algo(other.order_type))
        icebergs = sum(1 for other in ahead if other.iceberg_e8)
        candidate.open_orders += len(ahead)
        candidate.account_orders += len(ahead)
        candidate.open_algos += algos
        candidate.account_algos += algos
        candidate.open_icebergs += icebergs
        candidate.account_icebergs += icebergs
        for name, passes in listing.checks:
            if not passes(candidate):
                raise ApiError.filter_failure(name)
        limits, rules = self._floor.ledger.accounts[account].asset_limits, listing.rules
        if limits and exceeds_asset_limits(
            candidate,
            base_limit_e8=limits.get(rules.base),
            quote_limit_e8=limits.get(rules.quote),
        ):
            raise ApiError.filter_failure("MAX_ASSET")

    def check_amended(self, order: Order, listing: Listing, quantity: int) -> None:
        """The filters on quantities, for an order that is to have another one (-1013)."""
        candidate = Candidate(
            order_type=order.order_type,
            is_buy=order.is_buy,
            price_e8=order.limit_e8,
            quantity_e8=quantity,
            reference_e8=lambda _: listing.last_price_e8,
            iceberg_e8=order.iceberg_e8,
        )
        for name, passes in listing.checks:
            if name in _ON_QUANTITY and not passes(candidate):
                raise ApiError.filter_failure(name)

    def refuse(self, account: str, form: OrderForm, listing: Listing) -> None:
        """What the matching engine refuses at once (-2010), but for want of funds."""
        if listing.status != "TRADING":
            raise ApiError.order_rejected(MARKET_CLOSED)
        check_account(self._floor.ledger.accounts[account], form.symbol)
        check_form(listing.rules, form)
        if form.client_order_id and self._floor.orders.is_taken(account, form.client_order_id):
            raise ApiError.order_rejected("Duplicate order sent.")
        price = self.price(form, listing)
        if price and form.quantity_e8 and not notional(price, form.quantity_e8):
            raise ApiError.order_rejected("Price * QTY is zero or less.")
        if form.order_type == "LIMIT_MAKER" and listing.book.crosses(form.is_buy, price):
            raise ApiError.order_rejected("Order would immediately match and take.")
        if form.trailing_delta is None and would_trigger(
            form.order_type,
            is_buy=form.is_buy,
            stop_e8=form.stop_e8,
            last_price_e8=listing.last_price_e8,
        ):
            raise ApiError.order_rejected("Order would trigger immediately.")

    def price(self, form: OrderForm, listing: Listing) -> int:
        """The price that it would trade at now; 0: any, or a peg that finds no price."""
        if not form.peg_type:
            return form.price_e8
        return pegged_price(listing, form.peg_type, form.peg_offset, is_buy=form.is_buy)

    def draft(
        self, account: str, form: OrderForm, listing: Listing, quantity: int, now_ms: int
    ) -> Order:
        """The order, with an id, but without funds and not yet open."""
        listing.ids.order += 1
        waits = is_algo(form.order_type)
        return Order(
            account=account,
            symbol=listing.rules.symbol,
            order_id=listing.ids.order,
            client_order_id=form.client_order_id or self._floor.random_id(listing),
            is_buy=form.is_buy,
            order_type=form.order_type,
            time_in_force=form.time_in_force,
            price_e8=form.price_e8,
            quantity_e8=quantity,
            quote_wanted_e8=form.quote_e8,
            stop_e8=form.stop_e8,
            trailing_delta=form.trailing_delta,
            iceberg_e8=form.iceberg_e8,
            peg_type=form.peg_type,
            peg_offset=form.peg_offset,
            pegged_e8=self.price(form, listing) if form.peg_type and not waits else 0,
            working_ms=-1 if waits else now_ms,
            time_ms=now_ms,
            update_ms=now_ms,
            used_sor=form.used_sor,
            working_floor="SOR" if form.used_sor else "",
            stp_mode=form.stp_mode,
            trade_group=self._floor.ledger.accounts[account].trade_group,
            strategy_id=form.strategy_id,
            strategy_type=form.strategy_type,
        )

    def lock(self, listing: Listing, order: Order) -> None:
        """Set aside what it needs (-2010)."""
        asset, needed = funds_needed(self._floor, listing, order)
        if not self._floor.ledger.accounts[order.account].lock(asset, needed):
            listing.ids.order -= 1
            raise ApiError.order_rejected(INSUFFICIENT_BALANCE)
        order.locked_e8 = needed

    def _candidate(
        self, account: str, form: OrderForm, listing: Listing, quantity: int, now_ms: int
    ) -> Candidate:
        store, symbol = self._floor.orders, listing.rules.symbol
        held = self._floor.ledger.accounts[account].balance(listing.rules.base)
        mine = store.open(account, symbol)
        # Only limits of the whole exchange ask about other symbols.
        names = self._floor.listings if self._floor.exchange_filters else ()
        everywhere = [o for name in names for o in store.open(account, name)]
        lists = self._floor.lists.open(account)
        price = self.price(form, listing)
        return Candidate(
            order_type=form.order_type,
            is_buy=form.is_buy,
            price_e8=price or form.price_e8,
            quantity_e8=quantity,
            reference_e8=lambda minutes: (
                reference_price(listing) or listing.average(minutes, now_ms)
            ),
            quote_e8=form.quote_e8,
            stop_e8=form.stop_e8,
            trailing_delta=form.trailing_delta,
            iceberg_e8=form.iceberg_e8,
            open_orders=len(mine),
            open_algos=sum(1 for o in mine if is_algo(o.order_type)),
            open_icebergs=sum(1 for o in mine if o.iceberg_e8),
            open_lists=sum(1 for x in lists if x.symbol == symbol),
            account_orders=len(everywhere),
            account_algos=sum(1 for o in everywhere if is_algo(o.order_type)),
            account_lists=len(lists),
            account_icebergs=sum(1 for o in everywhere if o.iceberg_e8),
            base_held_e8=held.free + held.locked,
            open_buys_e8=sum(o.remaining_e8 for o in mine if o.is_buy),
        )


def _check_liquidity(listing: Listing, quantity: int) -> None:
    """What the book can give for a quote amount must be an order at all (-2010)."""
    for name in ("LOT_SIZE", "MARKET_LOT_SIZE"):
        lot = listing.rules.filter(name)
        if lot is not None and quantity < parse(lot["minQty"]):
            msg = f"Order book liquidity is less than `{name}` filter minimum quantity."
            raise ApiError.order_rejected(msg)


def check_cancelling(listing: Listing) -> None:
    """Raises -2011 while the symbol's status does not let orders be cancelled."""
    if listing.status not in {"TRADING", "CANCEL_ONLY"}:
        raise ApiError.bad_request(CANCEL_REJECTED, MARKET_CLOSED)
