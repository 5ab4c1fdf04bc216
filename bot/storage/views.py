"""The read-only views, for people with their own SQL. Stable: columns are only ever added.

A migration that changes a view adds a function for its revision here and leaves the others
as they are, for a migration must always do what it did.

On SQLite money is text, and a view must work in every client, so it can neither add text
nor call a function of ours: sums add whole units and fractions as integers, which is exact
to 12 decimals. What only helps to read (average price, peak quantity) is a float.
"""

from typing import Final, Protocol

__all__ = ["revision_0001", "revision_0002", "revision_0003"]


_ONE: Final = 10**12
"""One unit in the integer that holds a fraction."""


def revision_0001(dialect: str) -> dict[str, str]:
    """View name to its SELECT, for ``sqlite`` or ``postgresql``."""
    sql: _Dialect = _Sqlite() if dialect == "sqlite" else _Postgresql()
    return {
        "v_orders": _orders(sql),
        "v_fills": _fills(sql),
        "v_trades": _trades(sql),
        "v_pnl_daily": _pnl_daily(sql),
    }


def revision_0002(dialect: str) -> dict[str, str]:
    """The views that changed: orders show their terms."""
    sql: _Dialect = _Sqlite() if dialect == "sqlite" else _Postgresql()
    return {"v_orders": _orders(sql, ", terms, triggered, cancel_requested")}


def revision_0003(dialect: str) -> dict[str, str]:
    """Late fees, hedge sides, and funding, which is part of what a day earned."""
    sql: _Dialect = _Sqlite() if dialect == "sqlite" else _Postgresql()
    return {
        "v_fills": _fills(sql, ", position_side, fee_valued_ns"),
        "v_trades": _trades(sql, ", position_side"),
        "v_funding": _funding(sql),
        "v_pnl_daily": _pnl_daily_with_funding(sql),
    }


class _Dialect(Protocol):
    nothing: str
    """No money, as a literal of the columns' type."""

    def real(self, money: str) -> str:
        """Money as a float."""
        ...

    def time(self, ns: str) -> str:
        """UTC, to the millisecond, as text."""
        ...

    def day(self, ns: str) -> str:
        """The UTC day, as text."""
        ...

    def parts(self, plus: str, minus: str | None, name: str) -> str:
        """The aggregates that :meth:`total` of the same name puts together."""
        ...

    def total(self, name: str) -> str: ...


class _Postgresql:
    nothing = "CAST(0 AS numeric)"

    def real(self, money: str) -> str:
        return f"CAST({money} AS double precision)"

    def time(self, ns: str) -> str:
        return self._text(ns, "YYYY-MM-DD HH24:MI:SS.MS")

    def day(self, ns: str) -> str:
        return self._text(ns, "YYYY-MM-DD")

    def parts(self, plus: str, minus: str | None, name: str) -> str:
        less = f" - coalesce(sum(trunc({minus}, 12)), 0)" if minus else ""
        return f"coalesce(sum(trunc({plus}, 12)), 0){less} AS {name}"

    def total(self, name: str) -> str:
        return f"trim_scale({name}) AS {name}"

    def _text(self, ns: str, form: str) -> str:
        return f"to_char(to_timestamp({ns} / 1000000 / 1000.0) AT TIME ZONE 'UTC', '{form}')"


class _Sqlite:
    nothing = "'0'"

    def real(self, money: str) -> str:
        return f"CAST({money} AS REAL)"

    def time(self, ns: str) -> str:
        seconds = f"strftime('%Y-%m-%d %H:%M:%S', {ns} / 1000000000, 'unixepoch')"
        return f"{seconds} || printf('.%03d', {ns} / 1000000 % 1000)"

    def day(self, ns: str) -> str:
        return f"strftime('%Y-%m-%d', {ns} / 1000000000, 'unixepoch')"

    def parts(self, plus: str, minus: str | None, name: str) -> str:
        whole, fraction = self._whole(plus), self._fraction(plus)
        if minus:
            whole += f" - {self._whole(minus)}"
            fraction += f" - {self._fraction(minus)}"
        return f"{whole} AS {name}_w, {fraction} AS {name}_f"

    def total(self, name: str) -> str:
        # Carry the fraction, take the sign of the whole sum, then borrow: -1 + 0.4 is -0.6.
        whole, fraction = f"({name}_w + {name}_f / {_ONE})", f"({name}_f % {_ONE})"
        is_negative = f"({whole} < 0 OR ({whole} = 0 AND {fraction} < 0))"
        sign = f"(CASE WHEN {is_negative} THEN -1 ELSE 1 END)"
        borrow = f"({sign} * {fraction} < 0)"
        text = (
            f"(CASE WHEN {is_negative} THEN '-' ELSE '' END) || ({sign} * {whole} - {borrow})"
            f" || '.' || printf('%012d', {sign} * {fraction} + {borrow} * {_ONE})"
        )
        return f"rtrim(rtrim({text}, '0'), '.') AS {name}"

    def _whole(self, money: str) -> str:
        # A cast takes the digits before the point, with their sign.
        return f"coalesce(sum(CAST({money} AS INTEGER)), 0)"

    def _fraction(self, money: str) -> str:
        digits = f"substr(substr({money}, instr({money} || '.', '.') + 1) || '{'0' * 12}', 1, 12)"
        sign = f"(CASE WHEN {money} LIKE '-%' THEN -1 ELSE 1 END)"
        return f"coalesce(sum({sign} * CAST({digits} AS INTEGER)), 0)"


def _orders(sql: _Dialect, added: str = "") -> str:
    filled = sql.real("filled")
    return f"""
SELECT environment, client_order_id, venue_order_id, strategy_id, run_id, symbol, side,
       order_type, time_in_force, quantity, price, status, filled, filled_quote,
       CASE WHEN {filled} > 0 THEN {sql.real("filled_quote")} / {filled} END AS average_price,
       reason, {sql.time("created_ns")} AS created, {sql.time("updated_ns")} AS updated,
       created_ns, updated_ns, sent_ns, events{added}
FROM orders"""  # noqa: S608 - built of our own constants


def _fills(sql: _Dialect, added: str = "") -> str:
    return f"""
SELECT environment, symbol, trade_id, client_order_id, venue_order_id, strategy_id, run_id, side,
       price, quantity, notional, commission, commission_asset, fee_quote, realised_quote,
       position_after, maker, source, {sql.time("ts_ns")} AS time, ts_ns, recv_ns{added}
FROM fills"""  # noqa: S608 - built of our own constants


def _trades(sql: _Dialect, side: str = "") -> str:
    """Round trips, from flat to flat, of each strategy and symbol.

    Flat is a position of 0, a change of sign (the fill that crosses zero ends one trip, with
    all its money, and begins the next), or what is too small to matter: after the last fill
    of an order that closes, less than 1 % of that order. A fee taken in the base asset
    leaves such dust, which cannot be sold. ``side`` is the column of hedge mode, if there is one.
    """
    after = sql.real("position_after")
    return f"""
WITH held AS (
  SELECT environment, strategy_id, symbol{side}, id, ts_ns, side, realised_quote, fee_quote,
         {after} AS held_after,
         coalesce(lag({after}) OVER (
           PARTITION BY environment, strategy_id, symbol{side} ORDER BY id), 0) AS held_before,
         row_number() OVER (
           PARTITION BY environment, client_order_id ORDER BY id DESC) AS from_last,
         sum({sql.real("quantity")}) OVER (
           PARTITION BY environment, client_order_id) AS order_filled
  FROM fills
), ended AS (
  SELECT held.*,
         CASE WHEN held_after = 0 OR held_after * held_before < 0
                OR (from_last = 1 AND abs(held_after) < abs(held_before)
                    AND abs(held_after) < 0.01 * order_filled)
              THEN 1 ELSE 0 END AS ends
  FROM held
), numbered AS (
  SELECT ended.*,
         1 + coalesce(sum(ends) OVER (
           PARTITION BY environment, strategy_id, symbol{side} ORDER BY id
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS trade
  FROM ended
), legs AS (
  SELECT environment, strategy_id, symbol{side}, trade, ts_ns, realised_quote, fee_quote, ends,
         CASE WHEN held_before > 0 THEN 'LONG' WHEN held_before < 0 THEN 'SHORT'
              WHEN side = 'BUY' THEN 'LONG' ELSE 'SHORT' END AS direction,
         CASE WHEN ends = 1 OR abs(held_before) > abs(held_after)
              THEN abs(held_before) ELSE abs(held_after) END AS held
  FROM numbered
  UNION ALL
  SELECT environment, strategy_id, symbol{side}, trade + 1, ts_ns, '0', '0', 0,
         CASE WHEN held_after > 0 THEN 'LONG' ELSE 'SHORT' END, abs(held_after)
  FROM numbered
  WHERE held_after * held_before < 0
), trips AS (
  SELECT environment, strategy_id, symbol{side}, trade, min(direction) AS direction,
         count(*) AS fills, max(held) AS peak_quantity, min(ts_ns) AS opened_ns,
         CASE WHEN max(ends) = 1 THEN max(ts_ns) END AS closed_ns,
         {sql.parts("realised_quote", None, "realised_quote")},
         {sql.parts("fee_quote", None, "fees_quote")},
         {sql.parts("realised_quote", "fee_quote", "net_quote")}
  FROM legs
  GROUP BY environment, strategy_id, symbol{side}, trade
)
SELECT environment, strategy_id, symbol, trade, direction,
       CASE WHEN closed_ns IS NULL THEN 'OPEN' ELSE 'CLOSED' END AS status,
       {sql.time("opened_ns")} AS opened, {sql.time("closed_ns")} AS closed,
       fills, peak_quantity, {sql.total("realised_quote")}, {sql.total("fees_quote")},
       {sql.total("net_quote")}, opened_ns, closed_ns{side}
FROM trips"""  # noqa: S608 - built of our own constants


def _funding(sql: _Dialect) -> str:
    return f"""
SELECT environment, occasion, symbol, asset, payment, amount, strategy_id, position_side, run_id,
       transaction_id, source, {sql.time("ts_ns")} AS time, ts_ns, recv_ns
FROM funding"""  # noqa: S608 - built of our own constants


def _pnl_daily(sql: _Dialect) -> str:
    """By the UTC day of the exchange's time."""
    return f"""
SELECT environment, day, strategy_id, symbol, fills, {sql.total("volume_quote")},
       {sql.total("realised_quote")}, {sql.total("fees_quote")}, {sql.total("net_quote")}
FROM (
  SELECT environment, {sql.day("ts_ns")} AS day, strategy_id, symbol, count(*) AS fills,
         {sql.parts("notional", None, "volume_quote")},
         {sql.parts("realised_quote", None, "realised_quote")},
         {sql.parts("fee_quote", None, "fees_quote")},
         {sql.parts("realised_quote", "fee_quote", "net_quote")}
  FROM fills
  GROUP BY environment, {sql.day("ts_ns")}, strategy_id, symbol
) AS days"""  # noqa: S608 - built of our own constants


def _pnl_daily_with_funding(sql: _Dialect) -> str:
    """As :func:`_pnl_daily`; a day without fills is there too if funding was paid."""
    day = sql.day("ts_ns")
    return f"""
SELECT environment, day, strategy_id, symbol, fills, {sql.total("volume_quote")},
       {sql.total("realised_quote")}, {sql.total("fees_quote")}, {sql.total("net_quote")},
       {sql.total("funding_quote")}, fees_unvalued
FROM (
  SELECT environment, day, strategy_id, symbol, sum(is_fill) AS fills,
         sum(is_unvalued) AS fees_unvalued,
         {sql.parts("notional", None, "volume_quote")},
         {sql.parts("realised_quote", None, "realised_quote")},
         {sql.parts("fee_quote", None, "fees_quote")},
         {sql.parts("amount", None, "funding_quote")},
         {sql.parts("received", "fee_quote", "net_quote")}
  FROM (
    SELECT environment, {day} AS day, strategy_id, symbol, 1 AS is_fill,
           CASE WHEN fee_quote IS NULL THEN 1 ELSE 0 END AS is_unvalued,
           notional, realised_quote, fee_quote, {sql.nothing} AS amount,
           realised_quote AS received
    FROM fills
    UNION ALL
    SELECT environment, {day}, strategy_id, symbol, 0, 0, {sql.nothing}, {sql.nothing},
           {sql.nothing}, amount, amount
    FROM funding
  ) AS legs
  GROUP BY environment, day, strategy_id, symbol
) AS days"""  # noqa: S608 - built of our own constants
