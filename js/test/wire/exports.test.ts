// @vitest-environment node
// What a wire view has seen, in the forms of other tools; wire.test.ts has more.

import { describe, expect, it } from "vitest";
import { asHar, asJson, asMermaid, asSvg, titleOf } from "../../src/wire/exports";
import { HEAD, scene } from "../../src/wire/scene";
import { Store } from "../../src/wire/store";
import { base64, client, filled, frame, http, kernelItem, packet, tell } from "../support/wire";

const VIEW = { width: 600, height: 300, from: 990, to: 1100 };
const entries = (store: Store, page = "http://h:8888/lab") =>
  JSON.parse(asHar(store, page)).log.entries;
const rows = (store: Store) => JSON.parse(asJson(store)).rows;

describe("the title of a packet", () => {
  it.each([
    ['42["say",{"a":1}]', 'say {"a":1}'],
    ['4213["say"]', "say #13"],
    ["430[1]", "ACK #0 [1]"],
    ["2", "ping"],
    ['0{"sid":"secret"}', 'open {"sid":"…"}'],
    ["", "not a packet"],
  ])("of %s is %s", (text, title) => {
    expect(titleOf(packet({ direction: "out", text }))).toBe(title);
  });

  it("says nothing of what a client says at the door", () => {
    expect(titleOf(packet({ text: '40/a,{"pin":"1234"}' }))).toBe("CONNECT …");
  });
});

describe("JSON", () => {
  it("has each row with the time of each place", () => {
    const store = filled({ text: '42["say",1]', at: 1000, kernelAt: 1010 });
    store.batch([{ type: "went", at: 1020, session: 1, reason: "gone" }], 1);
    const [say, went] = rows(store);
    expect(say).toMatchObject({
      at: "1970-01-01T00:00:01.000Z",
      client: "client 1",
      direction: "client to server",
      transport: "websocket",
      server_at: 1000,
      kernel_at: 1010,
      event: "say",
      args: "1",
      raw: base64(frame('42["say",1]')),
    });
    expect(say).not.toHaveProperty("client_at");
    expect(went).toEqual({
      at: "1970-01-01T00:00:01.020Z",
      client: "client 1",
      note: "client 1 left: gone",
    });
  });

  it("has requests, runs, clients and counts", () => {
    const store = filled();
    store.batch([http({ status: 404 }), kernelItem({ cells: [[1, 5, 6]], left_out: 2 })], 3);
    expect(JSON.parse(asJson(store))).toMatchObject({
      made_by: "nbsocket",
      left_out: 3,
      kernel_left_out: 2,
      crossings: 0,
      clients: [{ session: 1, name: "client 1", role: "guest" }],
      rows: [{ http: { method: "GET", status: 404 } }],
      kernel: [{ what: "cell", begin: 5, end: 6 }],
    });
  });

  it("has neither the text nor the bytes of what is secret", () => {
    const store = filled(
      { text: '40{"pin":"hunter2"}' },
      { direction: "out", text: '42["you",{"key":"hunter2"}]' },
      { direction: "out", text: '0{"sid":"hunter2"}' },
    );
    expect(rows(store).map((row: { raw: string | null }) => row.raw)).toEqual([null, null, null]);
    expect(asJson(store)).not.toMatch(/hunter2/);
  });
});

describe("HAR", () => {
  it("has an entry for each request, which begins when it began", () => {
    const store = filled();
    store.batch([http({ at: 1000, took_ms: 40, url: "/a?b=1&b=ü", headers: { Host: "h" } })], 0);
    expect(entries(store)).toHaveLength(1);
    expect(entries(store)[0]).toMatchObject({
      startedDateTime: "1970-01-01T00:00:00.960Z",
      time: 40,
      request: {
        url: "http://h:8888/a?b=1&b=%C3%BC",
        headers: [{ name: "Host", value: "h" }],
        queryString: [
          { name: "b", value: "1" },
          { name: "b", value: "ü" },
        ],
      },
      response: { status: 200 },
      timings: { send: 0, wait: 40, receive: 0 },
    });
    expect(entries(store)[0]).not.toHaveProperty("_webSocketMessages");
  });

  it("has a WebSocket's messages with its request, also if it was open before", () => {
    const store = filled({ at: 2000 }, { at: 3000, session: 2 });
    store.batch([http({ status: 101, session: 1 })], 2);
    const found = entries(store, "https://h/lab");
    expect(
      found.map((one: { request: { url: string }; _webSocketMessages: unknown[] }) => [
        one.request.url,
        one._webSocketMessages.length,
      ]),
    ).toEqual([
      ["wss://h/nbsocket/chat/socket.io/?EIO=4", 1],
      ["wss://h/nbsocket/?session=2", 1],
    ]);
    expect(found[1].startedDateTime).toBe("1970-01-01T00:00:03.000Z");
  });

  it("has text as text and bytes as Base64; polling and heartbeats of the frame are no messages", () => {
    const store = filled(
      { text: '42["é"]' },
      { direction: "out", raw: frame(Uint8Array.of(1, 2), 2) },
      { raw: frame("", 9), index: 0 },
      { transport: "polling" },
      { text: '40{"pin":"hunter2"}' },
    );
    const [entry] = entries(store);
    expect(
      entry._webSocketMessages.map((one: { type: string; opcode: number; data: string }) => [
        one.type,
        one.opcode,
        one.data,
      ]),
    ).toEqual([
      ["send", 1, '42["é"]'],
      ["receive", 2, "AQI="],
      ["send", 1, "40…"],
    ]);
  });

  it("of nothing is empty", () => {
    expect(entries(new Store())).toEqual([]);
  });
});

describe("Mermaid", () => {
  it("has each packet on its way between client, server and kernel", () => {
    const store = filled(
      { text: '42["say"]', kernelAt: 1010 },
      { direction: "out", text: '42["said"]', kernelAt: 1005, at: 1020 },
      { text: '42["pending"]', session: 2 },
      { direction: "out", text: '43["x"]', session: 2 },
      { text: "2", index: 0 },
    );
    expect(asMermaid(store).split("\n")).toEqual([
      "sequenceDiagram",
      "  participant c1 as client 1",
      "  participant c2 as client 2",
      "  participant server",
      "  participant kernel",
      "  c1->>server: say",
      "  server->>kernel: say",
      "  kernel->>server: said",
      "  server->>c1: said",
      "  c2->>server: pending",
      "  server->>c2: ACK [#34;x#34;]",
      "",
    ]);
  });

  it("has no text that Mermaid would read as its own", () => {
    const store = new Store((pane) => pane);
    store.begin(0, [client(1, { pane: "a;end\n<b>#\u202e" })]);
    tell(store, { text: '42["a: b;\\n%%"]' });
    const text = asMermaid(store);
    expect(text).toContain("participant c1 as a#59;end #60;b#62;#35;#92;u202e\n");
    expect(text).toContain("c1->>server: a#58; b#59; #37;#37;\n");
  });

  it("is cut: the latest two hundred packets, sixty characters of each", () => {
    const store = filled(
      ...Array.from({ length: 250 }, (_, index) => ({ text: `42["e${index}"]` })),
    );
    tell(store, { text: `42["${"x".repeat(80)}"]` });
    const lines = asMermaid(store)
      .split("\n")
      .filter((line) => line.includes("->>"));
    expect(lines).toHaveLength(200);
    expect(lines[0]).toBe("  c1->>server: e51");
    expect(lines.at(-1)).toBe(`  c1->>server: ${"x".repeat(60)}…`);
  });
});

describe("SVG", () => {
  it("has everything that the ladder has, dashed where a time is only supposed", () => {
    const store = filled(
      { at: 1000, kernelAt: 1050 },
      { direction: "out", at: 1040, kernelAt: 1020 },
    );
    store.batch([kernelItem({ ran: [[1, "<say>", 1050, 1050]], cells: [[1, 0, 0]] })], 2);
    const svg = asSvg(scene(store, VIEW), 600, 300);
    expect(svg.match(/<line class="in"/g)).toHaveLength(2);
    expect(svg.match(/<line class="out"/g)).toHaveLength(2);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
    expect(svg.match(/class="crossing"/g)).toHaveLength(1);
    expect(svg).toContain("<title>handler of &#60;say&#62;</title>");
    expect(svg).toMatch(/class="handler" [^>]*height="1.5"/);
    expect(svg).toMatch(new RegExp(`class="cell" [^>]*y="${HEAD}.0"[^>]*height="${300 - HEAD}.0"`));
    expect(svg).toMatch(
      /<title>2 packets from \d\d:\d\d:\d\d\.990 to \d\d:\d\d:\d\d\.100<\/title>/,
    );
  });

  it("has names as text, whatever they are", () => {
    const store = new Store((pane) => pane);
    store.begin(0, [client(1, { pane: `"><script>'&\u0001` })]);
    const svg = asSvg(scene(store, VIEW), 600, 300);
    expect(svg).toContain(">&#34;&#62;&#60;script&#62;&#39;&#38;\\u0001</text>");
  });
});
