from types import SimpleNamespace

from nbsocket.socketio.handler_run import HandlerRun, words_of


def test_a_run_knows_the_session_of_its_client():
    assert HandlerRun("e", SimpleNamespace(session=7)).session == 7
    assert HandlerRun("e", None).session == 0


def test_what_an_exception_says():
    assert words_of(ValueError("no")) == "ValueError: no"
    assert words_of(KeyError("k")) == "KeyError: 'k'"


def test_an_exception_whose_text_raises_is_still_named():
    class UnprintableError(Exception):
        def __str__(self):
            raise SystemExit(1)

    assert words_of(UnprintableError()) == "UnprintableError (its text raised SystemExit)"
