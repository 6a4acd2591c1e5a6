"""A bounded round-robin queue over servers and their members, so that one member's burst doesn't delay others."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_OF_MEMBER: Final = 16
MAX_OF_SERVER: Final = 256
MAX_IN_ALL: Final = 1_024


@dataclass(slots=True)
class FairQueue(Generic[T]):
    """Items by server and member. Round robin over servers first, then over the members of that server."""

    _servers: dict[int, dict[int, deque[T]]] = field(default_factory=dict)
    _counts: Counter[int] = field(default_factory=Counter)

    def __len__(self) -> int:
        return self._counts.total()

    def full_for(self, server_id: int, member_id: int) -> bool:
        """Whether another item would exceed a bound: of this member, of this server, or in total."""
        of_member = self._servers.get(server_id, {}).get(member_id, ())
        return len(of_member) >= MAX_OF_MEMBER or self._counts[server_id] >= MAX_OF_SERVER or len(self) >= MAX_IN_ALL

    def put(self, server_id: int, member_id: int, item: T) -> None:
        """Append an item to its member's queue."""
        self._servers.setdefault(server_id, {}).setdefault(member_id, deque()).append(item)
        self._counts[server_id] += 1

    def take(self) -> T | None:
        """The next item; None if the queue is empty."""
        if not self._servers:
            return None
        server_id, members = next(iter(self._servers.items()))
        member_id, items = next(iter(members.items()))
        item = items.popleft()
        del members[member_id], self._servers[server_id]  # both move to the end if more is waiting
        if items:
            members[member_id] = items
        if members:
            self._servers[server_id] = members
        self._counts[server_id] -= 1
        if not self._counts[server_id]:
            del self._counts[server_id]
        return item
