// What %%client shows: a sandboxed frame, and its console beside it.

import clientCode from "virtual:client-code";
import preludeCode from "virtual:prelude-code";
import { ApiError, askChannel, baseUrl, ForeignServerError } from "../jupyter/server";
import { commPort } from "../shared/comm_port";
import { inHost } from "../shared/host";
import { Lines } from "../shared/lines";
import { visible } from "../shared/text";
import { type FrameMessage, frameDocument } from "./frame";
import { Seat } from "./seat";

export interface ScriptModel {
  channel: string;
  name: string;
  base_url: string;
  code: string;
}

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

/** A host that there is never (RFC 6761, section 6.4). */
const NOWHERE = "https://nbsocket.invalid/";

/** Whether the Jupyter server that serves this page serves the channel; if it is another server, it does not. */
async function isServed(base: string, channel: string): Promise<boolean> {
  try {
    await askChannel(base, channel);
  } catch (error) {
    if (error instanceof ForeignServerError || !(error instanceof ApiError)) return false;
    throw error;
  }
  return true;
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
    const lines = new Lines(name, (count) => {
      root.dataset.lines = String(count);
    });
    root.append(header, place, lines.leftOut, lines.element);
    el.append(root);

    function setState(value: string, text: string): void {
      root.dataset.state = value;
      state.dataset.state = value;
      words.textContent = text;
    }

    const known = model.get("base_url");
    const base = known && baseUrl(known);
    const comm = commPort(model);
    const channel = model.get("channel");
    const onGone = () => {
      place.replaceChildren();
      setState(
        "error",
        "Its page navigated to another address and was closed. Run the cell again.",
      );
    };
    const seat = new Seat(base, channel, onGone, comm);
    let frame: HTMLIFrameElement | undefined;
    let isGone = false;
    const onMessage = (event: MessageEvent) => {
      // A sandboxed frame has no origin; who sent it tells.
      if (!frame || event.source !== frame.contentWindow) return;
      const message = event.data as FrameMessage;
      if (message?.kind === "lines" && Array.isArray(message.lines)) {
        lines.add(message.lines);
      } else if (message?.kind === "seat" && event.ports[0]) {
        seat.take(event.ports[0]);
      } else if (message?.kind === "sockets" && message.made > 0) {
        const isOn = message.connected > 0;
        const some = message.made > 1 ? ` ${message.connected} of ${message.made}` : "";
        setState(
          isOn ? "connected" : "disconnected",
          `${isOn ? "Connected" : "Not connected"}${some}, on channel ${channel}`,
        );
      } else if (message?.kind === "failed") {
        setState("error", "There was an error; see below.");
      } else if (message?.kind === "height" && Number.isFinite(message.height)) {
        frame.style.height = `${Math.min(Math.max(0, message.height), 600)}px`;
      }
    };
    window.addEventListener("message", onMessage);

    async function run(): Promise<void> {
      setState("connecting", "Starting…");
      try {
        const isHere = base !== "" && (await isServed(base, channel));
        if (isGone) return;
        // Where it goes over the comm, the address leads nowhere.
        const { origin, pathname } = new URL(isHere ? base : NOWHERE);
        const home = {
          origin,
          path: `${pathname}nbsocket/${channel}/socket.io/`,
          ticket: "",
          isFrame: true,
        };
        const isDark = document.body.dataset.jpThemeLight === "false";
        frame = element("iframe", "");
        frame.setAttribute("sandbox", "allow-scripts");
        frame.title = `Output of ${name}`;
        frame.addEventListener("load", () => seat.check());
        frame.srcdoc = frameDocument(home, preludeCode, clientCode, model.get("code"), isDark);
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
