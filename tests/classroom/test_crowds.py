"""What a hostile crowd costs the honest: places, names, the order of the buzzes, the time of a vote."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.waiting import soon

from nbsocket.classroom import button, choices, people, text
from nbsocket.classroom import round as rounds_
from nbsocket.classroom.names import clean, looks_of
from nbsocket.classroom.people import People
from nbsocket.classroom.trips import RoundTrips
from nbsocket.testing import Client, ClientRefused

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "10-many-people.ipynb"


class Page:
    """As good as a socket: what ``People`` keeps of a phone."""


# --- places -----------------------------------------------------------------------------------


@pytest.mark.threat(33)
def test_who_has_left_takes_no_place(class_, come, monkeypatch):
    monkeypatch.setattr("nbsocket.classroom.classroom.MAX_PEOPLE", 3)
    for number in range(12):
        come(f"bot {number}").disconnect()
    soon(lambda: not class_._people.are_here)
    stay = [come(f"honest {number}") for number in range(3)]
    assert all(one.connected for one in stay)
    with pytest.raises(ClientRefused, match="The class is full"):
        come("one too many")
    stay[0].disconnect()
    soon(lambda: class_._people.are_here == 2)
    assert come("newcomer").connected


@pytest.mark.threat(33)
def test_who_comes_back_has_the_answers_and_the_key_of_before(class_, come):
    class_.show(text("word"))
    alice = come("Alice")
    key = alice.wait_for("class:you")["key"]
    alice.call("word", "mine")
    alice.disconnect()
    for number in range(50):
        come(f"bot {number}").disconnect()
    again = come("whatever", key=key).wait_for("class:you")
    assert (again["name"], again["key"], again["mine"]) == ("Alice", key, {"word": "mine"})


@pytest.mark.threat(33)
def test_names_and_keys_are_kept_of_a_bounded_number_and_of_those_who_took_part(monkeypatch):
    monkeypatch.setattr(people, "MAX_KEPT", 1000)
    room = People()
    first = room.add("Honest")
    first.answer_count = 1
    here = room.add("Here")
    here_page = Page()
    room.came(here, here_page)
    page = Page()
    room.came(first, page)
    room.left(first, page)
    for number in range(20_000):
        bot, page = room.add(f"bot {number}"), Page()
        room.came(bot, page)
        room.left(bot, page)
    assert 900 <= len(room) <= 1000
    assert room.with_key(first.key) is first
    assert room.with_key(here.key) is here
    assert len(room._taken) == len(room), "nothing is kept of a name that is forgotten"
    assert len(room.shown()) == people.MAX_SHOWN_GONE + 1


@pytest.mark.threat(33)
def test_a_removed_person_stays_removed_when_many_come_after(monkeypatch):
    monkeypatch.setattr(people, "MAX_KEPT", 100)
    room = People()
    removed = room.add("Mallory")
    removed.is_removed = True
    for number in range(500):
        room.add(f"bot {number}")
    assert room.with_key(removed.key) is removed


# --- answers ----------------------------------------------------------------------------------


@pytest.mark.threat(44)
def test_a_tally_looks_at_no_answer_again(class_, come, monkeypatch):
    """However many answers there are: what a vote's handler asks is kept ready."""
    class_.show(choices("vote", ["a", "b"]), text("word"))
    alice, bob = come("Alice"), come("Bob")
    for number in range(30):
        alice.call("vote", "ab"[number % 2])
    bob.call("vote", "a")
    looked = []

    class Watched(rounds_.Answers):
        def __iter__(self):
            looked.append("all")
            return super().__iter__()

    with class_._asked._lock:
        class_._asked._answers = Watched(class_._asked._answers)
    looked.clear()
    assert class_.tally("vote") == {"a": 1, "b": 1}
    assert class_._asked.answered_by(class_.people[0]) == {"vote": "b"}
    assert class_._desk.state()["answers"] == 31
    bob.call("vote", "b")
    assert class_.tally("vote") == {"b": 2}
    assert looked == []


@pytest.mark.threat(44)
@given(
    st.lists(
        st.tuples(st.sampled_from("pqr"), st.sampled_from(["x", "y", ["x", "y"], ["y"], [], 3, True])),
        max_size=60,
    )
)
def test_a_tally_is_that_of_each_persons_latest_answer(given_answers):
    """The running count against counting anew, for texts, lists and numbers."""
    room, rounds = People(), rounds_.Round()
    rounds.show([text("word")], None)
    rounds._by_event["word"].accept = lambda args: args[0]
    who = {name: room.add(name) for name in "pqr"}
    latest = {}
    for name, value in given_answers:
        rounds.accept("word", [value], who[name])
        latest[name] = value
    counted = {}
    for value in latest.values():
        for one in value if isinstance(value, list) else [value]:
            counted[one] = counted.get(one, 0) + 1
    assert dict(rounds.tally("word")) == counted


# --- fairness ---------------------------------------------------------------------------------


@pytest.mark.threat(36)
def test_a_clock_number_that_is_sent_again_measures_nothing(io, class_, come):
    presses = []

    @io.on("buzz")
    def buzz(socket, _count):
        presses.append((class_.sent_at(socket), socket.data["name"]))

    class_.show(button("buzz", "Buzz"))
    cheat, honest = come("cheat"), come("honest")
    for one in (cheat, honest):
        one.emit("class:clock", one.wait_for("class:clock"))
    soon(lambda: all(person.trips_s for person in class_.people))
    old = next(one.args[0] for one in cheat.received if one.name == "class:clock")
    time.sleep(0.6)
    for _ in range(8):
        cheat.emit("class:clock", old)
    honest.call("buzz", 1)
    time.sleep(0.3)
    cheat.call("buzz", 1)
    assert [name for _, name in sorted(presses)] == ["honest", "cheat"]
    assert class_._people.find("cheat").latency_s < 0.3


@pytest.mark.threat(36)
@given(st.lists(st.tuples(st.sampled_from(["ask", "ask all", "answer"]), st.integers(-3, 30)), max_size=80))
def test_only_the_newest_number_counts_and_once(steps):
    person, trips = People().add("any"), RoundTrips()
    newest, ended, measured = 0, set(), 0
    for what, number in steps:
        if what == "answer":
            trips.end(person, number)
            if number == newest and newest and number not in ended:
                measured += 1
                ended.add(number)
            assert len(person.trips_s) == min(8, measured)
        else:
            newest = trips.begin(None if what == "ask all" else person)
    for forged in ("1", 1.0, True, None, [newest], {"n": newest}, 10**30):
        before = len(person.trips_s)
        trips.end(person, forged)
        assert len(person.trips_s) == before


def quiz_of_the_notebook():
    """Return the code of the quiz, as the notebook has it, without its last line."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    source = next("".join(one["source"]) for one in cells if one["id"] == "quiz")
    return source.removesuffix("leaders")


@pytest.mark.threat(36)
def test_the_notebooks_quiz_gives_one_score_each(io, class_, come):
    names = {"io": io, "class_": class_, "choices": choices}
    exec(quiz_of_the_notebook(), names)  # noqa: S102 - the notebook's own code
    right, wrong = "a phone call", "a walkie-talkie"
    tapper, switcher, twin, other_twin = come("tapper"), come("switcher"), come("Ann"), come("Ann")
    for _ in range(5):
        tapper.call("quiz", right)
    switcher.call("quiz", wrong)
    switcher.call("quiz", right)
    twin.call("quiz", right)
    other_twin.call("quiz", wrong)
    rows = {one["name"]: one["points"] for one in names["leaders"].told()["data"]}
    assert rows == {"tapper": 1, "switcher": 0, "Ann": 1, "Ann (2)": 0}
    names["ask"]("Again?", ["yes", "no"], "yes")
    other_twin.call("quiz", "yes")
    other_twin.call("quiz", "yes")
    rows = {one["name"]: one["points"] for one in names["leaders"].told()["data"]}
    assert rows == {"tapper": 1, "switcher": 0, "Ann": 1, "Ann (2)": 1}


# --- names ------------------------------------------------------------------------------------

UNSEEN = [
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160",
    "\u17b4", "\u17b5", "\u180e", "\u2800", "\u3164", "\uffa0", "\ufe00", "\ufe0f", "\U000e0100", "\U000e0041",
    "\u202e", "\u2066", "\u2069", "\u206a", "\ufff9", "\x00", "\x1b", "\u0085", "\ue000", "\U000f0000",
]  # fmt: skip


@pytest.mark.threat(37)
@pytest.mark.parametrize("unseen", UNSEEN, ids=lambda one: f"U+{ord(one):04X}")
def test_what_cannot_be_seen_is_stripped_never_refused(unseen):
    assert clean(unseen * 5, 30) == ""
    for shape in ("{0}Ann", "Ann{0}", "An{0}n", "{0}{0}A{0}nn{0}"):
        assert clean(shape.format(unseen), 30).replace(" ", "") == "Ann"


@pytest.mark.threat(37)
@pytest.mark.parametrize(
    "name",
    [
        "Zoë", "Владимир", "李雷", "أحمد", "נועה", "Nguyễn Thị Ánh", "अनिता", "สมชาย", "O'Brien-Smith", "김민준",
        "❤️", "👩\u200d👩\u200d👧\u200d👦", "👍🏽", "🏳️\u200d🌈", "1️⃣", "🇩🇪", "J. R. R. T.",
    ],
)  # fmt: skip
def test_real_names_and_whole_emoji_stay(name):
    assert clean(name, 30) == name


ALIKE = [
    ("Zoë", "Zoe\u0308"),
    ("Ann", "ANN"),
    ("Ann", "Ann\u200d"),
    ("Ann", "\uff21\uff4e\uff4e"),
    ("Anna", "\u0410nna"),
    ("Paul", "\u0420aul"),
    ("Bob", "B0b"),
    ("Ilse", "llse"),
    ("Teacher", "\u0422\u0435\u0430\u0441her"),
    ("Straße", "STRASSE"),
]


@pytest.mark.threat(37)
@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_the_same_are_shown_as_doubles(one, other):
    room = People()
    assert [room.add(one).name, room.add(other).name] == [one, f"{clean(other, 30)} (2)"]


@pytest.mark.threat(37)
def test_a_number_after_a_name_is_nobody_elses():
    room = People()
    given_names = [room.add(one).name for one in ("Ann (2)", "Ann", "Ann", "Ann", "ann (2)")]
    assert len({looks_of(one) for one in given_names}) == 5
    assert given_names == ["Ann (2)", "Ann", "Ann (3)", "Ann (4)", "ann (2) (2)"]


@pytest.mark.threat(37)
@given(st.text(max_size=80))
def test_any_text_becomes_a_name_of_one_line(text):
    name = clean(text, 30)
    assert len(name) <= 30
    assert clean(name, 30) == name, "cleaning again changes nothing"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", name)
    assert name == name.strip()


@pytest.mark.threat(37)
@given(st.lists(st.text(max_size=12), max_size=30))
def test_no_two_people_are_shown_alike(wanted):
    room = People()
    looks = [looks_of(room.add(one).name) for one in wanted]
    assert len(set(looks)) == len(looks)


@pytest.mark.threat(37)
def test_a_plain_client_of_the_class_is_still_a_person(io, class_):
    with Client(io, "x", auth={"class": True, "name": "\u3164"}, ticket=class_._ticket.value) as client:
        assert client.wait_for("class:you")["name"] == "guest 1"
