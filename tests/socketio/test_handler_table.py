"""Which handlers there are, and which replaces which."""

import types

import pytest

from nbsocket.socketio.cell_run import CellRun
from nbsocket.socketio.handler_table import HandlerTable, Hook, Registration, check_takes_socket


def handler(socket):
    """Take the socket."""


def other(socket):
    """Take the socket, too."""


def of_cell(number, function=handler, cell_id="c", event="e"):
    return Registration(event, function, CellRun(cell_id, number, {}))


def loaded(text, number, module="lesson"):
    """A function of a module, registered by a cell of its own after the module was loaded."""
    space = {"__name__": module}
    exec(compile(text, "/a/lesson.py", "exec"), space)  # noqa: S102 - what a module is
    return Registration("e", space["on_e"], CellRun(f"cell {number}", number, {}))


# --- the table --------------------------------------------------------------------------------


def test_handlers_stand_in_the_order_in_which_they_came():
    table = HandlerTable()
    made = [Registration("e", function, None) for function in (handler, other, handler.__call__)]
    assert [table.add(one) for one in made] == [None] * 3
    assert table.of("e") == made
    assert table.of("f") == []
    assert table


def test_a_list_that_was_taken_is_not_changed_any_more():
    table = HandlerTable()
    table.add(of_cell(1))
    taken = table.of("e")
    table.add(of_cell(2))
    table.remove("e")
    assert len(taken) == 1
    assert not table


def test_running_a_cell_again_replaces_one_for_one_in_place():
    table = HandlerTable()
    old = [of_cell(1), of_cell(1, other)]
    foreign = of_cell(2, cell_id="d")
    for one in (*old, foreign):
        table.add(one)
    new = [of_cell(3), of_cell(3, other)]
    assert [table.add(one) for one in new] == old
    assert table.of("e") == [*new, foreign]


def test_what_a_later_run_did_not_register_again_goes_with_its_end():
    table = HandlerTable()
    for one in (of_cell(1), of_cell(1, event="f"), of_cell(2, cell_id="d", event="f")):
        table.add(one)
    table.add(of_cell(3))
    table.remove_leftovers(CellRun("c", 3, {}))
    assert [one.cell.cell_id for one in table.of("f")] == ["d"]
    assert len(table.of("e")) == 1
    table.remove_leftovers(CellRun(None, 4, {}))
    assert len(table.of("e")) == 1


def test_without_ids_of_cells_the_name_says_which_it_was():
    table = HandlerTable()
    first = of_cell(1, cell_id=None)
    table.add(first)
    assert table.add(of_cell(1, other, cell_id=None)) is None
    assert table.add(of_cell(2, cell_id=None)) is first


def test_lambdas_of_one_name_are_told_apart_by_their_line():
    table = HandlerTable()
    # fmt: off
    one = lambda socket: 1  # noqa: E731
    two = lambda socket: 2  # noqa: E731
    # fmt: on
    assert table.add(of_cell(1, one, cell_id=None)) is None
    assert table.add(of_cell(2, two, cell_id=None)) is None
    assert table.add(of_cell(3, one, cell_id=None)) is not None


def test_a_module_that_is_loaded_again_replaces_its_functions():
    first = loaded("def on_e(socket): return 1", 1)
    again = loaded("def on_e(socket): return 2", 2)
    elsewhere = loaded("def on_e(socket): return 2", 3, module="another")
    assert first.is_replaced_by(again)
    assert not first.is_replaced_by(elsewhere)
    # The same function, not loaded again, registered by two cells: by both.
    assert not first.is_replaced_by(of_cell(4, first.function, "cell 4"))


def test_what_has_no_name_and_no_code_is_its_own():
    class Nameless:
        def __call__(self, socket):
            """Be called."""

    one, two = (Registration("e", Nameless(), None) for _ in range(2))
    assert one.key != two.key
    assert one.source is None
    assert Registration("e", print, None).source is None


def test_removing():
    table = HandlerTable()
    hook = Registration(Hook.ANY, handler, None)
    once = Registration("e", other, None, once=True)
    for one in (Registration("e", handler, None), once, Registration("f", handler, None), hook):
        table.add(one)
    assert table.has_hooks
    table.remove("e", handler)
    assert table.of("e") == [once]
    assert table.discard(once)
    assert not table.discard(once)
    table.remove("e", handler)
    table.add(once)
    table.remove(None)
    assert (table.of("e"), table.of("f"), table.of(Hook.ANY)) == ([], [], [hook])
    table.remove(Hook.ANY)
    assert not table


# --- one registration -------------------------------------------------------------------------


def test_it_says_what_it_is():
    assert Registration("vote", handler, None).description == "the handler handler() of 'vote'"
    assert Registration(Hook.MIDDLEWARE, handler, None).description == "the middleware handler()"


def test_a_handler_gets_as_many_arguments_as_it_takes():
    two = Registration("e", lambda a, b=0: None, None)
    assert two.fitting((1, 2, 3)) == (1, 2)
    assert two.fitting((1,)) == (1,)
    assert Registration("e", lambda *all_of_them: None, None).fitting((1, 2)) == (1, 2)


def test_too_few_are_counted_without_the_socket():
    needs = Registration("e", lambda socket, a, b: None, None)
    check_takes_socket(needs)
    with pytest.raises(TypeError, match=r"needs 2 arguments, and 1 argument came"):
        needs.fitting(("socket", 1))


def test_one_parameter_where_there_is_more_is_a_mistake_except_at_the_end():
    one = Registration("e", handler, None)
    check_takes_socket(one)
    assert one.fitting(("socket",)) == ("socket",)
    with pytest.raises(TypeError, match="takes one parameter, which is the socket, and 2 arguments came"):
        one.fitting(("socket", 1, 2))
    end = Registration("disconnect", handler, None)
    check_takes_socket(end)
    assert end.fitting(("socket", "transport close")) == ("socket",)
    # On a socket there is no socket before the arguments.
    assert Registration("e", handler, None).fitting((1, 2)) == (1,)


@pytest.mark.parametrize(
    ("event", "function", "is_fine"),
    [
        ("e", lambda: None, False),
        ("e", lambda socket, a, b: None, True),
        ("connection", lambda socket: None, True),
        ("connection", lambda socket, extra: None, False),
        ("connection", lambda socket, extra=1: None, True),
        (Hook.MIDDLEWARE, lambda socket, next_one: None, False),
        (Hook.MIDDLEWARE, lambda *args: None, True),
    ],
)
def test_what_could_never_be_called_is_refused(event, function, is_fine):
    registration = Registration(event, function, None)
    if is_fine:
        check_takes_socket(registration)
        assert registration.gets_socket
    else:
        with pytest.raises(TypeError, match=r"is called with the socket: def <lambda>\(socket"):
            check_takes_socket(registration)


def test_a_generator_is_refused_when_it_is_registered():
    def generator(socket):
        yield

    with pytest.raises(TypeError, match="contains a yield"):
        Registration("e", generator, None)


def test_a_function_made_by_hand_counts_as_code_of_its_file():
    made = types.FunctionType(handler.__code__, {"__name__": "by_hand"}, "handler")
    assert Registration("e", made, None).key == ("name", "handler")
