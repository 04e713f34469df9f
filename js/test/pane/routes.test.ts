// The ways of a pane to its channel, and the proof that a port is the kernel's.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ownPort, type Route, Routes } from "../../src/pane/routes";

const KEY = "ab".repeat(32);
const OWN = { type: "routes", url: "http://127.0.0.1:5000/", key: KEY, ticket: "t" };

async function proofOf(key: string, nonce: string): Promise<string> {
  const bytes = (hex: string) =>
    Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const name = { name: "HMAC", hash: "SHA-256" };
  const known = await crypto.subtle.importKey("raw", bytes(key), name, false, ["sign"]);
  const body = new Uint8Array([...new TextEncoder().encode("nbsocket port 1"), ...bytes(nonce)]);
  const proof = new Uint8Array(await crypto.subtle.sign("HMAC", known, body));
  return Array.from(proof, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A comm whose kernel says what it is told to. */
function comm(answer?: object) {
  const asked: object[] = [];
  let listener: (content: never, buffers: never[]) => void = () => {};
  return {
    asked,
    send: (content: object) => {
      asked.push(content);
      if (answer) queueMicrotask(() => listener(answer as never, []));
    },
    listen: (call: (content: never, buffers: never[]) => void) => {
      listener = call;
      return () => {};
    },
  };
}

describe("the ways of a pane", () => {
  const order = (routes: Routes) =>
    [1, 2, 3].map(() => {
      const { current } = routes;
      routes.next();
      return current;
    });

  it.each<[Route | "", boolean, boolean, Route[]]>([
    ["", true, true, ["jupyter", "port", "comm"]],
    ["", false, true, ["port", "comm", "port"]],
    ["", true, false, ["jupyter", "jupyter", "jupyter"]],
    ["comm", true, true, ["comm", "comm", "comm"]],
  ])(
    "pinned to %j, with a server: %s, with a comm: %s, are %j",
    (pinned, server, hasComm, wanted) => {
      expect(order(new Routes(pinned, server, hasComm))).toEqual(wanted);
    },
  );

  it("change after some failures without a success between them", () => {
    const routes = new Routes("", true, true);
    for (let number = 0; number < 10; number += 1) {
      routes.failed();
      routes.worked();
    }
    expect(routes.current).toBe("jupyter");
    for (let number = 0; number < 3; number += 1) routes.failed();
    expect(routes.current).toBe("port");
    routes.failed();
    expect(routes.current).toBe("comm");
    routes.failed();
    expect(routes.current).toBe("jupyter");
  });

  it("forget the one that leads nowhere", () => {
    const routes = new Routes("", true, true);
    routes.forget();
    expect(order(routes)).toEqual(["port", "comm", "port"]);
  });
});

describe("the kernel's own port", () => {
  let answer: (nonce: string) => Promise<Response>;

  beforeEach(() => {
    answer = async (nonce) => Response.json({ proof: await proofOf(KEY, nonce) });
    vi.stubGlobal(
      "fetch",
      vi.fn((address: URL) => answer(address.searchParams.get("nonce") ?? "")),
    );
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("is taken once it is proven, and gets nothing but a number before", async () => {
    const { asked, ...port } = comm(OWN);
    expect(await ownPort(port)).toMatchObject({ url: OWN.url, ticket: "t" });
    expect(asked).toEqual([{ type: "routes" }]);
    const [address, options] = vi.mocked(fetch).mock.calls[0] as unknown as [URL, RequestInit];
    expect(`${address.origin}${address.pathname}`).toBe("http://127.0.0.1:5000/nbsocket/proof");
    expect([...address.searchParams.keys()]).toEqual(["nonce"]);
    expect(options).toMatchObject({ credentials: "omit" });
  });

  it.each<[string, (nonce: string) => Promise<Response>]>([
    [
      "another key",
      async (nonce) => Response.json({ proof: await proofOf("cd".repeat(32), nonce) }),
    ],
    ["an old proof", async () => Response.json({ proof: await proofOf(KEY, "00".repeat(32)) })],
    ["no proof", async () => Response.json({})],
    ["no JSON", async () => new Response("<h1>hello</h1>")],
    ["nobody there", () => Promise.reject(new TypeError("Failed to fetch"))],
  ])("is not, with %s", async (_, says) => {
    answer = says;
    expect(await ownPort(comm(OWN))).toBeUndefined();
  });

  it("is not where the kernel has none, or is busy", async () => {
    expect(await ownPort(comm({ type: "routes" }))).toBeUndefined();
    expect(await ownPort(comm())).toBeUndefined();
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each(["notebooks.example", "127.0.0.1.example", "10.0.0.1", "localhost.example"])(
    "is not asked for by a page of %s",
    async (hostname) => {
      vi.stubGlobal("location", { hostname });
      const { asked, ...port } = comm(OWN);
      expect(await ownPort(port)).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );
});
