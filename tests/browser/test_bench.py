"""The duplex bench in JupyterLab: what it counts is what a proxy counts that knows nothing of it."""

import json

import pytest
from browser.conftest import ROOT
from playwright.sync_api import expect
from support.jupyter import TOKEN
from support.lab import THEMES, Notebook, change_theme, painted
from support.meter import MeteringProxy

pytestmark = pytest.mark.browser

PICTURES = ROOT / "test-results" / "bench"
MODULES = ROOT / "js" / "node_modules"
CELLS = [
    """import nbsocket
io = nbsocket.Server("bench-page")
weather = lambda number: {"city": "Bergen", "degrees": number % 7}
bench = io.duplex_bench(weather, rate=5, interval=1.0, seed=7)
bench""",
    "bench.stop()",
]
WAYS = ("poll", "long", "sse", "websocket")
PATHS = {
    "poll": "/bench/poll",
    "long": "/bench/long",
    "sse": "/bench/sse",
    "websocket": "bench-page/socket.io/",
}


def figure_of(page, way, name):
    return float(page.locator(f'.nbs-way[data-way="{way}"]').get_attribute(f"data-{name}"))


def test_its_counts_are_those_of_a_proxy(context, lab, errors, figure, open_notebook):
    open_notebook("bench.ipynb", CELLS)
    with MeteringProxy(lab.port) as proxy:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        base = f"http://127.0.0.1:{proxy.port}{lab.base_url}"
        page.goto(f"{base}lab/tree/bench.ipynb?reset&token={TOKEN}")
        notebook = Notebook(page, lab.root / "bench.ipynb")
        notebook.wait_ready()
        notebook.run(0)
        bench = page.locator(".nbs-bench")
        expect(bench.locator("[data-said]")).to_have_text("Press Start, and wait for the first events.")
        bench.screenshot(path=PICTURES / "empty.png")
        bench.get_by_role("button", name="Start").click()
        page.wait_for_function(
            """() => Array.from(document.querySelectorAll('.nbs-way'))
              .every((one) => Number(one.dataset.events) >= 100)""",
            timeout=60_000,
        )
        bench.screenshot(path=PICTURES / "running.png")
        bench.get_by_role("button", name="Stop").click()
        expect(bench).to_have_attribute("data-on", "false")
        for way in WAYS:
            page.wait_for_function(
                "([way, count]) => Number(document.querySelector("
                "`.nbs-way[data-way='${way}']`).dataset.requests) === count",
                arg=[way, proxy.of(PATHS[way])[0]],
            )
            requests, size = proxy.of(PATHS[way])
            mine = figure_of(page, way, "requests"), figure_of(page, way, "bytes")
            assert mine[0] == requests, way
            assert abs(mine[1] - size) <= 0.01 * size, (way, mine[1], size)
            figure(f"{way}: {requests} requests, {size:,} bytes by the proxy, {mine[1]:,.0f} by the bench")
        means = {way: figure_of(page, way, "mean") for way in WAYS}
        assert 300 <= means["poll"] <= 750, "about half the interval"
        assert max(means["long"], means["sse"], means["websocket"]) < 150
        figure(", ".join(f"{way} {mean:.0f} ms" for way, mean in means.items()))
        assert figure_of(page, "websocket", "requests") == figure_of(page, "sse", "requests") == 1
        expect(bench.locator("[data-said]")).to_contain_text("about half the interval")
        expect(bench.locator('[data-way="poll"] .nbs-last')).to_contain_text("Bergen")
        assert errors == []


@pytest.mark.usefixtures("context")
def test_its_sliders_and_its_states(open_notebook, errors):
    notebook = open_notebook("bench-2.ipynb", CELLS)
    page = notebook.page
    notebook.run(0)
    bench = page.locator(".nbs-bench")
    bench.locator('[data-field="rate"]').fill("20")
    expect(bench.get_by_text("20/s")).to_be_visible()
    bench.locator('[data-field="delay"]').fill("200")
    bench.locator('[data-field="interval"]').fill("300")
    bench.get_by_role("button", name="Start").click()
    page.wait_for_function(
        """() => Array.from(document.querySelectorAll('.nbs-way'))
          .every((one) => Number(one.dataset.events) >= 30)""",
        timeout=60_000,
    )
    assert figure_of(page, "websocket", "mean") >= 190
    assert figure_of(page, "sse", "mean") >= 190
    assert figure_of(page, "poll", "mean") >= 300
    page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
    for theme in THEMES:
        change_theme(page, theme)
        found = page.evaluate(
            "async () => (await axe.run('.nbs-bench')).violations"
            ".filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => one.id)"
        )
        assert found == [], theme
        bench.screenshot(path=PICTURES / f"{theme.split()[-1].lower()}.png")
    notebook.run(1)
    expect(bench).to_have_attribute("data-on", "false")
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_function("document.querySelector('.nbs-bench').getBoundingClientRect().width <= 360")
    painted(page)
    assert bench.bounding_box()["width"] <= 360
    bench.screenshot(path=PICTURES / "narrow.png")
    expect(page.locator(".jp-OutputArea-output div[class^=nbs-saved-]")).to_contain_text(
        "For", timeout=10_000
    )
    notebook.save()
    text = json.dumps(json.loads(notebook.path.read_text())["cells"])
    assert "short polling asked" in text
    assert errors == []
