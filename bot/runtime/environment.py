"""Which account on which exchange: the name under which ids of orders and trades are unique."""

import hashlib
from collections.abc import Sequence

import msgspec

__all__ = ["Environment", "latest_of"]


class Environment(msgspec.Struct, frozen=True):
    """Venue, market, address and account; ``incarnation`` counts wipes of that account.

    Test networks are wiped about monthly and a simulated exchange whenever its state is
    thrown away: order and trade ids then begin anew, and mean something else.
    """

    venue: str
    market: str
    where: str
    """The address, or ``embedded``."""
    account: str
    """A short checksum of the API key, which itself is never stored."""
    incarnation: int = 1

    @classmethod
    def of(cls, *, venue: str, market: str, where: str, api_key: str) -> "Environment":
        account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
        return cls(venue, market, where, account)

    @classmethod
    def parse(cls, text: str) -> "Environment":
        """The inverse of ``str()``."""
        body, _, incarnation = text.rpartition("#")
        venue, market, where, account = body.split("|")
        return cls(venue, market, where, account, int(incarnation))

    def __str__(self) -> str:
        return f"{self.venue}|{self.market}|{self.where}|{self.account}#{self.incarnation}"

    def next(self) -> "Environment":
        """After a wipe."""
        return msgspec.structs.replace(self, incarnation=self.incarnation + 1)


def latest_of(wanted: Environment, known: Sequence[str]) -> Environment:
    """The newest incarnation of an account among the environments that are stored."""
    same = [
        found
        for found in map(Environment.parse, known)
        if msgspec.structs.replace(found, incarnation=1) == wanted
    ]
    return max(same, key=lambda found: found.incarnation, default=wanted)
