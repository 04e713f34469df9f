// The stock client as a classic script: `io()` without an address finds this channel by itself.

import * as client from "socket.io-client";
import { type Home, homeOfPage, type Options, resolve } from "./address";
import { CONSOLE, tellConsole } from "./console";
import { askBeforeOpening, takeSeat } from "./seat";

/** What shows without a text. */
const SEEN = "img, svg, canvas, video, iframe, input, button, select, textarea";

declare global {
  interface Window {
    /** Set by a frame that has no address of its own. */
    __nbsocket_home?: Home;
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const home = window.__nbsocket_home ?? homeOfPage(script?.src || location.href, location.hash);
const isInPage =
  home.isPage === true ||
  (parent !== window && new URLSearchParams(location.hash.slice(1)).has(CONSOLE));
const isShown = home.isFrame === true || isInPage;
if (isInPage) {
  tellConsole(parent);
  addEventListener("load", () => {
    // biome-ignore lint/performance/useDomNodeTextContent: what shows, and not the text of scripts
    const isEmpty = !document.body.innerText.trim() && !document.body.querySelector(SEEN);
    if (isEmpty) parent.postMessage({ kind: "empty" }, "*");
  });
}
if (home.isFrame) {
  askBeforeOpening(client.Manager.prototype, home, takeSeat());
} else if (!home.ticket) {
  console.info(
    "nbsocket: this page was opened without a ticket; only an open server lets it connect. " +
      "Open it from the notebook, or through a link from the notebook.",
  );
}

/** What a frame tells of its clients. */
export interface SocketsMessage {
  kind: "sockets";
  made: number;
  connected: number;
}

const made = new Set<client.Socket>();

/** Tell the page around how many of the clients here are connected. */
function follow(socket: client.Socket): client.Socket {
  if (!isShown || made.has(socket)) return socket;
  made.add(socket);
  const tell = () => {
    const connected = [...made].filter((one) => one.connected).length;
    const message: SocketsMessage = { kind: "sockets", made: made.size, connected };
    parent.postMessage(message, "*");
  };
  socket.on("connect", tell);
  socket.on("disconnect", tell);
  tell();
  return socket;
}

function io(uri?: string | Options | null, options?: Options): client.Socket {
  const [address, given] =
    typeof uri === "object" && uri !== null ? [undefined, uri] : [uri ?? undefined, options ?? {}];
  const resolved = resolve(address, given, home);
  return follow(
    resolved.uri === undefined
      ? client.io(resolved.options)
      : client.io(resolved.uri, resolved.options),
  );
}

Object.assign(io, {
  io,
  connect: io,
  Manager: client.Manager,
  Socket: client.Socket,
  protocol: client.protocol,
});
Object.assign(window, { io });
