"""A class: the door, what is shown, what is answered, the teacher's controls."""

import json
import time
from collections import Counter

import pytest
from support.waiting import soon

from nbsocket.classroom import button, choices, items, say, text, toggle, wall
from nbsocket.classroom import round as rounds_
from nbsocket.testing import Client, ClientRefused, anything, expect

QUESTION = ("vote", ["a day on Venus", "a year on Venus"], "Which is longer?")


def panel_of(class_, monkeypatch):
    """Return the list of what the class's panel is told from now on."""
    from nbsocket.widgets.panel import Panel

    told = []
    monkeypatch.setattr(Panel, "tell", lambda _, state: told.append(state))
    class_._repr_mimebundle_()
    return told


def test_people_come_in_under_a_name_and_are_shown_what_is_open(class_, come):
    class_.show(say("Good morning"), choices(*QUESTION))
    alice = come("Alice")
    you = alice.wait_for("class:you")
    assert (you["name"], you["muted"], you["mine"]) == ("Alice", False, {})
    shown = alice.wait_for("class:show")
    assert shown["title"] == "Networks"
    assert [block["kind"] for block in shown["blocks"]] == ["say", "choices"]
    assert come("Alice").wait_for("class:you")["name"] == "Alice (2)"
    assert come("").wait_for("class:you")["name"] == "guest 3"
    assert come("\u202e<b>evil\n" + "x" * 100).wait_for("class:you")["name"] == "<b>evil " + "x" * 22
    assert next(person.name for person in class_.people) == "Alice"


def test_answers_are_data_at_once(io, class_, come):
    heard = []

    @io.on("vote")
    def vote(socket, choice):
        heard.append((socket.data["name"], choice))
        return "thank you"

    class_.show(choices(*QUESTION))
    alice, bob = come("Alice"), come("Bob")
    assert alice.call("vote", "a day on Venus") == "thank you"
    bob.call("vote", "a year on Venus")
    bob.call("vote", "a day on Venus")
    assert heard == [
        ("Alice", "a day on Venus"),
        ("Bob", "a year on Venus"),
        ("Bob", "a day on Venus"),
    ]
    assert [(one["name"], one["value"]) for one in class_.answers] == heard
    assert class_.tally("vote") == {"a day on Venus": 2}
    assert json.loads(json.dumps(class_.answers)) == list(class_.answers)
    class_.show(choices("vote", ["yes", "no"]))
    assert class_.tally("vote") == {}, "a new question counts anew"
    class_.reset()
    assert class_.answers == []


def test_an_answer_needs_no_handler(class_, come):
    class_.show(text("word"))
    alice = come("Alice")
    alice.call("word", "  full \n duplex ")
    assert class_.answers.latest("word") == {"p1": "full duplex"}


@pytest.mark.parametrize(
    ("block", "good", "bad"),
    [
        (choices("e", ["a", "b"]), ["a"], ["c", 1, None, ["a"], "A"]),
        (choices("e", ["a", "b"], many=True), [["b", "a"], []], ["a", ["c"], ["a", "b", "a"], [["a"]]]),
        (text("e", most=5), ["hello", "<b>"], ["", "   ", 3, None, "\u200b\u202e"]),
        (button("e", "Buzz"), [1], []),
        (toggle("e", "Hand"), [True, False], [1, "yes", None]),
        (items("e", [(1, "first", 0), ("b", "second", 3)]), [1, "b"], [2, "c", None, [1]]),
        (
            wall("e"),
            [{"color": 1, "points": [[0, 0], [1, 0.5]]}],
            [
                {},
                {"points": []},
                {"points": [[0]]},
                {"points": [["0", 1]]},
                {"points": [[True, 1]]},
                3,
                {"points": [[0, 0]] * 501},
            ],
        ),
    ],
)
def test_only_what_was_asked_for_is_taken(class_, come, block, good, bad):
    class_.show(block)
    alice = come("Alice")
    for value in good:
        alice.call("e", value)
    assert len(class_.answers) == len(good)
    for value in bad:
        alice.emit("e", value)
        expect(alice).to_receive("class:refused", {"event": "e", "why": anything})
    alice.emit("e")
    expect(alice).to_receive("class:refused")
    alice.emit("e", good[0] if good else 1, 2)
    expect(alice).to_receive("class:refused")
    alice.emit("other", 1)
    expect(alice).to_receive("class:refused", {"event": "other", "why": "This is not open now."})
    assert len(class_.answers) == len(good)
    assert alice.connected


def test_answers_are_cleaned(class_, come):
    class_.show(choices("many", ["a", "b", "c"], many=True), text("t", most=3), wall("w"), button("b", "B"))
    alice = come("Alice")
    alice.call("many", ["c", "a"])
    alice.call("t", "abcdef")
    alice.call("w", {"color": 99, "points": [[-1, 2], [0.123456, 0]], "__proto__": {}})
    alice.call("b", {"evil": 1})
    assert [one["value"] for one in class_.answers] == [
        ["a", "c"],
        "abc",
        {"color": 3, "points": [[0.0, 1.0], [0.1235, 0.0]]},
        0,
    ]


def test_stop_open_and_a_time_limit(class_, come):
    alice = come("Alice")
    class_.show(choices("e", ["a", "b"]), seconds=0.4)
    assert expect(alice).to_receive("class:show", lambda told: told["blocks"]).args[0]["left_s"] <= 0.4
    alice.call("e", "a")
    expect(alice).to_receive("class:show", lambda told: told["blocks"] and not told["takes"])
    alice.emit("e", "b")
    expect(alice).to_receive("class:refused")
    class_.open()
    alice.call("e", "b")
    class_.stop()
    alice.emit("e", "a")
    expect(alice).to_receive("class:refused")
    assert [one["value"] for one in class_.answers] == ["a", "b"]


def test_a_page_that_comes_back_is_the_same_person(class_, come):
    class_.show(choices("e", ["a", "b"]))
    alice = come("Alice")
    key = alice.wait_for("class:you")["key"]
    alice.call("e", "b")
    alice.drop()
    soon(lambda: not class_.people[0].is_here)
    again = come("somebody else", key)
    you = again.wait_for("class:you")
    assert (you["name"], you["mine"]) == ("Alice", {"e": "b"})
    assert you["round"] == again.wait_for("class:show")["round"]
    assert len(class_.people) == 1
    assert come("Eve", "guessed").wait_for("class:you")["name"] == "Eve"


def test_mute_lock_remove_close(io, class_, come):
    class_.show(text("e"))
    alice, bob = come("Alice"), come("Bob")
    key = bob.wait_for("class:you")["key"]
    class_.mute("Alice")
    alice.emit("e", "x")
    expect(alice).to_receive("class:refused", {"event": "e", "why": "The teacher has muted you."})
    class_.mute("Alice", is_muted=False)
    alice.call("e", "x")
    class_.lock()
    with pytest.raises(ClientRefused, match="The door is closed"):
        come("Carol")
    class_.lock(is_locked=False)
    come("Carol")
    class_.remove("Bob")
    expect(bob).to_receive("class:over")
    expect(bob).to_be_disconnected()
    with pytest.raises(ClientRefused, match="removed you"):
        come("Bob", key)
    assert [person.name for person in class_.people] == ["Alice", "Carol"]
    with pytest.raises(KeyError, match="nobody in the class"):
        class_.mute("Bob")
    teacher = io.open_class()
    assert teacher is class_, "while it is open it is the same"
    class_.close()
    expect(alice).to_receive("class:over", {"why": "The class is over."})
    expect(alice).to_be_disconnected()
    with pytest.raises(ClientRefused, match="ticket"):
        come("Dave")
    assert io.open_class() is not class_
    assert [(one["name"], one["value"]) for one in class_.answers] == [("Alice", "x")], "answers stay"


def test_a_class_after_a_class_on_the_same_channel(io, class_):
    class_.close()
    again = io.open_class("Networks, part two")
    assert again is not class_
    auth = {"class": True, "name": "Alice"}
    with Client(io, "alice", ticket=again._ticket.value, auth=auth) as alice:
        assert alice.wait_for("class:show")["title"] == "Networks, part two"
        again.show(choices(*QUESTION))
        alice.call("vote", "a day on Venus")
        assert [person.name for person in again.people] == ["Alice"]
        assert (len(again.answers), len(class_.answers)) == (1, 0)


@pytest.mark.threat(33)
def test_who_answers_without_end_takes_only_their_own_place(class_, come, monkeypatch):
    monkeypatch.setattr(rounds_, "MAX_ANSWERS", 100)
    monkeypatch.setattr(rounds_, "MAX_ANSWERS_A_PERSON", 10)
    class_.show(text("word"))
    alice, bob = come("Alice"), come("Bob")
    alice.call("word", "mine")
    for number in range(25):
        bob.call("word", str(number))
    kept = [one["value"] for one in class_.answers if one["name"] == "Bob"]
    assert kept == [str(number) for number in range(15, 25)]
    assert [one["value"] for one in class_.answers if one["name"] == "Alice"] == ["mine"]
    assert class_.answers.dropped == 15
    assert class_._desk.state()["dropped"] == 15
    class_.reset()
    assert (len(class_.answers), class_.answers.dropped) == (0, 0)


@pytest.mark.threat(33)
def test_when_all_together_are_too_many_whoever_has_most_gives_way(class_, come, monkeypatch):
    monkeypatch.setattr(rounds_, "MAX_ANSWERS", 20)
    class_.show(text("word"))
    honest = [come(f"Honest {number}") for number in range(3)]
    for one in honest:
        one.call("word", "mine")
    for name in ("Bot", "Bot", "Bot"):
        bot = come(name)
        for number in range(15):
            bot.call("word", str(number))
    told = [one["name"] for one in class_.answers if one["value"] == "mine"]
    assert told == ["Honest 0", "Honest 1", "Honest 2"]
    assert (len(class_.answers), class_.answers.dropped) == (16, 32)


def test_boards_reach_phones_only_while_revealed(class_, come):
    alice = come("Alice")
    bars = class_.bars("Which?")
    bars.update({"a": 1})
    expect(alice).not_to_receive("class:board")
    bars.reveal()
    board = alice.wait_for("class:board")
    assert (board["kind"], board["title"], board["data"]) == ("bars", "Which?", [["a", 1.0]])
    bars.update({"a": 2})
    expect(alice).to_receive("class:board", lambda told: told["data"] == [["a", 2.0]])
    late = come("Late")
    expect(late).to_receive("class:board", lambda told: told["data"] == [["a", 2.0]])
    bars.hide()
    expect(alice).to_receive("class:unboard", board["id"])
    bars.update({"a": 3})
    expect(alice).not_to_receive("class:board")
    assert class_.bars("Which?") is bars
    drawn = class_.wall().reveal()
    stroke = {"color": 1, "points": [[0, 0], [1, 1]]}
    drawn.add(stroke)
    expect(alice).to_receive("class:more", lambda told: told["data"] == [stroke])
    assert drawn.told()["data"] == [stroke]


def test_a_page_that_comes_between_two_tellings_gets_each_stroke_once(class_, come):
    """Strokes are told a few times a second: who comes meanwhile must not be told of them twice."""
    drawn = class_.wall("Draw").reveal()
    strokes = [{"color": number, "points": [[0, 0], [1, 1]]} for number in range(6)]
    phones = []
    for number, stroke in enumerate(strokes):
        drawn.add(stroke)
        phones.append(come(f"phone {number}"))
    drawn.reveal()
    drawn.add({**strokes[0], "color": 6})
    for phone in phones:
        soon(lambda phone=phone: colors_of(phone)[-1:] == [6], why="the last stroke is not on each phone")
        assert colors_of(phone) == list(range(7)), phone.name


def colors_of(phone):
    """Return the colors of the strokes that a page shows after all that it was told."""
    shown = []
    for event in list(phone.received):
        if event.name == "class:board":
            shown = list(event.args[0]["data"])
        elif event.name == "class:more":
            shown += event.args[0]["data"]
    return [one["color"] for one in shown]


def test_boards_say_what_they_take(class_):
    with pytest.raises(TypeError, match="numbers by label"):
        class_.bars().update([1, 2])
    with pytest.raises(TypeError, match="rows, each a dict"):
        class_.table().update(3)
    with pytest.raises(TypeError, match="add\\(\\) is for a wall"):
        class_.words().add({})
    with pytest.raises(ValueError, match="no kind of board"):
        class_.board("pie")


def test_a_wall_keeps_its_latest_points(class_):
    drawn = class_.wall("big")
    for number in range(200):
        drawn.add({"color": number % 8, "points": [[0, 0]] * 500})
    kept = drawn._data
    assert (len(kept), sum(len(one["points"]) for one in kept)) == (120, 60_000)
    assert kept[-1]["color"] == 199 % 8


def test_the_buzzer_is_fair(io, class_, come):
    """A phone whose answers take long is given the time back, up to a second."""
    presses = []

    @io.on("buzz")
    def buzz(socket, _count):
        presses.append((class_.sent_at(socket), socket.data["name"]))

    class_.show(button("buzz", "Buzz"))
    near, far = come("near"), come("far")
    person = next(one for one in class_.people if one.name == "far")
    person.trips_s.extend([0.6, 0.4])
    assert person.latency_s == 0.2
    near.call("buzz", 1)
    far.call("buzz", 1)
    assert [name for _, name in sorted(presses)] == ["far", "near"]
    person.trips_s.clear()
    person.trips_s.append(60)
    assert person.latency_s == 1.0


def test_who_comes_late_is_not_far_away(class_, come):
    time.sleep(1)
    alice = come("Alice")
    alice.emit("class:clock", alice.wait_for("class:clock"))
    soon(lambda: class_.people[0].trips_s)
    assert class_.people[0].latency_s < 0.3


def test_the_latency_is_measured(class_, come):
    alice = come("Alice")
    number = alice.wait_for("class:clock")
    time.sleep(0.1)
    alice.emit("class:clock", number)
    soon(lambda: class_.people[0].trips_s)
    alice.emit("class:clock", "forged")
    alice.emit("class:clock", 10**9)
    alice.emit("other", 1)
    expect(alice).to_receive("class:refused", {"event": "other", "why": anything})
    assert 0.05 <= class_.people[0].latency_s < 1
    assert len(class_.people[0].trips_s) == 1


def test_guests_without_the_class_and_owners_are_not_in_it(io, class_):
    from nbsocket.testing import Client

    with (
        Client(io, "other") as other,
        Client(io, "teacher", role="owner", auth={"class": True}) as teacher,
    ):
        class_.show(text("e"))
        expect(other).not_to_receive("class:show")
        expect(teacher).not_to_receive("class:show")
        assert class_.people == []


@pytest.mark.promise(14)
def test_a_client_that_is_not_in_the_class_and_its_teacher_are_told_so(io, class_, come, capsys):
    class_.show(choices("vote", ["a", "b"]))
    alice = come("Alice")
    with Client(io, "plain") as plain:
        alice.call("vote", "a")
        plain.call("vote", "b")
        assert "not in the class" in plain.wait_for("class:refused")["why"]
    assert class_.tally("vote") == {"a": 1}
    troubles = io.stats()["troubles"]
    assert troubles["not_in_class"]["count"] == 1
    assert "auth={" in troubles["not_in_class"]["latest"]
    soon(lambda: "a headless student is" in capsys.readouterr().err)


@pytest.mark.promise(8)
def test_the_panel_counts_answers_as_they_come(io, class_, come, monkeypatch):
    told = panel_of(class_, monkeypatch)
    class_.show(choices("vote", ["a", "b"]))
    alice = come("Alice")
    for number in range(3):
        alice.call("vote", "a")
        soon(lambda seen=number + 1: told and told[-1]["answers"] == seen)


@pytest.mark.promise(8)
@pytest.mark.parametrize("many", [False, True])
def test_bars_of_a_question_show_all_its_options_in_the_order_asked(class_, come, many):
    options = ["zebra", "ant", "moose", "Bär"]
    class_.show(say("Think."), choices("vote", options, many=many))
    chart = class_.bars("Animals").reveal()
    alice, ben = come("Alice"), come("Ben")

    def shown():
        return [tuple(pair) for pair in chart.update(class_.tally("vote")).told()["data"]]

    def vote(person, option):
        person.call("vote", [option] if many else option)

    assert shown() == [("zebra", 0), ("ant", 0), ("moose", 0), ("Bär", 0)]
    vote(alice, "moose")
    assert shown() == [("zebra", 0), ("ant", 0), ("moose", 1), ("Bär", 0)]
    vote(ben, "ant")
    vote(alice, "Bär")
    assert shown() == [("zebra", 0), ("ant", 1), ("moose", 0), ("Bär", 1)]
    # Own counts, too; and what the board showed stays its own when something else is asked.
    assert chart.update(Counter({"Bär": 2})).told()["data"] == [
        ["zebra", 0],
        ["ant", 0],
        ["moose", 0],
        ["Bär", 2],
    ]
    class_.show(choices("other", ["yes", "no"]))
    assert chart.update(Counter()).told()["data"][0] == ["zebra", 0]


@pytest.mark.promise(8)
def test_bars_of_anything_else_are_as_they_are_given(class_):
    class_.show(choices("one", ["a", "b"]), choices("two", ["c", "d"]))
    chart = class_.bars("x")
    assert chart.update(Counter()).told()["data"] == []
    assert chart.update({"b": 2}).told()["data"] == [["b", 2]]
    assert chart.update(Counter(["z", "a"])).told()["data"] == [["z", 1], ["a", 1]]
    assert chart.update(Counter("d")).told()["data"] == [["c", 0], ["d", 1]]


@pytest.mark.promise(8)
def test_a_board_says_what_it_leaves_out(class_):
    bars = class_.bars("many").update({str(number): number for number in range(312)})
    assert (len(bars.told()["data"]), bars.told()["left_out"]) == (300, 12)
    words = class_.words("many").update({str(number): number for number in range(312)})
    # Of words those that count least.
    assert words.told()["data"][0] == ["311", 311]
    rows = class_.table("many").update([{"n": number} for number in range(301)])
    assert rows.told()["left_out"] == 1
    long = class_.bars("long").update({"x" * 300: 1}).told()["data"][0][0]
    assert long.endswith("…")
    assert len(long) == 201


@pytest.mark.promise(8)
def test_phones_are_told_to_which_question_a_board_belongs(class_, come):
    first = class_.bars("First")
    class_.show(choices("one", ["a", "b"]))
    alice = come("Alice")
    first.reveal()
    board = alice.wait_for("class:board")
    shown = alice.wait_for("class:show")
    assert board["round"] == shown["round"]
    class_.show(choices("two", ["c", "d"]))
    expect(alice).to_receive("class:show", lambda told: told["round"] == shown["round"] + 1)
    # Who comes later sees it among the earlier ones, too; what changes again belongs to what is asked now.
    late = come("Late")
    assert late.wait_for("class:board")["round"] == shown["round"]
    first.update({"a": 1})
    expect(alice).to_receive("class:board", lambda told: told["round"] == shown["round"] + 1)
    drawn = class_.wall().reveal()
    class_.show(wall("stroke"))
    drawn.add({"color": 1, "points": [[0, 0]]})
    expect(alice).to_receive("class:more", lambda told: told["round"] == shown["round"] + 2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: choices("e", ["one"]), "2 to 50 options"),
        (lambda: choices("e", ["a", "a"]), "all different"),
        (lambda: choices("class:x", ["a", "b"]), "not an event for a block"),
        (lambda: text("e", most=0), "1 to 500"),
        (lambda: text(""), "not an event for a block"),
        (lambda: items("e", [([], "x", 0)]), "string or a number"),
    ],
)
def test_wrong_blocks_are_refused(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


def test_wrong_shows_are_refused(class_):
    with pytest.raises(TypeError, match="takes blocks"):
        class_.show("hello")
    with pytest.raises(ValueError, match="same event"):
        class_.show(text("e"), text("e"))


def test_a_frame(class_, come):
    class_.show(text("e"))
    come("Alice").call("e", "x")
    pandas = pytest.importorskip("pandas", reason="pandas is no dependency")
    frame = class_.answers.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["value"]) == ["x"]


def test_without_pandas_it_says_so(class_, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        class_.answers.to_frame()


def test_what_is_printed_of_it_holds_no_secret(class_):
    shown = repr(class_) + repr(class_.people)
    assert class_._ticket.code not in shown
    assert "Classroom 'classes' open" in shown
    assert class_._ticket.code in class_.link
