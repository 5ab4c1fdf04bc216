"""One WebSocket API connection: requests, logon, user data subscriptions.

Source: Binance spot documentation, "WebSocket API".
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.wire.desk import Desk, Verdict
from bot.simulation.wire.endpoints import Endpoint
from bot.simulation.wire.envelope import Envelope, Malformed, refusal, success
from bot.simulation.wire.limits import Allowance
from bot.simulation.wire.requests import ws_payload
from bot.simulation.wire.routes import BY_METHOD
from bot.simulation.wire.timeunits import answer_in_microseconds
from bot.simulation.wire.users import Subscriber, UserStreams

__all__ = ["Session"]

_SESSION_WEIGHT: Final = 2
_BANNED: Final = 418


class Session:
    def __init__(
        self,
        *,
        subscriber: Subscriber,
        desk: Desk,
        users: UserStreams,
        allowance: Allowance,
        show_limits: bool,
        endpoints: Mapping[str, Endpoint] = BY_METHOD,
    ) -> None:
        self._subscriber = subscriber
        self._desk = desk
        self._users = users
        self._allowance = allowance
        self._show_limits = show_limits
        self._endpoints = endpoints
        self._account: str | None = None
        self._since_ms: int | None = None
        # The account of the subscription that a logout ends.
        self._logon_subscription: str | None = None
        self._methods: dict[str, Any] = {
            "session.logon": self._logon,
            "session.status": lambda _: self._status(),
            "session.logout": lambda _: self._logout(),
            "session.subscriptions": lambda _: self._subscriptions(),
            "userDataStream.subscribe": lambda _: self._subscribe(),
            "userDataStream.subscribe.signature": self._subscribe_signed,
            "userDataStream.unsubscribe": self._unsubscribe,
        }

    def hear(self, message: str | bytes) -> None:
        """Answer one message of the client; a ban ends the connection after the answer."""
        reply = self._answer(message)
        if reply is None:
            return
        self._subscriber.peer.say(reply)
        if reply["status"] == _BANNED:
            self._subscriber.peer.end(1008, "IP banned")

    def _answer(self, message: str | bytes) -> dict[str, Any] | None:
        """The reply; None where the connection was cut instead."""
        try:
            envelope = Envelope.read(message, show_limits=self._show_limits)
        except Malformed as e:
            return refusal(e.ident, e.error)
        own = self._methods.get(envelope.method)
        if own is not None:
            return self._own(envelope, own)
        endpoint = self._endpoints.get(envelope.method)
        if endpoint is None:
            return refusal(envelope.ident, ApiError(400, -1020, "This operation is not supported."))
        params = envelope.params
        verdict = self._desk.handle(
            endpoint,
            params=params,
            payload=ws_payload(params),
            api_key=params.get("apiKey"),
            session=self._account,
            allowance=self._allowance,
        )
        return self._verdict(envelope, verdict, in_list=endpoint.in_list)

    def _own(self, envelope: Envelope, method: Any) -> dict[str, Any]:
        try:
            self._allowance.charge(_SESSION_WEIGHT, self._desk.server_ms())
            result = method(envelope.params)
        except ApiError as e:
            return self._dressed(envelope, refusal(envelope.ident, e), ())
        return self._dressed(envelope, success(envelope.ident, result), ())

    def _verdict(
        self, envelope: Envelope, verdict: Verdict, *, in_list: bool
    ) -> dict[str, Any] | None:
        if verdict.cut:
            self._subscriber.peer.abort()
            return None
        if verdict.error is not None:
            reply = refusal(envelope.ident, verdict.error)
        else:
            reply = success(envelope.ident, [verdict.body] if in_list else verdict.body)
        return self._dressed(envelope, reply, verdict.order_counts)

    def _dressed(
        self, envelope: Envelope, reply: dict[str, Any], order_counts: Any
    ) -> dict[str, Any]:
        if envelope.show_limits:
            reply["rateLimits"] = [*order_counts, self._desk.weight_row(self._allowance)]
        return answer_in_microseconds(reply) if self._subscriber.micro else reply

    # --- sessions ---------------------------------------------------------------------

    def _logon(self, params: Mapping[str, str]) -> dict[str, Any]:
        account, key = self._desk.authenticate(params, ws_payload(params), params.get("apiKey"))
        if key.kind != "Ed25519":
            # HMAC and RSA keys sign each request; only Ed25519 keys have sessions.
            raise ApiError(400, -4056, f"{key.kind} API key is not supported.")
        self._account = account
        self._since_ms = self._desk.server_ms()
        return self._status()

    def _status(self) -> dict[str, Any]:
        return {
            "apiKey": self._account,
            "authorizedSince": self._since_ms,
            "connectedSince": self._subscriber.peer.since_ms,
            "returnRateLimits": self._show_limits,
            "serverTime": self._desk.server_ms(),
            "userDataStream": self._logon_subscription is not None,
        }

    def _logout(self) -> dict[str, Any]:
        if self._logon_subscription in self._subscriber.by_account:
            self._end(self._logon_subscription or "")
        self._account = self._since_ms = None
        return self._status()

    def _subscriptions(self) -> list[dict[str, int]]:
        return [{"subscriptionId": i} for i in sorted(self._subscriber.by_account.values())]

    # --- user data --------------------------------------------------------------------

    def _subscribe(self) -> dict[str, int]:
        if self._account is None:
            raise ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")
        ident = self._users.subscribe(self._subscriber, self._account)
        self._logon_subscription = self._account
        return {"subscriptionId": ident}

    def _subscribe_signed(self, params: Mapping[str, str]) -> dict[str, int]:
        account, _ = self._desk.authenticate(params, ws_payload(params), params.get("apiKey"))
        return {"subscriptionId": self._users.subscribe(self._subscriber, account)}

    def _unsubscribe(self, params: Mapping[str, str]) -> dict[str, Any]:
        wanted = params.get("subscriptionId")
        active = {str(ident): account for account, ident in self._subscriber.by_account.items()}
        if wanted is not None and wanted not in active:
            raise ApiError(400, -2036, "User Data Stream subscription not active.")
        for account in [active[wanted]] if wanted is not None else list(active.values()):
            self._end(account)
        return {}

    def _end(self, account: str) -> None:
        self._users.unsubscribe(self._subscriber, account, self._desk.server_ms())
        if account == self._logon_subscription:
            self._logon_subscription = None
