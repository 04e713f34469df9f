"""The pane: under load, by keyboard, on a phone, in both themes, with hostile data."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.payloads import CORPUS, MARKUP

SERVER = """
import nbsocket
io = nbsocket.Server("pane-test")
finished = False

@io.on("echo")
def echo(socket, *args):
    return args

@io.on("fail")
def fail(socket):
    return 1 / 0

@io.on("enter")
def enter(socket, *rooms):
    socket.join(*rooms)

@io.on("leave")
def leave(socket, room):
    socket.leave(room)

@io.of("/side").on("connection")
def side(socket):
    socket.emit("said at the door", socket.handshake.auth)

@io.on("finish")
def finish(socket):
    global finished
    finished = True
"""
PICTURES = Path(__file__).parent.parent.parent / "test-results"


@pytest.fixture
def notebook(open_notebook):
    cells = [
        SERVER,
        'io.pane("alice")',
        "while not finished:\n    pass",
        "for n in range(10_000):\n    io.emit('n', n)",
        "io.emit('hostile', *HOSTILE)",
        'io.pane("bob")',
        'len(io.to("red").preview())',
    ]
    opened = open_notebook("pane.ipynb", cells)
    opened.run(0)
    opened.run(1)
    opened.pane("alice").has_state("connected")
    return opened


def test_a_hundred_of_a_hundred_are_answered_while_a_cell_is_busy(notebook, errors):
    alice = notebook.pane("alice")
    notebook.begin(2)
    alice.ask()
    for number in range(100):
        alice.fill("echo", str(number))
        alice.emit()
        expect(alice.rows("out", "echo").last).to_have_attribute("data-ack", "answered")
    expect(alice.element.locator('li[data-event="echo"][data-ack="answered"]')).to_have_count(100)
    assert notebook.is_running(2), "the loop still runs"
    alice.fill("finish")
    alice.ask(False)
    alice.emit()
    notebook.wait_end(2)
    assert errors == []


def test_ten_thousand_events_from_one_cell_arrive_in_order_and_the_pane_stays_usable(notebook, errors):
    alice = notebook.pane("alice")
    notebook.begin(3)
    alice.fill("echo", '"typed during the burst"')
    notebook.wait_end(3)
    expect(alice.element).to_have_attribute("data-received", "10000")
    expect(alice.element.locator(".nbs-left-out")).to_contain_text("earlier rows are not shown")
    assert alice.rows("in").count() <= 200
    output = notebook.page.locator(".jp-OutputArea-output").filter(has=alice.element)
    assert output.evaluate("(element) => element.scrollHeight - element.clientHeight") <= 2, "one scrollbar"
    with notebook.page.expect_download() as download:
        alice.press("save")
    saved = json.loads(Path(download.value.path()).read_text())
    assert [row["args"][0] for row in saved if row["event"] == "n"] == list(range(10_000))
    alice.emit()
    expect(alice.rows("out", "echo")).to_contain_text("typed during the burst")
    assert errors == []


def test_pause_filter_and_clear(notebook):
    alice = notebook.pane("alice")
    alice.fill("echo", '"first"')
    alice.emit()
    alice.press("pause")
    alice.fill("echo", '"second"')
    alice.emit()
    expect(alice.element.locator('[data-action="pause"]')).to_have_text("Resume (1 new)")
    expect(alice.rows("out")).to_have_count(1)
    alice.press("pause")
    expect(alice.rows("out")).to_have_count(2)
    alice.element.get_by_role("searchbox", name="Filter the log").fill("SECOND")
    expect(alice.element.locator(".nbs-log li")).to_have_count(1)
    alice.element.get_by_role("searchbox", name="Filter the log").fill("")
    alice.press("clear")
    expect(alice.element.locator(".nbs-empty")).to_contain_text("No events yet")


def test_errors_in_arguments_are_shown_as_one_types(notebook):
    alice = notebook.pane("alice")
    for text, problem in [
        ("hello", 'Text needs double quotes: "hello"'),
        ("'hello'", "JSON wants double quotes"),
        ("{a: 1}", "Names in an object need double quotes"),
        ("[1, 2,]", "an extra comma"),
        ("[1, 2", "JSON"),
    ]:
        alice.fill("echo", text)
        expect(alice.element.locator('.nbs-composer [id$="-problem-0"]')).to_contain_text(problem)
        expect(alice.element.locator('[data-field="argument"]')).to_have_attribute("aria-invalid", "true")
        expect(alice.element.locator('[data-action="emit"]')).to_be_disabled()
    alice.fill("echo", '{"a": 1}')
    expect(alice.element.locator('[data-action="emit"]')).to_be_enabled()


def test_what_was_emitted_before_comes_back(notebook):
    alice, keyboard = notebook.pane("alice"), notebook.page.keyboard
    for number in (1, 2):
        alice.fill("echo", str(number))
        alice.emit()
    alice.fill("other", "3")
    event = alice.element.locator('[data-field="event"]')
    event.focus()
    keyboard.press("ArrowUp")
    expect(alice.element.locator('[data-field="argument"]')).to_have_value("2")
    keyboard.press("ArrowUp")
    expect(alice.element.locator('[data-field="argument"]')).to_have_value("1")
    keyboard.press("ArrowDown")
    expect(event).to_have_value("echo")
    alice.press("keep")
    alice.fill("nothing", "0")
    kept = alice.element.locator('[data-field="kept"]')
    kept.select_option(label="echo 2")
    expect(event).to_have_value("echo")
    expect(alice.element.locator('[data-field="argument"]')).to_have_value("2")


def test_files_go_as_bytes_and_long_values_open(notebook, errors):
    alice = notebook.pane("alice")
    alice.fill("echo", json.dumps({"list": list(range(50)), "deep": {"a": [1, {"b": 2}]}}))
    file = {"name": "x.bin", "mimeType": "application/octet-stream", "buffer": bytes(range(100))}
    alice.element.locator('[data-field="file"]').set_input_files(files=[file])
    expect(alice.element.locator(".nbs-file")).to_contain_text("x.bin, 100 bytes")
    alice.ask()
    alice.emit()
    row = alice.rows("out", "echo")
    expect(row).to_have_attribute("data-ack", "answered")
    tree = row.locator(".nbs-tree").first
    tree.locator("summary").first.click()
    expect(tree).to_contain_text("[50]")
    tree.get_by_text("{…}").first.click()
    expect(tree).to_contain_text("a:")
    dump = row.locator(".nbs-tree").nth(1)
    dump.locator("summary").click()
    expect(dump.locator("pre")).to_contain_text("0040  40 41 42")
    alice.element.get_by_role("button", name="Remove argument").last.click()
    expect(alice.element.locator(".nbs-file")).to_have_count(0)
    assert errors == []


def test_rooms_are_shown_and_a_preview_lights_up_who_would_get_it(notebook, errors):
    notebook.run(5)
    alice, bob = notebook.pane("alice"), notebook.pane("bob")
    bob.has_state("connected")
    alice.fill("enter", '"red"', '"<b>blue</b>"')
    alice.emit()
    rooms = alice.element.locator(".nbs-rooms")
    expect(rooms).to_have_text("in <b>blue</b>, red")
    notebook.begin(6)
    expect(alice.element).to_have_attribute("data-lit", "true")
    expect(alice.element).to_contain_text("would get this")
    expect(bob.element).to_have_attribute("data-lit", "false")
    assert notebook.wait_end(6) == "1"
    expect(alice.element).to_have_attribute("data-lit", "false")
    alice.fill("leave", '"red"')
    alice.emit()
    expect(rooms).to_have_text("in <b>blue</b>")
    alice.press("disconnect")
    expect(rooms).to_have_count(0)
    assert errors == []


def test_it_connects_in_other_ways(notebook, errors):
    alice = notebook.pane("alice")
    options = alice.element.locator(".nbs-options")
    options.locator("summary").click()
    auth = options.locator('[data-field="auth"]')
    auth.fill("[1]")
    expect(options.locator(".nbs-problem")).to_contain_text("an object")
    expect(options.locator('[data-action="reconnect"]')).to_be_disabled()
    auth.fill('{"name": "alice"}')
    options.locator('[data-field="namespace"]').fill("/side")
    options.locator('[data-field="transports"]').select_option("polling")
    alice.press("reconnect")
    alice.has_state("connected")
    expect(alice.rows("in", "said at the door")).to_contain_text('{"name":"alice"}')
    expect(alice.element.locator("[data-words]")).to_contain_text("by polling")
    options.locator('[data-field="namespace"]').fill("/nowhere")
    alice.press("reconnect")
    expect(alice.element.locator("[data-words]")).to_contain_text("Invalid namespace")
    assert errors == []


def test_the_keyboard_is_enough(notebook):
    alice, keyboard = notebook.pane("alice"), notebook.page.keyboard
    alice.element.locator('[data-field="event"]').focus()
    keyboard.press("Control+A")
    keyboard.type("echo")
    keyboard.press("Tab")
    keyboard.press("Control+A")
    keyboard.type('"by keyboard"')
    # Past: remove, add an argument, add a file, keep.
    for _ in range(5):
        keyboard.press("Tab")
    keyboard.press("Space")
    expect(alice.element.locator('[data-field="ask"]')).to_be_checked()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(alice.rows("out", "echo")).to_have_attribute("data-ack", "answered")
    expect(alice.element.get_by_role("status")).to_contain_text("alice")


@pytest.mark.threat(7)
def test_hostile_data_is_text(notebook, errors, figure):
    """Each of the corpus as the name of an event, as an argument, as a key, in a list, in an answer."""
    hostile = [
        *CORPUS,
        {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}},
        "x" * 100_000,
    ]
    page = notebook.page
    page.evaluate(
        """([index, text]) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index)
           .sharedModel.setSource(text)""",
        [
            4,
            (
                f"import json\nHOSTILE = json.loads({json.dumps(json.dumps(hostile))})\n"
                "for one in HOSTILE:\n"
                "    name = one if isinstance(one, str) else 'object'\n"
                "    io.emit(name[:200], one, {name: one, 'list': [one]}, name.encode())\n"
                "io.on('hostile', lambda socket: HOSTILE)\n"
                "io.emit('end')"
            ),
        ],
    )
    notebook.run(4)
    alice = notebook.pane("alice")
    expect(alice.rows("in", "end")).to_have_count(1)
    expect(alice.rows("in").first).to_contain_text(MARKUP[0])
    alice.fill("hostile")
    alice.ask()
    alice.emit()
    expect(alice.rows("out", "hostile")).to_have_attribute("data-ack", "answered")
    log = alice.element.locator(".nbs-log")
    expect(log).to_contain_text("\\u202e")
    expect(log).to_contain_text("characters)")
    forbidden = "img, script, svg, a, iframe, object, embed, form, style, link, meta, base, video, audio"
    assert log.locator(forbidden).count() == 0
    assert page.evaluate("window.__ran") is None
    assert page.evaluate("({}).polluted") is None
    assert errors == []
    figure(f"{len(hostile)} payloads in five places each: text, nothing ran")


def test_two_panes_are_two_users_and_a_closed_one_leaves(notebook):
    notebook.run(5)
    notebook.pane("bob").has_state("connected")
    alice = notebook.pane("alice")
    alice.press("disconnect")
    alice.has_state("disconnected")
    alice.fill("echo", '"kept"')
    alice.ask()
    alice.emit()
    expect(alice.rows("out", "echo")).to_contain_text("kept until there is a connection")
    alice.press("connect")
    expect(alice.rows("out", "echo")).to_have_attribute("data-ack", "answered")


def test_a_pane_that_runs_again_leaves_one_client(notebook, lab):
    notebook.run(1)
    alice = notebook.pane("alice")
    alice.has_state("connected")
    page = notebook.page
    page.wait_for_function(
        """async () => {
          const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
          const answer = await fetch(`${config.baseUrl}nbsocket/api/channels/pane-test`);
          return (await answer.json()).clients === 1;
        }"""
    )


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.usefixtures("context")
def test_it_looks_right_in_both_themes_and_at_phone_width(notebook, theme):
    page, alice = notebook.page, notebook.pane("alice")
    page.evaluate(
        "async (theme) => { await window.jupyterapp.commands.execute('apputils:change-theme', {theme}); }",
        theme,
    )
    is_light = "true" if "Light" in theme else "false"
    page.wait_for_selector(f'body[data-jp-theme-light="{is_light}"]', state="attached")
    alice.ask()
    alice.fill("echo", '{"text": "Hello"}', "[1, 2, 3]")
    alice.emit()
    expect(alice.rows("out", "echo")).to_have_attribute("data-ack", "answered")
    PICTURES.mkdir(exist_ok=True)
    name = "light" if "Light" in theme else "dark"
    page.screenshot(path=PICTURES / f"pane-{name}.png")
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    box = alice.element.bounding_box()
    assert box is not None
    overflow = alice.element.evaluate("(element) => element.scrollWidth - element.clientWidth")
    assert overflow <= 0, "nothing sticks out"
    alice.element.screenshot(path=PICTURES / f"pane-{name}-phone.png")


def test_a_question_that_no_handler_answers_is_told_at_once(notebook):
    alice = notebook.pane("alice")
    alice.ask()
    alice.fill("fail")
    alice.emit()
    expect(alice.rows("out", "fail")).to_have_attribute("data-ack", "failed")
    expect(alice.rows("error", "fail")).to_contain_text("ZeroDivisionError")
    notebook.wait_output(0, "the handler fail() of 'fail' raised ZeroDivisionError")
    alice.fill("no such event")
    alice.emit()
    expect(alice.rows("out", "no such event")).to_have_attribute("data-ack", "failed")
    expect(alice.rows("error")).to_contain_text(["", "No handler is registered for 'no such event'."])
    alice.fill("echo", "1")
    alice.emit()
    expect(alice.rows("out", "echo")).to_have_attribute("data-ack", "answered")


@pytest.mark.promise(7)
def test_a_nested_value_opens_as_a_tree_of_lines(notebook):
    """Each entry stands on a line: not one character a line."""
    alice = notebook.pane("alice")
    value = {
        "user": {"name": "Ada Lovelace", "langs": ["Python", "JavaScript"], "at": {"x": 1, "y": 2}},
        "long": "x" * 60,
    }
    alice.fill("echo", json.dumps(value))
    alice.emit()
    tree = alice.rows("out", "echo").locator("details.nbs-tree")
    tree.locator("summary").first.click()
    for inner in range(3):
        tree.locator("details").nth(inner).locator("summary").first.click()
    lines = tree.locator("li")
    for index in range(lines.count()):
        line = lines.nth(index)
        assert line.evaluate("one => getComputedStyle(one).display") == "list-item"
        box = line.bounding_box()
        if line.locator("li").count() == 0:
            assert box["height"] < 30, line.text_content()
    alice.element.screenshot(path=PICTURES / "tree.png")


@pytest.mark.promise(7)
def test_keys_that_are_pressed_in_a_pane_are_no_shortcuts_of_the_notebook(notebook):
    """JupyterLab cuts a cell on x, deletes it on d d, makes another on a and b, and goes on with arrows."""
    page, alice = notebook.page, notebook.pane("alice")
    cells = page.locator(".jp-Cell").count()
    for place in (
        alice.element.locator('[data-action="pause"]'),
        alice.element.locator('[data-action="disconnect"]'),
        alice.element.locator(".nbs-log > ol"),
        alice.element.locator("summary").first,
        alice.element.locator('[data-field="ask"]'),
        alice.element.locator('[data-field="filter"]'),
    ):
        place.focus()
        for key in "xddabzmyv1":
            page.keyboard.press(key)
        page.keyboard.press("ArrowDown")
        expect(place).to_be_focused()
    # What JupyterLab does hear comes after all that it did not.
    alice.element.locator('[data-action="pause"]').focus()
    page.keyboard.press("Control+s")
    expect(page.locator("#jp-main-dock-panel .jp-mod-dirty")).to_have_count(0)
    assert page.locator(".jp-Cell").count() == cells
    assert page.locator(".jp-MarkdownCell").count() == 0


@pytest.mark.promise(7)
def test_the_log_scrolls_by_keyboard(notebook):
    page, alice = notebook.page, notebook.pane("alice")
    notebook.run(3)
    log = alice.element.locator(".nbs-log > ol")
    page.wait_for_function("document.querySelectorAll('.nbs-log > ol > li').length > 100")
    alice.press("pause")
    log.focus()
    bottom = log.evaluate("one => one.scrollTop")
    assert bottom > 100
    page.keyboard.press("Home")
    page.wait_for_function("document.querySelector('.nbs-log > ol').scrollTop === 0")
    page.keyboard.press("PageDown")
    page.wait_for_function("document.querySelector('.nbs-log > ol').scrollTop > 0")
    page.keyboard.press("End")
    page.wait_for_function(f"document.querySelector('.nbs-log > ol').scrollTop >= {bottom}")


@pytest.mark.promise(7)
def test_a_reserved_name_and_a_number_that_would_change_are_not_emitted(notebook, errors):
    alice = notebook.pane("alice")
    button = alice.element.locator('[data-action="emit"]')
    alice.fill("disconnect", "1")
    expect(button).to_be_disabled()
    expect(alice.element).to_contain_text("“disconnect” is Socket.IO's own event")
    alice.fill("echo", "12345678901234567890")
    expect(button).to_be_disabled()
    expect(alice.element).to_contain_text("would arrive as 12345678901234567168")
    alice.fill("echo", "{'from': 1}")
    expect(alice.element).to_contain_text("JSON wants double quotes, not single ones")
    alice.element.screenshot(path=PICTURES / "objections.png")
    alice.fill("echo", "1")
    alice.emit()
    expect(alice.rows("out", "echo")).to_have_count(1)
    assert errors == []


@pytest.mark.promise(2)
@pytest.mark.fault(30)
def test_what_is_over_the_limit_is_not_sent_and_the_pane_says_both_sizes(notebook, errors, tmp_path):
    alice = notebook.pane("alice")
    alice.fill("echo", json.dumps("x" * 1_000_000))
    alice.emit()
    said = alice.element.get_by_role("alert")
    expect(said).to_contain_text(
        "Not sent: this is 1,000,013 bytes in one go, and the server takes 1,000,000"
    )
    assert alice.element.evaluate("one => one.scrollWidth <= one.clientWidth"), "nothing sticks out"
    alice.element.screenshot(path=PICTURES / "too-big.png")
    alice.has_state("connected")
    expect(alice.rows("out")).to_have_count(0)
    file = tmp_path / "big.bin"
    file.write_bytes(b"x" * 1_000_001)
    alice.fill("echo")
    alice.element.locator('[data-field="file"]').set_input_files(file)
    alice.emit()
    expect(said).to_contain_text("this is 1,000,001 bytes in one go")
    alice.fill("echo", json.dumps("x" * 999_000))
    alice.element.get_by_label("Remove argument 1").click()
    alice.emit()
    expect(said).to_have_count(0)
    expect(alice.rows("out", "echo")).to_have_count(1)
    alice.has_state("connected")
    assert errors == []
