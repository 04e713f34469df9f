// A canvas that writes down what is drawn, since there is none without a browser.

import { vi } from "vitest";

export interface Stroke {
  what: string;
  given: unknown[];
  fillStyle: unknown;
  strokeStyle: unknown;
  globalAlpha: unknown;
  lineWidth: unknown;
}

/** What was drawn, in order, each with the colors of its moment. */
export class Drawing {
  readonly strokes: Stroke[] = [];
  readonly context: CanvasRenderingContext2D;

  /** @param letter How wide a letter is. */
  constructor(letter = 6) {
    const state: Record<string, unknown> = {
      fillStyle: "",
      strokeStyle: "",
      globalAlpha: 1,
      lineWidth: 1,
    };
    const strokes = this.strokes;
    this.context = new Proxy(state, {
      get(_, name: string) {
        if (name in state) return state[name];
        if (name === "measureText") return (text: string) => ({ width: letter * text.length });
        return (...given: unknown[]) => {
          const { fillStyle, strokeStyle, globalAlpha, lineWidth } = state;
          strokes.push({ what: name, given, fillStyle, strokeStyle, globalAlpha, lineWidth });
        };
      },
      set(_, name: string, value: unknown) {
        state[name] = value;
        return true;
      },
    }) as unknown as CanvasRenderingContext2D;
  }

  of(what: string): Stroke[] {
    return this.strokes.filter((stroke) => stroke.what === what);
  }

  /** What texts were drawn, in order. */
  get texts(): string[] {
    return this.of("fillText").map((stroke) => String(stroke.given[0]));
  }

  clear(): void {
    this.strokes.length = 0;
  }
}

/** Let every canvas of the page be this wide, and be drawn into `drawing`. */
export function canvases(drawing: Drawing, width: number): void {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(drawing.context as never);
  vi.spyOn(HTMLCanvasElement.prototype, "clientWidth", "get").mockReturnValue(width);
}
