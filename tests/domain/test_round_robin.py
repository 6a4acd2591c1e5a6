"""A fair queue: one server, or one member of a server, cannot fill it for the others."""

from __future__ import annotations

from bot.domain.round_robin import MAX_IN_ALL, MAX_OF_MEMBER, MAX_OF_SERVER, FairQueue


def test_servers_are_served_in_turn_and_so_are_their_members() -> None:
    """However much one of them has waiting."""
    queue: FairQueue[str] = FairQueue()
    for item in ("1a1", "1a2", "1a3"):
        queue.put(1, 10, item)
    queue.put(1, 11, "1b1")
    queue.put(2, 20, "2c1")
    assert len(queue) == 5
    assert [queue.take() for _ in range(6)] == ["1a1", "2c1", "1b1", "1a2", "1a3", None]
    assert len(queue) == 0


def test_each_level_has_its_own_limit() -> None:
    """A member, a server, and the queue as a whole."""
    queue: FairQueue[int] = FairQueue()
    for item in range(MAX_OF_MEMBER):
        assert not queue.full_for(1, 10)
        queue.put(1, 10, item)
    assert queue.full_for(1, 10)
    assert not queue.full_for(1, 11)
    for member in range(MAX_OF_SERVER - MAX_OF_MEMBER):
        queue.put(1, 1_000 + member, 0)
    assert queue.full_for(1, 11)
    assert not queue.full_for(2, 20)
    for server in range(2, 2 + MAX_IN_ALL - MAX_OF_SERVER):
        queue.put(server, 10, 0)
    assert queue.full_for(5_000, 1)
    while queue.take() is not None:
        pass
    assert not queue.full_for(1, 10)
