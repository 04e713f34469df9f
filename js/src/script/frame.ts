// The document of a sandboxed frame that runs a learner's JavaScript. No DOM here: text in, text out.

import type { Home } from "../client/address";
import type { SocketsMessage } from "../client/bundle";
import type { ConsoleMessage } from "../client/console";

/** What a client cell's frame tells the page around it. */
export type FrameMessage =
  | ConsoleMessage
  | SocketsMessage
  | { kind: "height"; height: number }
  | { kind: "seat" };

/** JSON that can stand inside a script element. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

/** JavaScript that can stand inside a script element. */
export function scriptText(code: string): string {
  return code.replace(/<(\/script|!--)/gi, "\\x3c$1");
}

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
  preludeCode: string,
  clientCode: string,
  code: string,
  isDark: boolean,
): string {
  const colors = isDark ? "color:#eee;background:#111" : "color:#111;background:#fff";
  return `<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(home)}"></head>
<body style="margin:0;font:13px system-ui,sans-serif;${colors}"><script>${scriptText(preludeCode)}</script>
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
