"""Network weather over one pane: slow one way, jitter that keeps the order, cuts, a restart from the pane."""

import re

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect
from support.lab import has_upgraded

pytestmark = pytest.mark.browser

CELLS = [
    """import nbsocket
io = nbsocket.Server("weather")
got = []

@io.on("echo")
def echo(socket, value):
    got.append(value)
    return value

@io.on("time")
def tell(socket):
    import time
    return time.time() * 1000""",
    "alice = io.pane('alice')\nalice",
    "alice.set_weather(delay=0.4)",
    "alice.set_weather(delay=0.1, jitter=0.1, seed=3)\nfor n in range(200): io.emit('n', n)",
    "alice.set_weather()\nalice.cut()",
    "import time\nend = time.monotonic() + 20\nwhile len(got) < 20 and time.monotonic() < end: time.sleep(0.05)\nprint(got)",
]


@pytest.fixture
def notebook(open_notebook):
    opened = open_notebook("weather.ipynb", CELLS)
    opened.run(0)
    opened.run(1)
    opened.pane("alice").has_state("connected")
    has_upgraded(opened.page, "weather")
    return opened


def round_trip_ms(alice, number):
    alice.press("clear")
    alice.fill("echo", str(number))
    alice.ask()
    alice.emit()
    row = alice.rows("out", "echo")
    expect(row).to_have_attribute("data-ack", "answered")
    return float(re.search(r"after ([\d.]+) ms", row.inner_text()).group(1))


def quickest_ms(alice, number):
    """Of three round trips: a busy machine makes them longer, never shorter."""
    return min(round_trip_ms(alice, 10 * number + turn) for turn in range(3))


def test_the_weather_of_one_pane(notebook, errors):
    alice = notebook.pane("alice")
    assert quickest_ms(alice, 1) < 300
    notebook.run(2)
    assert 800 <= quickest_ms(alice, 2) < 1500
    summary = alice.element.locator(".nbs-weather summary")
    expect(summary).to_contain_text("↔ 400 ± 0 ms")
    summary.click()
    alice.element.locator('[data-field="weather-direction"]').select_option("out")
    assert 400 <= quickest_ms(alice, 3) < 790
    slider = alice.element.locator('[data-field="delay_ms"]')
    slider.focus()
    notebook.page.keyboard.press("Home")
    expect(summary).to_have_text("Network weather")
    alice.element.screenshot(path=ROOT / "test-results" / "weather.png")

    notebook.run(3)
    rows = alice.rows("in", "n")
    expect(alice.element).to_have_attribute("data-received", "200", timeout=20_000)
    numbers = [int(text.split()[-1]) for text in rows.all_inner_texts()]
    assert numbers == sorted(numbers), "jitter does not change the order"
    assert numbers[-1] == 199

    notebook.run(4)
    expect(alice.rows("note", "reconnecting")).to_have_count(1)
    alice.has_state("connected")
    assert quickest_ms(alice, 4) < 300
    assert errors == []


@pytest.mark.parametrize("transport", ["polling", "upgrade", "websocket"])
def test_every_transport_goes_through_it_and_loses_nothing(notebook, transport):
    alice = notebook.pane("alice")
    alice.element.locator(".nbs-weather summary").click()
    alice.element.locator('[data-field="delay_ms"]').fill("100")
    alice.element.locator('[data-field="jitter_ms"]').fill("80")
    alice.element.locator(".nbs-options summary").click()
    alice.element.locator('[data-field="transports"]').select_option(transport)
    alice.press("reconnect")
    alice.has_state("connected")
    alice.ask(False)
    for number in range(20):
        alice.fill("echo", str(number))
        alice.emit()
    assert notebook.run(5).strip() == str(list(range(20)))


def test_the_kernel_restarts_from_the_pane(notebook):
    alice = notebook.pane("alice")
    alice.element.locator(".nbs-weather summary").click()
    alice.press("restart-kernel")
    expect(alice.element.locator('[data-action="restart-kernel"]')).to_contain_text("Really?")
    alice.press("restart-kernel")
    alice.has_state("waiting")
    notebook.wait_ready()
    notebook.run(0)
    alice.has_state("connected")
