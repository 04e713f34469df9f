"""Rooms by socket and sockets by room."""

import random

from nbsocket.socketio.adapter import RoomsAdapter

NONE: frozenset[str] = frozenset()


def filled():
    adapter = RoomsAdapter()
    for socket, rooms in {"a": "xy", "b": "y", "c": "z"}.items():
        for room in rooms:
            adapter.add(socket, room)
    return adapter


def test_rooms_and_members_are_two_views_of_one_thing():
    adapter = filled()
    assert adapter.rooms_of("a") == {"x", "y"}
    assert adapter.members_of("y") == ["a", "b"]
    adapter.remove("a", "y")
    assert adapter.rooms_of("a") == {"x"}
    assert adapter.members_of("y") == ["b"]


def test_joining_twice_is_joining_once():
    adapter = filled()
    adapter.add("a", "x")
    assert adapter.members_of("x") == ["a"]
    adapter.remove("a", "x")
    assert adapter.members_of("x") == []


def test_leaving_where_one_is_not_changes_nothing():
    adapter = filled()
    adapter.remove("c", "x")
    adapter.remove("nobody", "nowhere")
    adapter.remove_all("nobody")
    assert adapter.members_of("x") == ["a"]
    assert adapter.rooms_of("nobody") == NONE


def test_who_leaves_all_rooms_leaves_no_empty_one_behind():
    adapter = filled()
    adapter.remove_all("a")
    assert adapter.rooms_of("a") == NONE
    assert (adapter.members_of("x"), adapter.members_of("y")) == ([], ["b"])
    adapter.remove_all("b")
    adapter.remove("c", "z")
    assert adapter._members == {}


def test_a_choice_is_a_union_less_a_union():
    adapter = filled()
    everyone = ["a", "b", "c"]
    assert adapter.select(everyone, NONE, NONE) == everyone
    assert adapter.select(everyone, frozenset("xy"), NONE) == ["a", "b"]
    assert adapter.select(everyone, frozenset("yz"), frozenset("x")) == ["b", "c"]
    assert adapter.select(everyone, NONE, frozenset("y")) == ["c"]
    assert adapter.select(everyone, frozenset("?"), NONE) == []
    assert adapter.select(everyone, NONE, frozenset("?")) == everyone


def test_it_agrees_with_a_plain_relation_whatever_happens():
    chance = random.Random(1)
    adapter, relation = RoomsAdapter(), set()
    for _ in range(3000):
        socket, room = chance.choice("abcde"), chance.choice("uvwxyz")
        what = chance.random()
        if what < 0.55:
            adapter.add(socket, room)
            relation.add((socket, room))
        elif what < 0.9:
            adapter.remove(socket, room)
            relation.discard((socket, room))
        else:
            adapter.remove_all(socket)
            relation = {pair for pair in relation if pair[0] != socket}
        rooms = frozenset(chance.sample("uvwxyz", chance.randrange(3)))
        without = frozenset(chance.sample("uvwxyz", chance.randrange(3)))
        expected = {
            one
            for one in "abcde"
            if (not rooms or any((one, room) in relation for room in rooms))
            and not any((one, room) in relation for room in without)
        }
        chosen = adapter.select("abcde", rooms, without)
        assert len(chosen) == len(set(chosen))
        assert set(chosen) == expected
    assert {(one, room) for one in "abcde" for room in adapter.rooms_of(one)} == relation
