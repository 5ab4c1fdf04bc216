"""What goes wrong in a world, how often and when: drawn at its beginning."""

from dataclasses import dataclass, field, replace

from bot.testing.world.choices import Choices

__all__ = ["Break", "Troubles"]

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Break:
    """A connection, or the whole exchange, is away for some time."""

    at_ns: int
    kind: str
    """``drop``, ``half_open``, ``market``, ``stale``, ``outage``."""
    for_ns: int


@dataclass(frozen=True, slots=True)
class Troubles:
    """Probabilities are of one request, one message, one commit."""

    request: float = 0.0
    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    slow_disk: float = 0.0
    broken_disk: float = 0.0
    slow_network_ms: int = 0
    breaks: tuple[Break, ...] = ()
    crashes: tuple[int, ...] = field(default=())
    """Each process that dies does so after so many steps of its own."""
    halts: int = 0
    stops: tuple[int, ...] = ()
    """When the process is ended in good order, to be started again."""

    @classmethod
    def drawn(cls, choices: Choices, *, for_ns: int) -> "Troubles":
        """Some worlds have a little of everything, some a lot of one thing."""
        rate = (0.0, 0.0, 0.01, 0.05, 0.2)
        kinds = ("drop", "half_open", "market", "stale", "outage")
        breaks = tuple(
            Break(
                at_ns=choices.between(1, for_ns),
                kind=choices.pick(kinds),
                for_ns=choices.between(_SECOND // 2, 12 * _SECOND),
            )
            for _ in range(choices.between(0, 5))
        )
        crashes = tuple(
            # Often early, in the middle of recovery.
            choices.between(1, 60) if choices.chance(0.25) else choices.between(1, 1_500)
            for _ in range(choices.between(0, 4))
        )
        return cls(
            request=choices.pick(rate),
            lose=choices.pick(rate) / 2,
            duplicate=choices.pick(rate),
            reorder=choices.pick(rate),
            slow_disk=choices.pick((0.0, 0.0, 0.02)),
            broken_disk=choices.pick((0.0, 0.0, 0.0, 0.002)),
            slow_network_ms=choices.pick((40, 40, 400, 2_000)),
            breaks=breaks,
            crashes=crashes,
            halts=choices.between(0, 3) if choices.chance(0.2) else 0,
            stops=tuple(choices.between(1, for_ns) for _ in range(choices.pick((0, 0, 1, 2)))),
        )

    def over(self) -> "Troubles":
        """The world is quiet from now on."""
        return replace(
            self,
            request=0.0,
            lose=0.0,
            duplicate=0.0,
            reorder=0.0,
            slow_disk=0.0,
            broken_disk=0.0,
            slow_network_ms=40,
        )
