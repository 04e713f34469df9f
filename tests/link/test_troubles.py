from nbsocket.link.troubles import NO_PACKET, TELL_EVERY_S, TOO_BIG, Troubles


def test_the_first_of_a_kind_is_told_at_once():
    troubles = Troubles()
    assert troubles.note(TOO_BIG, "2 MB came", 100.0) == "2 MB came"
    assert troubles.note(NO_PACKET, "nonsense came", 100.0) == "nonsense came"


def test_more_of_a_kind_are_told_together_after_a_while():
    troubles = Troubles()
    told = [troubles.note(TOO_BIG, f"number {number}", 100.0 + number / 100) for number in range(1001)]
    assert told[:2] == ["number 0", ""]
    assert told[-1] == "number 1000 (999 more of this kind before it.)"
    assert [one for one in told if one] == [told[0], told[-1]]
    assert troubles.note(TOO_BIG, "later", 110.0 + TELL_EVERY_S) == "later"


def test_all_are_counted_and_the_latest_is_known():
    troubles = Troubles()
    assert troubles.figures() == {}
    for number in range(3):
        troubles.note(TOO_BIG, f"number {number}", 0.0)
    assert troubles.figures() == {"too_big": {"count": 3, "latest": "number 2"}}
