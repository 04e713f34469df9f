// Tells the page around a frame what the frame's console says. Runs in the frame.

export interface Line {
  level: string;
  text: string;
}

/** What a frame tells of itself, beside its lines. */
export type ConsoleMessage = { kind: "lines"; lines: Line[] } | { kind: "failed" };

/** In a page's fragment: the view around it shows its console. */
export const CONSOLE = "console";

const LONGEST = 10_000;
const FLUSH_MS = 30;

/** A value as text; some have none. */
export function asText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack || String(value);
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
  try {
    return JSON.stringify(value, null, 1) ?? String(value);
  } catch {
    return asText(value);
  }
}

/** From now on, tell `around` what the console says and what is thrown. */
export function tellConsole(around: Window): void {
  const tell = (message: ConsoleMessage) => around.postMessage(message, "*");
  let waiting: Line[] = [];
  const say = (level: string, values: unknown[]) => {
    if (waiting.length === 0) {
      setTimeout(() => {
        tell({ kind: "lines", lines: waiting });
        waiting = [];
      }, FLUSH_MS);
    }
    waiting.push({ level, text: values.map(show).join(" ").slice(0, LONGEST) });
  };
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    const original = console[level].bind(console);
    console[level] = (...values: unknown[]) => {
      say(level, values);
      original(...values);
    };
  }
  addEventListener("error", (event) => {
    // A cell's code comes from a file of its own; the cell has one line more: the one with the magic.
    const isCell = String(event.filename).startsWith("blob:");
    const where = isCell && event.lineno ? ` (line ${event.lineno + 1} of the cell)` : "";
    say("error", [String(event.error || event.message) + where]);
    tell({ kind: "failed" });
  });
  addEventListener("unhandledrejection", (event) => {
    say("error", [`Unhandled: ${show(event.reason)}`]);
  });
}
