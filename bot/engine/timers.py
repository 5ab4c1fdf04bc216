"""Deadlines on event time."""

import heapq
from collections.abc import Iterator
from typing import Final

__all__ = ["Timers"]

_NEVER: Final = 2**63 - 1
_STALE_KEPT: Final = 64
"""Replaced and cancelled entries that may wait in the heap before it is rebuilt."""


class Timers:
    """Named deadlines; due ones come out in order of time, ties in order of setting.

    ``next_ns`` is read by the engine at each event, so that an idle set costs a comparison.
    """

    def __init__(self) -> None:
        self.next_ns = _NEVER
        self._heap: list[tuple[int, int, tuple[str, str]]] = []
        # The live entry of a name: an entry in the heap with another number is stale.
        self._live: dict[tuple[str, str], tuple[int, int]] = {}
        self._count = 0

    def set(self, owner: str, name: str, due_ns: int, *, every_ns: int = 0) -> None:
        """Fire once at ``due_ns``, then each ``every_ns`` if that is above 0; replaces the name."""
        self._count += 1
        self._live[owner, name] = (self._count, every_ns)
        heapq.heappush(self._heap, (due_ns, self._count, (owner, name)))
        if len(self._heap) > 2 * len(self._live) + _STALE_KEPT:
            self._compact()
        self.next_ns = self._heap[0][0]

    def cancel(self, owner: str, name: str) -> None:
        self._live.pop((owner, name), None)

    def cancel_owner(self, owner: str) -> None:
        for key in [key for key in self._live if key[0] == owner]:
            del self._live[key]

    def due(self, now_ns: int) -> Iterator[tuple[str, str]]:
        """Take out (owner, name) of all that is due, one at a time.

        A repeating timer that is late by several periods fires once and keeps its beat. The
        consumer may set and cancel timers between two items: what it cancels is not given.
        """
        while self._heap and self._heap[0][0] <= now_ns:
            due_ns, number, key = heapq.heappop(self._heap)
            live = self._live.get(key)
            if live is None or live[0] != number:
                continue
            every_ns = live[1]
            if every_ns:
                missed = (now_ns - due_ns) // every_ns
                heapq.heappush(self._heap, (due_ns + (missed + 1) * every_ns, number, key))
            else:
                del self._live[key]
            yield key
        self.next_ns = self._heap[0][0] if self._heap else _NEVER

    def _compact(self) -> None:
        self._heap = [
            entry
            for entry in self._heap
            if (live := self._live.get(entry[2])) is not None and live[0] == entry[1]
        ]
        heapq.heapify(self._heap)
