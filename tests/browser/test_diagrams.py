"""The diagrams of documentation and notebooks: each can be drawn, and read in light and in dark."""

import re
import subprocess
import sys

import pytest
from browser.conftest import ROOT
from test_notebooks import NOTEBOOKS, cells_of

pytestmark = [pytest.mark.browser, pytest.mark.promise(9)]

MERMAID = ROOT / "js" / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
TEXTS = {
    **{path.name: path.read_text() for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]},
    **{path.name: "\n".join(text for _, text in cells_of(path)) for path in NOTEBOOKS},
}
DIAGRAMS = [
    (name, found)
    for name, text in sorted(TEXTS.items())
    for found in re.findall(r"^```mermaid\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
]
# The contrast of each text with what it stands on: the nearest shape before it that covers its middle, or the page.
CONTRASTS = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element, box) => {
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const shapes = [...element.closest("svg").querySelectorAll("rect, polygon, path, .edgeLabel p")].reverse();
    for (const shape of shapes) {
      const style = getComputedStyle(shape);
      const fill = parse(shape.matches("p") ? style.backgroundColor : style.fill);
      const own = shape.getBoundingClientRect();
      const isOver = own.left <= x && x <= own.right && own.top <= y && y <= own.bottom;
      if (isOver && fill.length >= 3 && fill[3] !== 0 && style.fill !== "none" && own.height > 8
          && shape.compareDocumentPosition(element) & (Node.DOCUMENT_POSITION_FOLLOWING)) return fill;
    }
    for (let at = element.closest("pre"); at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const text of document.querySelectorAll(
    "pre.mermaid svg tspan:not(:has(tspan)), pre.mermaid svg text:not(:has(tspan)), pre.mermaid svg foreignObject p")) {
    const words = text.textContent.trim();
    const box = text.getBoundingClientRect();
    if (!words || box.width === 0) continue;
    const style = getComputedStyle(text);
    const color = parse(text.matches("p") ? style.color : style.fill);
    const [one, other] = [light(color), light(behind(text, box))].sort((a, b) => b - a);
    found.push([words, Math.round(((one + 0.05) / (other + 0.05)) * 10) / 10]);
  }
  return found;
}"""


def test_each_can_be_drawn(context):
    assert len(DIAGRAMS) >= 10
    page = context.new_page()
    page.set_content("<div></div>")
    page.add_script_tag(path=MERMAID)
    wrong = []
    for name, text in DIAGRAMS:
        said = page.evaluate("(text) => mermaid.parse(text).then(() => '', (error) => String(error))", text)
        if said:
            wrong.append((name, said.splitlines()[0]))
    assert wrong == []


@pytest.mark.timeout(300)
def test_each_can_be_read_in_light_and_dark(context, tmp_path):
    made = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_site.py", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    page = context.new_page()
    pictures = ROOT / "test-results" / "diagrams"
    for path in sorted(tmp_path.rglob("*.html")):
        if 'class="mermaid"' not in path.read_text():
            continue
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(path.as_uri())
            drawn = page.locator("pre.mermaid svg")
            page.wait_for_function("document.querySelectorAll('pre.mermaid:not(:has(svg))').length === 0")
            assert page.locator("html").get_attribute("data-theme") == scheme
            assert drawn.first.evaluate("(svg) => getComputedStyle(svg).filter") == "none"
            contrasts = page.evaluate(CONTRASTS)
            assert contrasts
            faint = [one for one in contrasts if one[1] < 4.5]
            assert faint == [], (path.name, scheme)
            page.locator("pre.mermaid").first.screenshot(path=pictures / f"{path.stem}-{scheme}.png")
