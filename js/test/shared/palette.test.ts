// @vitest-environment node
// The colors of strokes.

import { describe, expect, it } from "vitest";
import { COLOR_NAMES, PALETTE } from "../../src/shared/palette";

/** How far apart two colors look, by a common rule of thumb. */
function distance(one: string, other: string): number {
  const [a, b] = [one, other].map((color) =>
    [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)),
  );
  const [red = 0, green = 0, blue = 0] = [0, 1, 2].map(
    (part) => (a?.[part] ?? 0) - (b?.[part] ?? 0),
  );
  return Math.sqrt(2 * red * red + 4 * green * green + 3 * blue * blue);
}

describe("the palette", () => {
  it("has eight colors, as the kernel counts them, each with a name of its own", () => {
    expect(PALETTE).toHaveLength(8);
    expect(COLOR_NAMES).toHaveLength(8);
    expect(new Set(COLOR_NAMES).size).toBe(8);
    for (const color of PALETTE) expect(color).toMatch(/^#[0-9a-f]{6}$/);
  });

  it("has no two colors that look alike, and none that is lost on white or black", () => {
    for (const [index, color] of PALETTE.entries()) {
      for (const other of [...PALETTE.slice(index + 1), "#ffffff", "#000000"]) {
        expect(distance(color, other)).toBeGreaterThan(75);
      }
    }
  });
});
