// @vitest-environment node
// What a pane's log holds: types alone, which the type checker proves.

import { describe, expect, expectTypeOf, it } from "vitest";
import type { AckState, Entry } from "../../src/pane/entries";
import * as entries from "../../src/pane/entries";

describe("an entry", () => {
  it("is plain data, and its module has nothing to run", () => {
    expect(Object.keys(entries)).toEqual([]);
    expectTypeOf<Entry["kind"]>().toEqualTypeOf<"in" | "out" | "note" | "print" | "error">();
  });

  it("has an answer once it is answered, and not before", () => {
    expectTypeOf<Extract<AckState, { state: "answered" }>>().toHaveProperty("args");
    expectTypeOf<Extract<AckState, { state: "waiting" }>>().not.toHaveProperty("args");
    expectTypeOf<Extract<AckState, { state: "failed" }>>().not.toHaveProperty("after_ms");
  });
});
