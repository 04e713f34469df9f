// The join page: code, name, class, and the end.

import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BlockItem } from "../../src/join/client";
import { all, click, one, said, submit, texts, type } from "../support/page";
import { Server, Web } from "../support/server";
// Loaded here, so that the page, which is loaded anew for each test, has the client that the server knows.
import "socket.io-client";

vi.mock("socket.io-client", () => import("../support/client"));

const TICKET = { channel: "chat", value: "t", opens: "class" };
const VOTE: BlockItem = { kind: "choices", event: "vote", label: "Vote", options: ["a"] };

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

let web: Web;
let server: Server;
let app: HTMLElement;

const wait = (ms = 20) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => undefined));
const stage = () => one(app, "main").dataset.stage;
const status = () => said(one(app, '[role="status"]'));
const input = () => one<HTMLInputElement>(app, "input");

async function load(path: string): Promise<void> {
  history.replaceState(null, "", path);
  vi.resetModules();
  await act(async () => {
    await import("../../src/join/join");
  });
  await wait();
}

/** In the class, under a name. */
async function enter(name = "Ann"): Promise<void> {
  await load("/nbsocket/join#code=ABC");
  type(input(), name);
  submit(one(app, "form"));
  await wait();
}

async function tell(...event: unknown[]): Promise<void> {
  server.event(...event);
  await wait();
}

const show = (change: object = {}) =>
  tell("class:show", {
    title: "Maths",
    round: 1,
    blocks: [],
    takes: true,
    left_s: null,
    ...change,
  });
const you = (change: object = {}) =>
  tell("class:you", { name: "Ann", muted: false, mine: {}, round: 1, ...change });
const board = (id: string, change: object = {}) =>
  tell("class:board", { id, kind: "bars", title: id, data: [["a", 1]], round: 1, ...change });

beforeEach(() => {
  vi.useFakeTimers();
  window.name = "";
  app = document.createElement("div");
  app.id = "app";
  document.body.append(app);
  web = new Web(() => json(TICKET));
  vi.stubGlobal("fetch", web.fetch);
  server = new Server();
});

afterEach(async () => {
  if (server.seen.length) await tell("class:over", { why: "" });
  app.remove();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

describe("the code", () => {
  it("is asked for, sent as it is typed, and put into the address for a reload", async () => {
    await load("/nbsocket/join");
    expect([stage(), said(one(app, "h1"))]).toEqual(["code", "Join"]);
    expect(document.activeElement).toBe(input());
    type(input(), "a&b c");
    submit(one(app, "form"));
    expect(stage()).toBe("joining");
    expect(one<HTMLButtonElement>(app, "button").disabled).toBe(true);
    await wait();
    expect(web.asked.map(({ init }) => init.body)).toEqual(["a&b c"]);
    expect(location.hash).toBe("#code=a%26b%20c");
    expect(stage()).toBe("name");
  });

  it("of the address is used at once", async () => {
    await load("/nbsocket/join#code=A%26B");
    expect(web.asked.map(({ init }) => init.body)).toEqual(["A&B"]);
    expect(stage()).toBe("name");
  });

  it("that is wrong stands there to be corrected, with what is wrong", async () => {
    web.answer = () => json({ message: "No class has this code." }, 403);
    await load("/nbsocket/join#code=XYZ");
    expect([stage(), status()]).toEqual(["code", "No class has this code."]);
    expect(input().value).toBe("XYZ");
    expect(one<HTMLButtonElement>(app, "button").disabled).toBe(false);
  });
});

describe("the name", () => {
  it("is asked for, and sent", async () => {
    await load("/nbsocket/join#code=ABC");
    expect(said(one(app, "h1"))).toBe("Who are you?");
    expect(document.activeElement).toBe(input());
    type(input(), "Ann <b>");
    submit(one(app, "form"));
    await wait();
    expect(stage()).toBe("class");
    expect(server.last.packets).toEqual(['0{"class":true,"name":"Ann <b>","key":""}']);
  });

  it("has thirty characters at most, as people count them", async () => {
    await load("/nbsocket/join#code=ABC");
    type(input(), `  ${"😀".repeat(30)}  `);
    expect(said(one(app, "#name-problem"))).toBe("");
    type(input(), "x".repeat(32));
    expect(said(one(app, "#name-problem"))).toBe(
      "A name has at most 30 characters; this one is 2 too long.",
    );
    expect(input().getAttribute("aria-invalid")).toBe("true");
    expect(one<HTMLButtonElement>(app, "button").disabled).toBe(true);
    submit(one(app, "form"));
    await wait();
    expect(server.seen).toEqual([]);
  });

  it("may be none", async () => {
    await enter("");
    expect(stage()).toBe("class");
  });

  it("that the class changed is told", async () => {
    await enter("Ann");
    await you({ name: "Ann 2\u202e" });
    expect(said(one(app, ".who"))).toBe("Ann 2\\u202e");
    expect(said(one(app, "p.hint"))).toContain("The teacher sees you as Ann 2\\u202e:");
    await you({ name: "Ann" });
    expect(said(app)).not.toContain("The teacher sees you as");
  });
});

describe("the class", () => {
  it("shows its title and its blocks, all as text", async () => {
    await enter();
    await show({
      title: "<i>Maths",
      blocks: [VOTE, { kind: "say", event: "", label: "Read <b>" }],
    });
    expect(said(one(app, "h1"))).toBe("<i>Maths");
    expect(texts(app, "h2")).toEqual(["Vote", "Read <b>"]);
    expect(app.querySelector("i, b")).toBeNull();
  });

  it("asks to wait while it shows nothing", async () => {
    await enter();
    await show();
    expect(said(app)).toContain("You're in. Wait for the teacher.");
  });

  it("sends an answer, and says why it was not taken", async () => {
    await enter();
    await show({ blocks: [VOTE] });
    click(one(app, "button.choice"));
    await wait();
    expect(server.last.packets.at(-1)).toBe('2["vote","a"]');
    await tell("class:refused", { why: "Too late.\u0007" });
    expect(said(one(app, '[role="alert"]'))).toBe("Too late.\\u0007");
  });

  it("begins anew with a new round", async () => {
    await enter();
    await show({ blocks: [VOTE] });
    click(one(app, "button.choice"));
    const isPressed = () => one(app, "button.choice").getAttribute("aria-pressed");
    expect(isPressed()).toBe("true");
    await show({ blocks: [VOTE], takes: false });
    expect(isPressed()).toBe("true");
    await show({ blocks: [VOTE], round: 2 });
    expect(isPressed()).toBe("false");
  });

  it("takes no answer when it takes none, and says so", async () => {
    await enter();
    await show({ blocks: [VOTE], takes: false });
    expect(one<HTMLButtonElement>(app, "button.choice").disabled).toBe(true);
    expect(said(app)).toContain("No more answers are being taken.");
    await show({ blocks: [{ kind: "say", event: "", label: "x" }], takes: false });
    expect(said(app)).not.toContain("No more answers");
  });

  it("takes no answer of who is muted, and says so", async () => {
    await enter();
    await show({ blocks: [VOTE] });
    await you({ muted: true });
    expect(one<HTMLButtonElement>(app, "button.choice").disabled).toBe(true);
    expect(said(app)).toContain("The teacher has muted you.");
  });

  it("takes answers as long as there is time, which it tells", async () => {
    await enter();
    await show({ blocks: [VOTE], left_s: 7 });
    const timer = () => one(app, '[role="timer"]');
    const isOff = () => one<HTMLButtonElement>(app, "button.choice").disabled;
    expect([said(timer()), timer().dataset.low, isOff()]).toEqual(["7 s", "false", false]);
    await wait(2600);
    expect([said(timer()), timer().dataset.low]).toEqual(["5 s", "true"]);
    await wait(5000);
    expect([said(timer()), isOff()]).toEqual(["0 s", true]);
    await show({ blocks: [VOTE], left_s: null });
    expect([app.querySelector('[role="timer"]'), isOff()]).toEqual([null, false]);
  });

  it("takes no answer while the connection is gone", async () => {
    await enter();
    await show({ blocks: [VOTE] });
    server.refuses = true;
    server.last.drop();
    await wait();
    expect(stage()).toBe("again");
    expect(status()).toBe("Connection lost; trying again …");
    expect(one<HTMLButtonElement>(app, "button.choice").disabled).toBe(true);
  });
});

describe("boards", () => {
  it("of this round are shown, those before are behind a triangle", async () => {
    await enter();
    await show({ round: 2 });
    await board("old");
    await board("new", { round: 2 });
    expect(texts(app, "main > figure figcaption")).toEqual(["new"]);
    expect(said(one(app, "details summary"))).toBe("Earlier results (1)");
    expect(texts(app, "details figcaption")).toEqual(["old"]);
  });

  it("that are walls are seen where this phone draws on one", async () => {
    HTMLElement.prototype.setPointerCapture ??= () => undefined;
    await enter();
    await board("wall", { kind: "wall", data: [] });
    await show();
    expect(all(app, "figure")).toHaveLength(1);
    await show({ blocks: [{ kind: "wall", event: "draw", label: "Draw" }] });
    expect(all(app, "figure")).toHaveLength(0);
    expect(all(app, "canvas.draw")).toHaveLength(1);
  });
});

describe("the end", () => {
  it("says why", async () => {
    await enter();
    await tell("class:over", { why: "The class is over." });
    expect([stage(), status(), said(one(app, "h1"))]).toEqual([
      "over",
      "The class is over.",
      "Goodbye",
    ]);
    expect(one(app, '[role="status"]').className).toBe("loud");
  });
});
