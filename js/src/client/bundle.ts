// The stock client as a classic script: `io()` without an address finds this channel by itself.

import * as client from "socket.io-client";
import { type Home, homeOfPage, type Options, resolve } from "./address";
import { askBeforeOpening, takeSeat } from "./seat";

declare global {
  interface Window {
    /** Set by a frame that has no address of its own. */
    __nbsocket_home?: Home;
  }
}

const script = document.currentScript as HTMLScriptElement | null;
const home = window.__nbsocket_home ?? homeOfPage(script?.src || location.href, location.hash);
if (home.isFrame) {
  askBeforeOpening(client.Manager.prototype, home, takeSeat());
} else if (!home.ticket) {
  console.info(
    "nbsocket: this page was opened without a ticket; only an open server lets it connect. " +
      "Open it from the notebook, or by a link that the notebook gave you.",
  );
}

function io(uri?: string | Options, options?: Options): client.Socket {
  const [address, given] =
    typeof uri === "object" ? [undefined, uri] : [uri, options ?? ({} as Options)];
  const resolved = resolve(address, given, home);
  return resolved.uri === undefined
    ? client.io(resolved.options)
    : client.io(resolved.uri, resolved.options);
}

Object.assign(io, {
  io,
  connect: io,
  Manager: client.Manager,
  Socket: client.Socket,
  protocol: client.protocol,
});
Object.assign(window, { io });
