"""Who has a class's ticket gets into the class and nowhere else, whatever is said at the door."""

import pytest
from support.waiting import soon

from nbsocket.classroom import choices, text, wall
from nbsocket.testing import Client, ClientRefused, expect

SAID = [
    None,
    {},
    {"class": 1},
    {"class": False},
    {"class": "true"},
    {"class": [True]},
    {"class": None, "name": "x"},
    {"Class": True},
    {"klass": True, "token": "x"},
]
UNASKED = [
    ("secret", ["x"]),
    ("vote", ["unoffered"]),
    ("vote", ["y" * 900]),
    ("vote", [{"a": 1}]),
    ("word", [3]),
]


@pytest.fixture
def heard(io, class_):
    """What reached the handlers of the cells."""
    calls = []
    for name in ("vote", "word", "secret"):
        io.on(name, lambda socket, value=None, name=name: calls.append((name, value)))
    io.on("connection", lambda socket: calls.append(("came", socket.data.get("name"))))
    class_.show(choices("vote", ["a", "b"]), text("word"))
    return calls


@pytest.fixture
def enter(io, class_):
    """Come with the class's ticket, saying what one likes."""
    came = []

    def try_(auth, **options):
        came.append(Client(io, "stranger", auth=auth, ticket=class_._ticket.value, **options))
        return came[-1]

    yield try_
    for client in came:
        client.disconnect()


def turned_away(enter, auth, **options):
    with pytest.raises(ClientRefused) as refused:
        enter(auth, **options)
    return str(refused.value)


@pytest.mark.threat(30)
@pytest.mark.parametrize("auth", SAID, ids=repr)
def test_a_classs_ticket_without_what_a_phone_says_is_refused(io, class_, heard, enter, auth):
    assert "This ticket opens a class: join by its link or its code." in turned_away(enter, auth)
    io.emit("to all", 1)
    assert heard == []
    assert (list(class_.people), class_._desk.state()["people"], len(io.sockets)) == ([], [], 0)


@pytest.mark.threat(30)
@pytest.mark.parametrize("auth", [{"class": True, "name": "x"}, None])
@pytest.mark.parametrize("name", ["/teacher", "/admin-7", "/x"])
def test_it_opens_no_other_namespace(io, class_, heard, enter, auth, name):
    """Neither one that a cell has made nor one that a pattern would make."""
    asked = []
    io.of("/teacher").on("connection", asked.append)
    io.of(lambda name, auth: asked.append(name) or True).on("connection", asked.append)
    assert "Invalid namespace" in turned_away(enter, auth, namespace=name)
    assert asked == []
    with Client(io, "other", namespace="/teacher") as other:
        assert other.connected
        soon(lambda: len(asked) == 1, why="another ticket of this channel does not open it")


@pytest.mark.threat(30)
@pytest.mark.parametrize("act", ["remove", "lock", "stop", "close"])
def test_after_the_teacher_has_acted_nothing_comes_through(io, class_, come, heard, enter, act):
    phone = come("Mallory")
    key = phone.wait_for("class:you")["key"]
    heard.clear()
    if act == "remove":
        class_.remove("Mallory")
    else:
        getattr(class_, act)()
    unasked = [*UNASKED, ("vote", ["a"])] if act == "stop" else UNASKED
    got_in = []
    for auth in (None, {}, {"class": False, "key": key}, {"class": True, "key": key}):
        try:
            again = enter(auth)
        except ClientRefused:
            continue
        got_in.append(auth)
        for event, args in unasked:
            again.emit(event, *args)
            assert again.wait_for("class:refused")["event"] == event
    assert got_in == ([{"class": True, "key": key}] if act in ("lock", "stop") else []), (
        "who was in may come back through a locked door"
    )
    if act in ("remove", "close"):
        expect(phone).to_be_disconnected()
    with Client(io, "outsider") as outsider:
        outsider.call("secret", "the last")
    assert [one for one in heard if one[0] != "came"] == [("secret", "the last")]


@pytest.mark.threat(30)
def test_of_a_phone_only_what_was_asked_reaches_a_handler(class_, come, heard):
    alice = come("Alice")
    for event, args in UNASKED:
        alice.emit(event, *args)
        assert alice.wait_for("class:refused")["event"] == event
    alice.call("vote", "b")
    assert [one for one in heard if one[0] != "came"] == [("vote", "b")]


@pytest.mark.threat(30)
def test_after_a_restart_a_classs_ticket_opens_nothing_until_the_class_is_there(io, class_, heard, enter):
    """The same ticket, the same channel; only the object that was the class is gone."""
    admits = io._channel.doors.pop("class")
    assert "transport close" in turned_away(enter, {"class": True, "name": "x"})
    assert heard == []
    io._channel.doors["class"] = admits
    assert enter({"class": True, "name": "x"}).connected


@pytest.mark.threat(30)
def test_a_channels_other_tickets_are_not_the_classs(io, class_, come, heard):
    """A pane beside the class is no phone: neither counted nor asked, and it hears no class."""
    with Client(io, "pane") as pane:
        assert list(class_.people) == []
        class_.show(choices("vote", ["c", "d"]))
        expect(pane).not_to_receive("class:show")
        pane.call("secret", 1)
    assert ("secret", 1) in heard


BENT = [
    {"color": 1, "points": "abc"},
    {"color": 1, "points": [[0, 0, 0]]},
    {"color": 1, "points": [["0", 1]]},
    {"color": 1, "points": [[float("inf"), 1]]},
    {"color": 1, "points": [[True, 1]]},
    {"color": 1, "points": []},
    {"color": 1, "points": [[0, 0]] * 501},
    {"color": 1},
    "stroke",
    None,
    [[0, 0]],
]


@pytest.mark.threat(30)
@pytest.mark.parametrize("stroke", BENT, ids=lambda one: repr(one)[:40])
def test_a_wall_shows_strokes_only(class_, come, stroke):
    """What a cell gives a board is checked before pages see it; what a phone draws is checked before that."""
    drawn = class_.wall("Draw").reveal()
    with pytest.raises(ValueError, match=r"stroke|point"):
        drawn.add(stroke)
    with pytest.raises((ValueError, TypeError), match=r"stroke|point|rows"):
        drawn.update([stroke])
    class_.show(wall("draw"))
    if stroke is not None and "inf" not in str(stroke):
        alice = come("Alice")
        alice.emit("draw", stroke)
        assert alice.wait_for("class:refused")["event"] == "draw"
    assert drawn._data == []


@pytest.mark.threat(30)
@pytest.mark.parametrize("color", ["red", None, -1, 2.5, True, [1], 10**30])
def test_a_stroke_has_a_color_there_is(class_, color):
    drawn = class_.wall("Draw").add({"color": color, "points": [[2, -1]]})
    assert drawn._data[0]["color"] == 0
    assert drawn._data[0]["points"] == [[1.0, 0.0]]


@pytest.mark.threat(30)
def test_a_servers_own_ticket_cannot_be_made_to_open_a_class(io, class_):
    """What a ticket opens is signed with it."""
    value, code = class_._ticket.value, io.ticket().value
    body, _, mac = value.rpartition(".")
    other_body, _, other_mac = code.rpartition(".")
    for forged in (f"{body}.{other_mac}", f"{other_body}.{mac}"):
        with pytest.raises(ClientRefused, match="ticket does not open"):
            Client(io, "forger", ticket=forged)
