// The document of a sandboxed frame that runs a learner's JavaScript. No DOM here: text in, text out.

import type { Home } from "../client/address";

/** What a frame tells the page around it. */
export type FrameMessage =
  | { kind: "lines"; lines: { level: string; text: string }[] }
  | { kind: "height"; height: number }
  | { kind: "failed" }
  | { kind: "seat" };

/** JSON that can stand inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

/** JavaScript that can stand inside a script element. */
export function scriptText(code: string): string {
  return code.replace(/<(\/script|!--)/gi, "\\x3c$1");
}

/** Runs in the frame before all else: the console and errors go to the page around it. */
const PRELUDE = `
(() => {
  const show = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return value.stack || String(value);
    if (value instanceof ArrayBuffer) return "ArrayBuffer(" + value.byteLength + ")";
    try { return JSON.stringify(value, null, 1) ?? String(value); } catch { return String(value); }
  };
  let waiting = [];
  const flush = () => {
    parent.postMessage({ kind: "lines", lines: waiting }, "*");
    waiting = [];
  };
  const say = (level, values) => {
    if (waiting.length === 0) setTimeout(flush, 30);
    waiting.push({ level, text: values.map(show).join(" ").slice(0, 10000) });
  };
  for (const level of ["log", "info", "warn", "error", "debug"]) {
    const original = console[level].bind(console);
    console[level] = (...values) => { say(level, values); original(...values); };
  }
  addEventListener("error", (event) => {
    // The cell has one line more: the one with the magic.
    const isCell = String(event.filename).startsWith("blob:");
    const where = isCell && event.lineno ? " (line " + (event.lineno + 1) + " of the cell)" : "";
    say("error", [String(event.error || event.message) + where]);
    parent.postMessage({ kind: "failed" }, "*");
  });
  addEventListener("unhandledrejection", (event) => say("error", ["Unhandled: " + show(event.reason)]));
  new ResizeObserver(() => {
    parent.postMessage({ kind: "height", height: document.body.scrollHeight }, "*");
  }).observe(document.body);
})();
`;

/** What a frame may load and reach: itself, and the one channel. A way out by navigation remains; see seat.ts. */
function policy(home: Home): string {
  const channel = home.origin + home.path;
  return [
    "default-src 'none'",
    "script-src 'unsafe-inline' 'unsafe-eval' blob: data:",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "media-src data: blob:",
    "font-src data:",
    "worker-src blob:",
    `connect-src ${channel} ${channel.replace(/^http/, "ws")} data: blob:`,
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
}

/** Build the frame's document: prelude, bundled client, then the learner's code as a script. */
export function frameDocument(
  home: Home,
  clientCode: string,
  code: string,
  isDark: boolean,
): string {
  const colors = isDark ? "color:#eee;background:#111" : "color:#111;background:#fff";
  return `<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(home)}"></head>
<body style="margin:0;font:13px system-ui,sans-serif;${colors}"><script>${PRELUDE}</script>
<script>window.__nbsocket_home=${scriptJson(home)}</script>
<script>${scriptText(clientCode)}</script>
<script>
{
  // From a file of its own, so that the browser tells the line of a fault, in its syntax, too.
  const script = document.createElement("script");
  script.src = URL.createObjectURL(new Blob([${scriptJson(code)}], { type: "text/javascript" }));
  document.currentScript.remove();
  document.body.append(script);
  script.remove();
}
</script></body></html>`;
}
