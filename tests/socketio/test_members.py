"""Who is here, and who may come back."""

import pytest

from nbsocket.socketio.members import Members

NONE: frozenset[str] = frozenset()


class FakeSocket:
    def __init__(self, name):
        self.id = name


@pytest.fixture
def alice():
    return FakeSocket("alice")


@pytest.fixture
def bob():
    return FakeSocket("bob")


def test_everybody_has_a_room_of_their_own(alice, bob):
    members = Members(recovery=False)
    members.enter(alice)
    members.enter(bob)
    assert members.select(frozenset({"alice"}), NONE) == [alice]
    assert members.select(NONE, frozenset({"alice"})) == [bob]
    assert members.reached(NONE, NONE) == ["alice", "bob"]


def test_who_is_not_here_joins_nothing(alice, bob):
    members = Members(recovery=False)
    members.enter(alice)
    members.join(alice, ["red", "blue"])
    members.join(bob, ["red"])
    assert members.rooms_of(alice) == {"alice", "red", "blue"}
    assert members.rooms_of(bob) == NONE
    members.leave(alice, "red")
    assert members.rooms_of(alice) == {"alice", "blue"}
    members.leave_all(alice)
    assert members.rooms_of(alice) == NONE


def test_a_rooms_name_is_a_string(alice):
    members = Members(recovery=False)
    members.enter(alice)
    with pytest.raises(TypeError, match="a room's name is a string, not int"):
        members.join(alice, [1])


def test_without_recovery_nobody_comes_back(alice):
    members = Members(recovery=False)
    members.enter(alice)
    assert not members.lost(alice, "transport close")
    members.expire()
    assert not members.is_empty
    del members.by_id["alice"]
    assert members.is_empty


def test_who_is_away_is_still_reached_until_it_is_forgotten(alice, monkeypatch):
    members = Members(recovery=True)
    now = [0.0]
    monkeypatch.setattr(members.recovery, "_clock", lambda: now[0])
    members.enter(alice)
    members.recovery.begin(alice)
    members.join(alice, ["red"])
    del members.by_id["alice"]
    assert members.lost(alice, "transport close")
    assert members.select(NONE, NONE) == []
    assert members.reached(frozenset({"red"}), NONE) == ["alice"]
    assert not members.is_empty
    members.expire()
    assert not members.is_empty
    now[0] = 1000.0
    members.expire()
    assert members.is_empty
    assert members.rooms_of(alice) == NONE
