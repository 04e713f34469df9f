// Where `io()` without an address connects to, and with which ticket. No I/O.

import type { ManagerOptions, SocketOptions } from "socket.io-client";

export type Options = Partial<ManagerOptions & SocketOptions>;

/** What a page or a frame was given. */
export interface Home {
  /** Scheme, host and port of the Jupyter server. */
  origin: string;
  /** The channel's Engine.IO path. */
  path: string;
  /** The ticket; empty if the page was opened without one, and in a frame, which asks for one each time. */
  ticket: string;
  /** Whether this is a frame whose page hands out tickets. */
  isFrame?: boolean;
  /** Whether this is a page of its author's within a notebook, with a console beside it. */
  isPage?: boolean;
}

/** Read the home of a page from the address of its client script and its own fragment. */
export function homeOfPage(scriptUrl: string, hash: string): Home {
  const script = new URL(scriptUrl);
  const ticket = new URLSearchParams(hash.replace(/^#/, "")).get("join_token") ?? "";
  const match = /^(.*\/nbsocket\/[^/]+\/)/.exec(script.pathname);
  const channel = match?.[1] ?? script.pathname.replace(/socket\.io\/[^/]*$/, "");
  return { origin: script.origin, path: `${channel}socket.io/`, ticket };
}

/** Whether an address means "the server this page came from". */
export function isHome(uri: string | undefined, home: Home): boolean {
  if (uri === undefined || uri === "") return true;
  if (uri.startsWith("/")) return !uri.startsWith("//");
  return uri === home.origin || uri === `${home.origin}/`;
}

/** The address and the options that the stock client is called with. */
export function resolve(
  uri: string | undefined,
  options: Options,
  home: Home,
): { uri: string | undefined; options: Options } {
  if (!isHome(uri, home)) return { uri, options };
  const namespace = uri?.startsWith("/") ? uri : "/";
  // The ticket is what counts; with cookies the browser would refuse an answer that is for every origin.
  const { withCredentials: _, ...others } = options;
  return {
    uri: home.origin + namespace,
    options: {
      ...others,
      path: options.path && options.path !== "/socket.io" ? options.path : home.path,
      query: {
        ...(options.query as Record<string, string> | undefined),
        ...(home.ticket ? { join_token: home.ticket } : {}),
      },
    },
  };
}
