// @vitest-environment node
// What a saved notebook keeps of a pane.

import { describe, expect, it } from "vitest";
import { PaneConnection } from "../../src/pane/connection";
import type { Entry } from "../../src/pane/entries";
import { snapshot } from "../../src/pane/snapshot";

interface Picture {
  state: string;
  rows: { time: string; kind: string; event: string; text: string }[];
}

function picture(...entries: Partial<Entry>[]): Picture {
  const connection = new PaneConnection({
    channel: "c",
    paneId: "p",
    name: "a",
    base: "http://h/",
  });
  for (const entry of entries) {
    const at = new Date(2026, 0, 2, 3, 4, 5);
    connection.log.push({ id: 1, at, kind: "in", event: "e", args: [], ...entry });
  }
  return snapshot(connection) as Picture;
}

describe("a pane's picture", () => {
  it("is its state and no rows at first", () => {
    expect(picture()).toEqual({ state: "connecting", rows: [] });
  });

  it("has each row as plain text", () => {
    const { rows } = picture({ kind: "out", event: "say", args: ["<b>", { a: 1 }] });
    expect(rows).toEqual([{ time: "03:04:05", kind: "out", event: "say", text: '"<b>", {"a":1}' }]);
  });

  it("has answers, and nothing of what has none yet", () => {
    const answered = (args: unknown[]) => ({ state: "answered" as const, args, after_ms: 1 });
    const { rows } = picture(
      { args: [1], ack: answered(["yes", null]) },
      { ack: answered([]) },
      { args: [1], ack: { state: "waiting" } },
    );
    expect(rows.map((row) => row.text)).toEqual([
      '1; acknowledged: "yes", null',
      "acknowledged: (nothing)",
      "1",
    ]);
  });

  it("has the latest thirty rows, and cuts what is long", () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      event: `${index} ${"e".repeat(100)}`,
      args: ["x".repeat(1000)],
    }));
    const { rows } = picture(...many);
    expect(rows).toHaveLength(30);
    expect(rows[0]?.event).toBe(`10 ${"e".repeat(57)}… (103 characters)`);
    expect(rows[0]?.text).toBe(`"${"x".repeat(159)}… (1002 characters)`);
  });

  it("has bytes as their beginning, never as they are", () => {
    const { rows } = picture({ args: [new Uint8Array(100)] });
    expect(rows[0]?.text).toMatch(/^<100 bytes: 00 00/);
  });
});
