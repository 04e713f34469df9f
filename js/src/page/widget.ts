// What io.page shows: the page in a sandboxed frame, and a way to open it in a tab.

import type { SocketsMessage } from "../client/bundle";
import { CONSOLE, type ConsoleMessage } from "../client/console";
import { ApiError, baseUrl, mintTicket } from "../jupyter/server";
import { inHost } from "../shared/host";
import { Lines } from "../shared/lines";

export interface PageModel {
  channel: string;
  path: string;
  base_url: string;
}

const SANDBOX = "allow-scripts allow-forms allow-modals";

export default () => ({
  render: inHost<PageModel>(({ model, el }) => {
    const channel = model.get("channel");
    const base = baseUrl(model.get("base_url"));
    const address = new URL(`nbsocket/${channel}/${model.get("path")}`, base);
    const root = document.createElement("section");
    root.className = "nbs nbs-page";
    root.setAttribute("aria-label", `Page of channel ${channel}`);
    const header = document.createElement("header");
    const where = document.createElement("span");
    where.className = "nbs-state";
    where.setAttribute("role", "status");
    where.textContent = address.pathname;
    const open = document.createElement("button");
    open.type = "button";
    open.textContent = "Open in a new tab";
    open.dataset.action = "open";
    header.append(where, open);
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", SANDBOX);
    frame.title = `Page of channel ${channel}`;
    const box = document.createElement("details");
    box.className = "nbs-console";
    const title = document.createElement("summary");
    title.textContent = "Console";
    const lines = new Lines(`the page ${address.pathname}`, (count) => {
      title.textContent = `Console (${count.toLocaleString()})`;
    });
    box.append(title, lines.leftOut, lines.element);
    root.append(header, frame, box);
    el.append(root);

    const onMessage = (event: MessageEvent) => {
      if (event.source !== frame.contentWindow) return;
      const message = event.data as ConsoleMessage | SocketsMessage | { kind: "empty" };
      if (message?.kind === "lines" && Array.isArray(message.lines)) {
        lines.add(message.lines);
      } else if (message?.kind === "empty") {
        // There is nothing to see in the page itself, so what it says is what it shows.
        frame.style.height = "0";
        box.open = true;
      }
    };
    window.addEventListener("message", onMessage);

    async function ticketed(isHere: boolean): Promise<string> {
      const ticket = await mintTicket(base, channel, "guest");
      // In the fragment: no server and no log sees it.
      return `${address.href}#join_token=${ticket.value}${isHere ? `&${CONSOLE}=1` : ""}`;
    }

    function explain(error: unknown): void {
      root.dataset.state = "error";
      where.dataset.state = "error";
      where.textContent =
        error instanceof ApiError && error.status === 404
          ? "No kernel holds the channel. Run the cell that creates the server, then this one again."
          : `Cannot show the page: ${error instanceof Error ? error.message : String(error)}`;
    }

    ticketed(true).then((url) => {
      frame.src = url;
      root.dataset.state = "connected";
    }, explain);

    open.addEventListener("click", () => {
      // Opened now, within the click, or the browser would block it; filled once the ticket is there.
      const tab = window.open("about:blank");
      ticketed(false)
        .then(
          (url) => {
            if (!tab) throw new Error("the browser blocked the new tab");
            tab.opener = null;
            tab.location.replace(url);
          },
          (error) => {
            tab?.close();
            throw error;
          },
        )
        .catch(explain);
    });

    return () => {
      window.removeEventListener("message", onMessage);
      frame.remove();
    };
  }),
});
