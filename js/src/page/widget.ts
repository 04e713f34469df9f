// What io.page shows: the page in a sandboxed frame, and a way to open it in a tab.

import clientCode from "virtual:client-code";
import type { SocketsMessage } from "../client/bundle";
import { CONSOLE, type ConsoleMessage } from "../client/console";
import { ApiError, baseUrl, ForeignServerError, mintTicket } from "../jupyter/server";
import { Seat } from "../script/seat";
import { commPort } from "../shared/comm_port";
import { inHost } from "../shared/host";
import { Lines } from "../shared/lines";
import { type Files, inlined } from "./inlined";

export interface PageModel {
  channel: string;
  path: string;
  base_url: string;
}

const SANDBOX = "allow-scripts allow-forms allow-modals";
/** A host that there is never (RFC 6761, section 6.4). */
const NOWHERE = "https://nbsocket.invalid/";

export default () => ({
  render: inHost<PageModel>(({ model, el }) => {
    const channel = model.get("channel");
    const path = model.get("path");
    const known = model.get("base_url");
    const base = known && baseUrl(known);
    const address = new URL(`nbsocket/${channel}/${path}`, base || NOWHERE);
    const comm = commPort(model);
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
      const message = event.data as
        | ConsoleMessage
        | SocketsMessage
        | { kind: "empty" }
        | { kind: "seat" };
      if (message?.kind === "lines" && Array.isArray(message.lines)) {
        lines.add(message.lines);
      } else if (message?.kind === "empty") {
        // There is nothing to see in the page itself, so what it says is what it shows.
        frame.style.height = "0";
        box.open = true;
      } else if (message?.kind === "seat" && event.ports[0]) {
        seat?.take(event.ports[0]);
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

    /** Show it without a server: its files come over the comm, and its clients go that way. */
    function showByComm(): void {
      open.remove();
      where.textContent = `${address.pathname}, over the notebook's own connection to its kernel`;
      unlisten = comm.listen((content) => {
        const { type, files } = content as unknown as { type: string; files?: Files };
        if (type !== "page" || !files || seat) return;
        seat = new Seat("", channel, onGone, comm);
        const home = {
          origin: new URL(NOWHERE).origin,
          path: `/nbsocket/${channel}/socket.io/`,
          ticket: "",
          isFrame: true,
          isPage: true,
        };
        frame.addEventListener("load", () => seat?.check());
        frame.srcdoc = inlined(files, path, home, clientCode);
        root.dataset.state = "connected";
      });
      comm.send({ type: "page" }, []);
    }

    function onGone(): void {
      frame.remove();
      explain(new Error("it navigated to another address and was closed; run the cell again"));
    }

    let seat: Seat | undefined;
    let unlisten = () => {};
    if (base) {
      ticketed(true).then(
        (url) => {
          frame.src = url;
          root.dataset.state = "connected";
        },
        (error) => {
          if (error instanceof ForeignServerError) showByComm();
          else explain(error);
        },
      );
    } else {
      showByComm();
    }

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
      unlisten();
      seat?.end();
      frame.remove();
    };
  }),
});
