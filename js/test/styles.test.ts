// All widgets of a notebook stand in one page: no stylesheet may reach into another widget.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(__dirname, "..", "src");
const WIDGETS = ["pane", "wire", "bench", "panel", "board", "script", "page"];

function sheets(widget: string): string[] {
  return readdirSync(join(SRC, widget))
    .filter((file) => file.endsWith(".css"))
    .map((file) => readFileSync(join(SRC, widget, file), "utf8"));
}

function classes(text: string): Set<string> {
  return new Set(text.match(/(?<![\w-])nbs-[a-z][\w-]*/g));
}

const tokens = readFileSync(join(SRC, "shared", "tokens.css"), "utf8");
const styled = classes(
  WIDGETS.flatMap(sheets)
    .join("\n")
    .replace(/--nbs-[\w-]+/g, ""),
);

describe.each(WIDGETS)("the stylesheet of %s", (widget) => {
  it("styles nothing outside of it", () => {
    for (const sheet of sheets(widget)) {
      const heads = sheet.match(/^\S.*\{$/gm);
      expect(heads).toEqual([`.nbs-${widget} {`]);
    }
  });

  it("has what its markup needs, by itself or shared by all", () => {
    const own = classes([tokens, ...sheets(widget)].join("\n"));
    const markup = readdirSync(join(SRC, widget))
      .filter((file) => file.endsWith(".tsx") || file.endsWith(".ts"))
      .map((file) => readFileSync(join(SRC, widget, file), "utf8").replace(/--nbs-[\w-]+/g, ""));
    const lent = [...classes(markup.join("\n"))].filter((one) => styled.has(one) && !own.has(one));
    expect(lent).toEqual([]);
  });
});
