// A phone in a class: code, ticket, connection, and what the server tells it.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ClassClient, fragment, type Shown } from "../../src/join/client";
import { type Manners, Server, Web } from "../support/server";

vi.mock("socket.io-client", () => import("../support/client"));

const TICKET = { channel: "chat", value: "tick&et", opens: "class" };
const SHOWN: Shown = { title: "Maths", round: 1, blocks: [], takes: true, left_s: null };

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

let web: Web;

function at(path: string): ClassClient {
  history.replaceState(null, "", path);
  return new ClassClient();
}

/** A phone that is in. */
async function inClass(manners: Manners = {}, name = "Ann") {
  const server = new Server(manners);
  const client = at("/base/nbsocket/chat/join#code=ABC");
  await client.join("ABC");
  client.enter(name);
  await vi.advanceTimersByTimeAsync(10);
  const tell = async (...event: unknown[]) => {
    server.event(...event);
    await vi.advanceTimersByTimeAsync(10);
  };
  return { server, client, tell };
}

/** What it sent since it came in, without the greeting. */
const sentTo = (server: Server) =>
  server.last.packets
    .filter((packet) => packet.startsWith("2"))
    .map((packet) => JSON.parse(packet.slice(1)) as unknown[]);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  window.name = "";
  web = new Web(() => json(TICKET));
  vi.stubGlobal("fetch", web.fetch);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

describe("where a phone asks", () => {
  it.each([
    ["/nbsocket/join", "/nbsocket/join"],
    ["/nbsocket/chat/join", "/nbsocket/join"],
    ["/user/ada/nbsocket/chat/join", "/user/ada/nbsocket/join"],
    ["/a%40b/nbsocket/join", "/a%40b/nbsocket/join"],
    ["/nbsocket/lab/nbsocket/chat/join", "/nbsocket/lab/nbsocket/join"],
  ])("from the page %s it is %s", async (page, asked) => {
    await at(page).join("ABC");
    expect(web.paths).toEqual([`POST ${asked}`]);
    expect(web.asked[0]?.init.body).toBe("ABC");
  });

  it("is below a base URL that ends in “nbsocket”, too", async () => {
    await at("/user/nbsocket/nbsocket/chat/join").join("ABC");
    expect(web.paths).toEqual(["POST /user/nbsocket/nbsocket/join"]);
  });

  it("reads the code from the fragment, whatever characters it has", () => {
    at("/nbsocket/join#code=A%26B%20%2B&x=1");
    expect(fragment().get("code")).toBe("A&B +");
    at("/nbsocket/join");
    expect(fragment().get("code")).toBeNull();
  });
});

describe("a code", () => {
  it("that is good asks for a name", async () => {
    const client = at("/nbsocket/join");
    const joining = client.join("ABC");
    expect([client.stage.value, client.said.value]).toEqual(["joining", "Joining …"]);
    await joining;
    expect([client.stage.value, client.said.value]).toEqual(["name", ""]);
  });

  it("that is wrong can be typed again, with the server's words", async () => {
    web.answer = () => json({ message: "No class has this code." }, 403);
    const client = at("/nbsocket/join");
    await client.join("XYZ");
    expect([client.stage.value, client.said.value]).toEqual(["code", "No class has this code."]);
  });

  it("that is refused without words is told with the status", async () => {
    web.answer = () => json({}, 429);
    const client = at("/nbsocket/join");
    await client.join("XYZ");
    expect(client.said.value).toBe("The server answered with status 429.");
  });

  it.each([
    ["nothing answers", () => Promise.reject(new TypeError("Failed to fetch"))],
    ["a proxy answers with a page", () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
  ])("can be tried again where %s", async (_, answer) => {
    web.answer = answer;
    const client = at("/nbsocket/join");
    await client.join("ABC");
    expect(client.stage.value).toBe("code");
    expect(client.said.value).toContain("cannot be reached");
    web.answer = () => json(TICKET);
    await client.join("ABC");
    expect(client.stage.value).toBe("name");
  });

  it("is tried again by itself while very many are joining", async () => {
    web.answer = () => json({ code: 7, message: "busy" }, 503);
    const client = at("/nbsocket/join");
    await client.join("ABC");
    expect(client.stage.value).toBe("joining");
    expect(client.said.value).toContain("Many people are joining");
    await vi.advanceTimersByTimeAsync(2999);
    expect(web.asked).toHaveLength(1);
    web.answer = () => json(TICKET);
    await vi.advanceTimersByTimeAsync(1);
    expect(web.asked.map((one) => one.init.body)).toEqual(["ABC", "ABC"]);
    expect(client.stage.value).toBe("name");
  });
});

describe("a ticket that opens a page", () => {
  it("leads there, with the ticket in the fragment", async () => {
    const replace = vi.spyOn(location, "replace").mockReturnValue();
    web.answer = ({ method }) =>
      method === "POST" ? json({ ...TICKET, value: "t-1", opens: "page" }) : new Response("page");
    await at("/base/nbsocket/join").join("ABC");
    expect(web.paths).toEqual(["POST /base/nbsocket/join", "GET /base/nbsocket/chat/"]);
    expect(replace.mock.calls).toEqual([["/base/nbsocket/chat/#join_token=t-1"]]);
  });

  it("waits for the page, and gives up where the server is gone", async () => {
    const replace = vi.spyOn(location, "replace").mockReturnValue();
    web.answer = ({ method }) =>
      method === "POST" ? json({ ...TICKET, opens: "page" }) : new Response("", { status: 404 });
    const client = at("/nbsocket/join");
    await client.join("ABC");
    expect(client.stage.value).toBe("page");
    expect(client.said.value).toBe("You're in. There is no page yet; this one keeps checking.");
    await vi.advanceTimersByTimeAsync(6000);
    expect(web.paths.filter((path) => path.startsWith("GET"))).toHaveLength(3);
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await vi.advanceTimersByTimeAsync(3000);
    expect(client.stage.value).toBe("code");
    expect(client.said.value).toContain("cannot be reached");
    expect(replace).not.toHaveBeenCalled();
  });
});

describe("going in", () => {
  it("is nothing without a ticket", async () => {
    const server = new Server();
    const client = at("/nbsocket/join");
    client.enter("Ann");
    await vi.advanceTimersByTimeAsync(10);
    expect(server.seen).toEqual([]);
    expect(client.stage.value).toBe("code");
  });

  it("connects to the ticket's channel, and says who it is", async () => {
    const { server, client } = await inClass();
    expect(server.last.address.pathname).toBe("/base/nbsocket/chat/socket.io/");
    expect(server.last.address.searchParams.get("join_token")).toBe("tick&et");
    expect(server.last.packets).toEqual(['0{"class":true,"name":"Ann","key":""}']);
    expect([client.stage.value, client.said.value]).toEqual(["class", ""]);
  });

  it("happens once, however often it is asked for", async () => {
    const { server, client } = await inClass();
    client.enter("Bob");
    await vi.advanceTimersByTimeAsync(10);
    expect(server.seen).toHaveLength(1);
    expect(client.stage.value).toBe("class");
  });

  it("is over where the server refuses, with its words", async () => {
    const { server, client } = await inClass({
      enter: () => '4{"message":"Nobody new gets in."}',
    });
    expect([client.stage.value, client.said.value]).toEqual(["over", "Nobody new gets in."]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.seen).toHaveLength(1);
  });

  it("is without the form for who was here before", async () => {
    const server = new Server();
    const client = at("/nbsocket/join");
    window.name = "nbsocket:key-of-ann";
    await client.join("ABC");
    await vi.advanceTimersByTimeAsync(10);
    expect(client.stage.value).toBe("class");
    expect(server.last.packets).toEqual(['0{"class":true,"name":"","key":"key-of-ann"}']);
  });
});

describe("who a phone is", () => {
  it("is kept in the window's name and the history's state, and never in the address", async () => {
    const { client, tell } = await inClass();
    await tell("class:you", { key: "k3y_of-ann", name: "Ann", muted: false, mine: {}, round: 1 });
    expect(window.name).toBe("nbsocket:k3y_of-ann");
    expect(history.state).toEqual({ nbsocket: "k3y_of-ann" });
    expect(location.href).toMatch(/\/base\/nbsocket\/chat\/join#code=ABC$/);
    expect(client.you.value).toEqual({ name: "Ann", muted: false, mine: {}, round: 1 });
  });

  it("is found in the history's state where the window lost its name", async () => {
    new Server();
    const client = at("/nbsocket/join");
    history.replaceState({ nbsocket: "key-of-ann" }, "");
    await client.join("ABC");
    expect(client.stage.value).toBe("joining");
  });

  it.each([
    ["another page's name", "my window", null],
    ["a key that is too short", "nbsocket:abc", null],
    ["a key with foreign characters", "nbsocket:<script>x</script>", null],
    ["a key that is too long", `nbsocket:${"x".repeat(65)}`, null],
    ["another page's state", "", { nbsocket: { key: "12345678" } }],
  ])("is not %s", async (_, name, state) => {
    const client = at("/nbsocket/join");
    window.name = name;
    history.replaceState(state, "");
    await client.join("ABC");
    expect(client.stage.value).toBe("name");
  });

  it.each([
    ["Ann", "Ann", false],
    ["  Ann ", "Ann", false],
    ["Ann", "Ann 2", true],
    ["", "Guest 7", false],
    ["   ", "Guest 7", false],
  ])("typed as “%s” and called “%s” is renamed: %s", async (typed, given, isRenamed) => {
    const { client, tell } = await inClass({}, typed);
    expect(client.isRenamed).toBe(false);
    await tell("class:you", { name: given, muted: false, mine: {}, round: 1 });
    expect(client.isRenamed).toBe(isRenamed);
  });
});

describe("what a class shows", () => {
  it("is what it told last; answers end on this page's clock", async () => {
    const { client, tell } = await inClass();
    await tell("class:show", SHOWN);
    expect(client.shown.value).toEqual(SHOWN);
    expect(client.until.value).toBeUndefined();
    const before = performance.now();
    await tell("class:show", { ...SHOWN, round: 2, left_s: 30 });
    expect(client.until.value).toBeGreaterThanOrEqual(before + 30_000);
    expect(client.until.value).toBeLessThanOrEqual(before + 30_010);
    await tell("class:show", { ...SHOWN, left_s: 0 });
    expect(client.until.value).toBeLessThanOrEqual(performance.now());
  });

  it("knows own answers of the same round alone", async () => {
    const { client, tell } = await inClass();
    expect(client.mine("vote")).toBeUndefined();
    await tell("class:show", SHOWN);
    await tell("class:you", { name: "Ann", muted: false, mine: { vote: "a" }, round: 1 });
    expect(client.mine("vote")).toBe("a");
    expect(client.mine("other")).toBeUndefined();
    await tell("class:show", { ...SHOWN, round: 2 });
    expect(client.mine("vote")).toBeUndefined();
  });

  it("has no own answer to an event that is called as a member of every object", async () => {
    const { client, tell } = await inClass();
    await tell("class:show", SHOWN);
    await tell("class:you", { name: "Ann", muted: false, mine: {}, round: 1 });
    expect(client.mine("constructor")).toBeUndefined();
  });

  it("has boards that come, grow, and go", async () => {
    const { client, tell } = await inClass();
    const board = { kind: "wall", title: "Draw", data: [1], round: 1 };
    await tell("class:board", { id: "b1", ...board });
    await tell("class:board", { id: "b2", ...board, title: "Other" });
    await tell("class:more", { id: "b1", data: [2, 3], round: 2 });
    await tell("class:more", { id: "unknown", data: [9], round: 2 });
    expect([...client.boards.value]).toEqual([
      ["b1", { ...board, data: [1, 2, 3], round: 2 }],
      ["b2", { ...board, title: "Other" }],
    ]);
    await tell("class:unboard", "b1");
    await tell("class:unboard", "unknown");
    expect([...client.boards.value.keys()]).toEqual(["b2"]);
  });

  it("is a new map with each change, or nothing would be drawn", async () => {
    const { client, tell } = await inClass();
    const before = client.boards.value;
    await tell("class:board", { id: "b", kind: "bars", title: "", data: [], round: 1 });
    expect(before.size).toBe(0);
    expect(client.boards.value).not.toBe(before);
  });
});

describe("an answer", () => {
  it("is sent as it is", async () => {
    const { server, client } = await inClass();
    client.send("vote", ["a", "b"]);
    client.send("say", "<b>ü</b>");
    await vi.advanceTimersByTimeAsync(10);
    expect(sentTo(server)).toEqual([
      ["vote", ["a", "b"]],
      ["say", "<b>ü</b>"],
    ]);
    expect(client.refusal.value).toBe("");
  });

  it("is refused with the server's words, until the next one or the next question", async () => {
    const { client, tell } = await inClass();
    await tell("class:refused", { why: "Too late." });
    expect(client.refusal.value).toBe("Too late.");
    client.send("vote", "a");
    expect(client.refusal.value).toBe("");
    await tell("class:refused", { why: "Too late." });
    await tell("class:show", SHOWN);
    expect(client.refusal.value).toBe("");
  });

  it("is never sent later than it was given", async () => {
    const { server, client } = await inClass();
    server.last.drop();
    await vi.advanceTimersByTimeAsync(10);
    client.send("vote", "a");
    expect(client.refusal.value).toBe("Not connected: this was not sent.");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.stage.value).toBe("class");
    expect(server.seen).toHaveLength(2);
    expect(sentTo(server)).toEqual([]);
  });

  it("to the clock is its own number", async () => {
    const { server, tell } = await inClass();
    await tell("class:clock", 41);
    expect(sentTo(server)).toEqual([["class:clock", 41]]);
  });
});

describe("a connection that is lost", () => {
  it("comes back by itself as the same person, and forgets the boards", async () => {
    const { server, client, tell } = await inClass();
    await tell("class:you", { key: "key-of-ann", name: "Ann", muted: false, mine: {}, round: 1 });
    await tell("class:board", { id: "b", kind: "bars", title: "", data: [], round: 1 });
    server.last.drop();
    await vi.advanceTimersByTimeAsync(10);
    expect(client.stage.value).toBe("again");
    expect(client.said.value).toBe("Connection lost; trying again …");
    expect(client.boards.value.size).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([client.stage.value, client.said.value]).toEqual(["class", ""]);
    expect(server.last.packets).toEqual(['0{"class":true,"name":"Ann","key":"key-of-ann"}']);
    expect(client.boards.value.size).toBe(0);
  });

  it("is over once the code says that the class is", async () => {
    const { server, client } = await inClass();
    web.answer = () => json({ message: "No class has this code." }, 403);
    server.refuses = true;
    server.last.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([client.stage.value, client.said.value]).toEqual(["over", "The class is over."]);
    const tries = server.tries;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.tries).toBe(tries);
  });

  it("is tried again as long as the code is good, or nobody can say", async () => {
    const { server, client } = await inClass();
    server.refuses = true;
    server.last.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.stage.value).toBe("again");
    expect(client.said.value).toBe("The class cannot be reached; trying again …");
    web.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.stage.value).toBe("again");
    server.refuses = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.stage.value).toBe("class");
  });

  it("asks for no code that it does not have", async () => {
    const { server } = await inClass();
    history.replaceState(null, "", "/base/nbsocket/chat/join");
    const asked = web.asked.length;
    server.refuses = true;
    server.last.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(web.asked.length).toBe(asked);
  });
});

describe("the end", () => {
  it.each([
    ["the class says so", '2["class:over",{"why":"The class is over."}]', "The class is over."],
    ["the server disconnects it", "1", "You were disconnected by the teacher."],
  ])("is when %s, and it does not come back", async (_, packet, words) => {
    const { server, client } = await inClass();
    server.say(packet);
    await vi.advanceTimersByTimeAsync(10);
    expect([client.stage.value, client.said.value]).toEqual(["over", words]);
    client.send("vote", "a");
    expect(client.refusal.value).toBe("Not connected: this was not sent.");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.tries).toBe(1);
    expect(client.said.value).toBe(words);
  });
});
