// What %%client shows: a sandboxed frame, and its console beside it.

import clientCode from "virtual:client-code";
import { ApiError, askChannel, baseUrl } from "../jupyter/server";
import { inHost } from "../shared/host";
import { BoundedLog, batched } from "../shared/log";
import { visible } from "../shared/text";
import { type FrameMessage, frameDocument } from "./frame";
import { Seat } from "./seat";

export interface ScriptModel {
  channel: string;
  name: string;
  base_url: string;
  code: string;
}

const KEPT_LINES = 2000;
const SHOWN_LINES = 300;

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

export default () => ({
  render: inHost<ScriptModel>(({ model, el }) => {
    const name = model.get("name");
    const root = element("section", "nbs nbs-script");
    root.setAttribute("aria-label", `Client ${name}`);
    root.dataset.script = name;
    const header = element("header", "");
    const state = element("span", "nbs-state");
    const words = element("span", "");
    state.append(element("span", "nbs-dot"), words);
    header.append(element("strong", "", visible(name)), state);
    const place = element("div", "nbs-frame");
    const leftOut = element("p", "nbs-left-out");
    const lines = element("ol", "nbs-lines");
    lines.tabIndex = 0;
    lines.setAttribute("aria-label", `Console of ${name}`);
    lines.setAttribute("role", "log");
    root.append(header, place, leftOut, lines);
    el.append(root);

    const log = new BoundedLog<{ level: string; text: string }>(KEPT_LINES);
    const draw = batched(() => {
      const kept = log.kept;
      const shown = kept.slice(-SHOWN_LINES);
      lines.replaceChildren(
        ...shown.map(({ level, text }) => {
          const line = element("li", "", visible(text));
          line.dataset.level = level;
          return line;
        }),
      );
      const missing = log.dropped + kept.length - shown.length;
      leftOut.textContent = missing
        ? `${missing.toLocaleString()} earlier lines are not shown.`
        : "";
      root.dataset.lines = String(log.dropped + kept.length);
      lines.scrollTop = lines.scrollHeight;
    });

    function setState(value: string, text: string): void {
      root.dataset.state = value;
      state.dataset.state = value;
      words.textContent = text;
    }

    const base = new URL(baseUrl(model.get("base_url")));
    const channel = model.get("channel");
    const seat = new Seat(base.href, channel, () => {
      place.replaceChildren();
      setState("error", "Its page went to another address, and was closed. Run the cell again.");
    });
    let frame: HTMLIFrameElement | undefined;
    let isGone = false;
    const onMessage = (event: MessageEvent) => {
      // A sandboxed frame has no origin; who sent it tells.
      if (!frame || event.source !== frame.contentWindow) return;
      const message = event.data as FrameMessage;
      if (message?.kind === "lines" && Array.isArray(message.lines)) {
        for (const line of message.lines) {
          log.push({ level: String(line.level), text: String(line.text) });
        }
        draw();
      } else if (message?.kind === "seat" && event.ports[0]) {
        seat.take(event.ports[0]);
      } else if (message?.kind === "failed") {
        setState("error", "An error was raised; see below.");
      } else if (message?.kind === "height" && Number.isFinite(message.height)) {
        frame.style.height = `${Math.min(Math.max(0, message.height), 600)}px`;
      }
    };
    window.addEventListener("message", onMessage);

    async function run(): Promise<void> {
      setState("connecting", "Starting…");
      try {
        await askChannel(base.href, channel);
        if (isGone) return;
        const home = {
          origin: base.origin,
          path: `${base.pathname}nbsocket/${channel}/socket.io/`,
          ticket: "",
          isFrame: true,
        };
        const isDark = document.body.dataset.jpThemeLight === "false";
        frame = element("iframe", "");
        frame.setAttribute("sandbox", "allow-scripts");
        frame.title = `What the JavaScript of ${name} shows`;
        frame.addEventListener("load", () => seat.check());
        frame.srcdoc = frameDocument(home, clientCode, model.get("code"), isDark);
        place.append(frame);
        setState("connected", `Running, on channel ${channel}`);
      } catch (error) {
        const isMissing = error instanceof ApiError && error.status === 404;
        setState(
          isMissing ? "waiting" : "error",
          isMissing
            ? "No kernel holds the channel. Run the cell that creates the server, then this one again."
            : `Cannot start: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    void run();

    return () => {
      isGone = true;
      seat.end();
      window.removeEventListener("message", onMessage);
      frame?.remove();
    };
  }),
});
