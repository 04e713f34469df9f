// The Jupyter server as a page knows it: its address, its login, its tickets, and what it says when it refuses.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ApiError,
  askChannel,
  baseUrl,
  endSeat,
  ForeignServerError,
  mintFrameTicket,
  mintTicket,
  pageFetch,
  restartKernelOf,
  socketAddress,
} from "../../src/jupyter/server";
import { ours, Web } from "../support/server";

const BASE = "http://localhost:3000/user/ada/";

let web: Web;

function config(text: string): void {
  const element = document.createElement("script");
  element.id = "jupyter-config-data";
  element.type = "application/json";
  element.textContent = text;
  document.head.append(element);
}

function cookies(text: string): void {
  vi.spyOn(document, "cookie", "get").mockReturnValue(text);
}

const headersOf = (index: number) => web.asked[index]?.init.headers as Record<string, string>;

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: Error) => error,
  );
}

beforeEach(() => {
  cookies("_xsrf=x");
  web = new Web(() => ours({}));
  vi.stubGlobal("fetch", web.fetch);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  document.head.replaceChildren();
  delete document.body.dataset.baseUrl;
});

describe("the base URL", () => {
  it("is the page's, with a slash at its end", () => {
    config('{"baseUrl": "/lab%20a"}');
    document.body.dataset.baseUrl = "/notebook/";
    expect(baseUrl("/kernel/")).toBe("http://localhost:3000/lab%20a/");
  });

  it("is the page body's where there is no config, and else the kernel's", () => {
    document.body.dataset.baseUrl = "/notebook/";
    expect(baseUrl("/kernel/")).toBe("http://localhost:3000/notebook/");
    delete document.body.dataset.baseUrl;
    expect(baseUrl("/kernel")).toBe("http://localhost:3000/kernel/");
  });

  it("may be on another host", () => {
    config('{"baseUrl": "https://hub.example/user/ada"}');
    expect(baseUrl("/")).toBe("https://hub.example/user/ada/");
  });

  it.each(["", "{broken", "[]", "3"])("is the kernel's where the page's config is “%s”", (text) => {
    config(text);
    expect(baseUrl("/kernel/")).toBe("http://localhost:3000/kernel/");
  });

  it("is the kernel's where the page's config is “null”", () => {
    config("null");
    expect(baseUrl("/kernel/")).toBe("http://localhost:3000/kernel/");
  });
});

describe("the page's login", () => {
  it("goes along as cookie and header, and nothing is cached", async () => {
    cookies("a=b; _xsrf=2|x=y=; c=d");
    await askChannel(BASE, "chat");
    expect(web.asked[0]?.init).toMatchObject({ credentials: "same-origin", cache: "no-store" });
    expect(headersOf(0)).toEqual({ "X-XSRFToken": "2|x=y=" });
  });

  it("is the page's token where it has one, and then a POST needs no cookie", async () => {
    cookies("");
    config('{"token": "secret"}');
    await mintTicket(BASE, "chat", "owner");
    expect(web.paths).toEqual(["POST /user/ada/nbsocket/api/channels/chat/tickets"]);
    expect(headersOf(0)).toEqual({
      Authorization: "token secret",
      "Content-Type": "application/json",
    });
  });

  it("fetches the cookie before a POST, and not before a GET", async () => {
    cookies("not_xsrf=1; _xsrf_other=2");
    web.hasOwnVersion = true;
    await askChannel(BASE, "chat");
    await mintTicket(BASE, "chat", "owner");
    expect(web.paths).toEqual([
      "GET /user/ada/nbsocket/api/channels/chat",
      "GET /user/ada/nbsocket/api/version",
      "POST /user/ada/nbsocket/api/channels/chat/tickets",
    ]);
  });

  it("goes along with a plain request, which can be stopped", async () => {
    config('{"token": "secret"}');
    const stop = new AbortController();
    await pageFetch(BASE, "nbsocket/x?y=1", stop.signal);
    await pageFetch(BASE, "nbsocket/x");
    expect(web.asked[0]?.url.href).toBe(`${BASE}nbsocket/x?y=1`);
    expect(headersOf(0)).toEqual({ "X-XSRFToken": "x", Authorization: "token secret" });
    expect(web.asked[0]?.init.signal).toBe(stop.signal);
    expect(web.asked[1]?.init).not.toHaveProperty("signal");
  });
});

describe("a ticket", () => {
  it("is asked for with its role, and is what the server answers", async () => {
    const ticket = { value: "v", id: "i", role: "owner", expires_at: 1 };
    web.answer = () => ours(ticket);
    expect(await mintTicket(BASE, "a/b ü?", "owner")).toEqual(ticket);
    expect(web.paths).toEqual(["POST /user/ada/nbsocket/api/channels/a%2Fb%20%C3%BC%3F/tickets"]);
    expect(web.asked[0]?.init.body).toBe('{"role":"owner"}');
  });

  it("for a frame names the seat that it has already", async () => {
    await mintFrameTicket(BASE, "chat", "");
    await mintFrameTicket(BASE, "chat", "s1");
    expect(web.asked.map(({ init }) => init.body)).toEqual([
      '{"opens":"frame"}',
      '{"opens":"frame","seat":"s1"}',
    ]);
  });

  it("is given back by a request that outlives the page, whatever becomes of it", async () => {
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    endSeat(BASE, "a b", "s1");
    await Promise.resolve();
    expect(web.paths).toEqual(["DELETE /user/ada/nbsocket/api/channels/a%20b/tickets/s1"]);
    expect(web.asked[0]?.init).toMatchObject({ keepalive: true });
    expect(headersOf(0)).toEqual({ "X-XSRFToken": "x" });
  });
});

describe("a refusal", () => {
  it("is told in the server's words, with its status", async () => {
    web.answer = () => ours({ message: "No kernel" }, 404);
    const error = await failure(askChannel(BASE, "chat"));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).not.toBeInstanceOf(ForeignServerError);
    expect(error).toMatchObject({ status: 404, message: "No kernel" });
  });

  it.each(["<h1>Oops</h1>", "null", "{}", '{"message": ""}'])(
    "is told by its status where the answer is %s",
    async (body) => {
      web.answer = () => new Response(body, { status: 502, statusText: "Bad Gateway" });
      expect(await failure(askChannel(BASE, "chat"))).toMatchObject({
        status: 502,
        message: "502 Bad Gateway",
      });
    },
  );

  it.each([200, 302, 404, 499])(
    "with %i and without the mark is another server's",
    async (status) => {
      web.answer = () => new Response("{}", { status });
      const error = await failure(askChannel(BASE, "chat"));
      expect(error).toBeInstanceOf(ForeignServerError);
      expect(error.message).toMatch(/^localhost:3000, which serves this page, is not a Jupyter/);
      expect(error.message).toContain(`answered ${status})`);
    },
  );

  it("by another server ends the attempt to get a cookie, too", async () => {
    cookies("");
    web.answer = () => new Response("<h1>Static</h1>", { status: 404 });
    expect(await failure(mintTicket(BASE, "chat", "owner"))).toBeInstanceOf(ForeignServerError);
    expect(web.asked).toHaveLength(1);
  });

  it("by no server at all is the browser's own error", async () => {
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    const error = await failure(askChannel(BASE, "chat"));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(ApiError);
  });
});

describe("the kernel of a channel", () => {
  it("is restarted by Jupyter's own API, which has no mark of ours", async () => {
    web.answer = ({ method }) =>
      method === "GET" ? ours({ kernel_id: "k/1" }) : new Response('{"id": "k/1"}');
    await restartKernelOf(BASE, "chat");
    expect(web.paths).toEqual([
      "GET /user/ada/nbsocket/api/channels/chat",
      "POST /user/ada/api/kernels/k%2F1/restart",
    ]);
  });

  it("is not restarted where no kernel holds it", async () => {
    web.answer = () => ours({ message: "No kernel" }, 404);
    expect(await failure(restartKernelOf(BASE, "chat"))).toMatchObject({ message: "No kernel" });
    expect(web.asked).toHaveLength(1);
  });
});

describe("a WebSocket's address", () => {
  it("has the page's scheme, and the token only where it is asked for", () => {
    config('{"token": "se cret&"}');
    expect(socketAddress(BASE, "nbsocket/wire")).toBe("ws://localhost:3000/user/ada/nbsocket/wire");
    expect(socketAddress("https://h/", "w")).toBe("wss://h/w");
    expect(socketAddress("https://h/", "w", true)).toBe("wss://h/w?token=se+cret%26");
  });

  it("has no token where the page has none", () => {
    expect(socketAddress(BASE, "w", true)).toBe("ws://localhost:3000/user/ada/w");
  });
});
