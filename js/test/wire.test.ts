// What a wire view makes of bytes and of times, without a page.

import { describe, expect, it } from "vitest";
import { watch } from "../src/shared/times";
import { decode } from "../src/wire/decode";
import { asHar, asJson, asMermaid, asSvg } from "../src/wire/exports";
import { nearest, scene } from "../src/wire/scene";
import { snapshot } from "../src/wire/snapshot";
import { type Item, Store } from "../src/wire/store";
import { dissect } from "../src/wire/xray";

const encoder = new TextEncoder();

function frame(
  content: Uint8Array,
  opcode = 1,
  mask?: [number, number, number, number],
  fin = true,
): Uint8Array {
  const masked = mask ? 0x80 : 0;
  const length = content.length;
  const head = [(fin ? 0x80 : 0) | opcode];
  if (length < 126) head.push(masked | length);
  else if (length < 65536) head.push(masked | 126, length >> 8, length & 255);
  else {
    head.push(masked | 127, 0, 0, 0, 0);
    for (const shift of [24, 16, 8, 0]) head.push((length >>> shift) & 255);
  }
  const body = Array.from(content, (byte, index) => byte ^ (mask?.[index % 4] ?? 0));
  return Uint8Array.from([...head, ...(mask ?? []), ...body]);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Each byte belongs to exactly one field, and each field says what it is and where that is written. */
function expectWhole(raw: Uint8Array, transport: string): void {
  const owners = new Array<number>(raw.length).fill(0);
  for (const field of dissect(raw, transport)) {
    expect(field.label).not.toBe("");
    expect(field.text.length).toBeGreaterThan(10);
    expect(field.source).not.toBe("");
    for (let index = field.start; index < field.end; index += 1) {
      owners[index] = (owners[index] ?? 0) + 1;
    }
  }
  expect(owners.every((count) => count === 1)).toBe(true);
}

// The sample packets of both protocols' specifications.
const SAMPLES = [
  '0{"sid":"lv_VI97HAXpY6yYWAAAC","pingInterval":25000,"pingTimeout":5000}',
  "1",
  "2",
  "3",
  "2probe",
  "3probe",
  "4hello",
  "5",
  "6",
  "40",
  '40{"sid":"oSO0OpakMV_3jnilAAAA"}',
  '40/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}',
  '44{"message":"Not authorized"}',
  '42["foo"]',
  '42/admin,["bar"]',
  '4212["foo"]',
  '42/admin,13["bar"]',
  '4312["ok"]',
  "43/admin,13[]",
  '451-["baz",{"_placeholder":true,"num":0}]',
  '452-/admin,12["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
  '461-15["bar",{"_placeholder":true,"num":0}]',
  "41",
  "41/admin,",
  '42["ä😀",{"a":[1,2,"]"]}]',
  "7what",
  "4",
  "48",
  "",
];

describe("the X-ray", () => {
  it("explains every byte of the sample packets, over both transports, masked or not", () => {
    for (const sample of SAMPLES) {
      const content = encoder.encode(sample);
      expectWhole(content, "polling");
      expectWhole(frame(content), "websocket");
      expectWhole(frame(content, 1, [1, 2, 3, 4]), "websocket");
    }
  });

  it("explains every byte of random messages, whole, in fragments, and cut", () => {
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let round = 0; round < 2000; round += 1) {
      const sample = SAMPLES[random(SAMPLES.length)] ?? "";
      const content =
        random(3) === 0
          ? Uint8Array.from({ length: random(400) }, () => random(256))
          : encoder.encode(sample);
      const mask: [number, number, number, number] = [
        random(256),
        random(256),
        random(256),
        random(256),
      ];
      const cut = random(content.length + 1);
      const raw =
        random(2) === 0
          ? frame(content, [1, 2, 8, 9, 10][random(5)], random(2) ? mask : undefined)
          : joined(
              frame(content.subarray(0, cut), 1, mask, false),
              frame(content.subarray(cut), 0, mask),
            );
      expectWhole(raw, "websocket");
      expectWhole(raw.subarray(0, random(raw.length + 1)), "websocket");
      expectWhole(raw, "polling");
    }
  });

  it("names the parts of an event", () => {
    const raw = frame(encoder.encode('42/admin,13["bar"]'), 1, [9, 9, 9, 9]);
    expect(dissect(raw, "websocket").map((field) => field.kind)).toEqual([
      "frame",
      "length",
      "mask",
      "engine",
      "socket",
      "namespace",
      "ack",
      "json",
    ]);
  });

  it("says what was cut", () => {
    const fields = dissect(frame(encoder.encode("4hello")), "websocket", 5000);
    expect(fields.at(-1)?.text).toContain("4,992 more bytes");
  });
});

describe("decoding", () => {
  it("reads an event with namespace and number", () => {
    expect(decode(encoder.encode('42/admin,13["b\\"ar",1,[2]]'), "polling")).toMatchObject({
      engine: "message",
      socket: "EVENT",
      namespace: "/admin",
      ackId: 13,
      event: 'b"ar',
      args: "1,[2]",
    });
  });

  it("reads attachments over both transports, and the WebSocket's own frames", () => {
    expect(decode(frame(Uint8Array.of(1, 2, 3), 2), "websocket").args).toBe("3 bytes");
    expect(decode(encoder.encode("bAQID"), "polling").args).toBe("3 bytes");
    expect(decode(frame(Uint8Array.of(3, 0xe8), 8), "websocket")).toMatchObject({
      engine: "WebSocket close",
      args: "1000",
    });
  });

  it("keeps the name of an event that was cut", () => {
    expect(decode(encoder.encode('42["long","xxxx'), "polling").event).toBe("long");
  });
});

function base64(text: string): string {
  return btoa(String.fromCharCode(...frame(encoder.encode(text))));
}

let number = 0;
function packet(
  direction: "in" | "out",
  at: number,
  kernelAt: number,
  text = '42["x"]',
): { item: Item; arrival: [number, number] } {
  number += 1;
  const item: Item = {
    type: "packet",
    number,
    at,
    session: 1,
    direction,
    transport: "websocket",
    size: text.length + 2,
    raw: base64(text),
    index: number,
    ...(direction === "out" ? { kernel_at: kernelAt } : {}),
  };
  return { item, arrival: [number, kernelAt] };
}

function kernel(arrived: [number, number][]): Item {
  return { type: "kernel", at: 0, arrived, ran: [], cells: [], left_out: 0 };
}

function filled(): Store {
  const store = new Store();
  store.begin(0, [
    { session: 1, role: "owner", transport: "websocket", pane: "", round_trip_ms: null },
  ]);
  return store;
}

describe("crossings", () => {
  it("are none for questions and answers, however many", () => {
    const store = filled();
    for (let turn = 0; turn < 100; turn += 1) {
      const start = 1000 + turn * 20;
      const question = packet("in", start, start + 2, '421["q"]');
      const answer = packet("out", start + 5, start + 3, '431["a"]');
      store.batch([question.item, kernel([question.arrival]), answer.item], store.seen + 2);
    }
    expect(store.crossings).toBe(0);
    expect(store.seen).toBe(200);
    expect(store.leftOut).toBe(0);
  });

  it("are counted once for each pair that met", () => {
    const store = filled();
    const up = packet("in", 1000, 1010);
    const down = packet("out", 1008, 1005);
    const later = packet("out", 1031, 1030);
    store.batch([up.item, down.item, later.item, kernel([up.arrival])], 3);
    expect(store.crossings).toBe(1);
    const rows = store.rows.kept.flatMap((row) => (row.packet ? [row.packet.crossings] : []));
    expect(rows).toEqual([1, 1, 0]);
  });

  it("are marked in the ladder", () => {
    const store = filled();
    const up = packet("in", 1000, 1010);
    const down = packet("out", 1008, 1005);
    store.batch([up.item, down.item, kernel([up.arrival])], 2);
    const found = scene(store, { width: 600, height: 300, from: 990, to: 1040 });
    expect(found.crossings).toHaveLength(1);
    expect(found.lanes.map((lane) => lane.label)).toEqual(["client 1", "server", "kernel"]);
    expect(found.arrows).toHaveLength(4);
    expect(asSvg(found, 600, 300).match(/class="crossing"/g)).toHaveLength(1);
  });
});

describe("the marks of crossings", () => {
  it("lie where each pair met, on both arrows", () => {
    const store = filled();
    const up = packet("in", 1000, 1040);
    const downs = [1010, 1020, 1030].map((at) => packet("out", at + 3, at));
    store.batch([up.item, ...downs.map((down) => down.item), kernel([up.arrival])], 4);
    expect(store.crossings).toBe(3);
    const found = scene(store, { width: 600, height: 300, from: 990, to: 1050 });
    expect(found.crossings).toHaveLength(3);
    const onArrow = (point: { x: number; y: number }, direction: "in" | "out") =>
      found.arrows.filter(({ packet, x1, y1, x2, y2 }) => {
        const share = (point.x - x1) / (x2 - x1);
        return (
          packet.direction === direction &&
          share >= 0 &&
          share <= 1 &&
          Math.abs(y1 + share * (y2 - y1) - point.y) < 1e-6
        );
      });
    for (const point of found.crossings) {
      expect(onArrow(point, "in")).toHaveLength(1);
      expect(onArrow(point, "out")).toHaveLength(1);
    }
  });
});

describe("a flood", () => {
  it("becomes bands with counts; what crossed stays an arrow, and its row is kept", () => {
    const store = filled();
    const up = packet("in", 1000, 1010);
    const down = packet("out", 1008, 1005);
    store.batch([up.item, down.item, kernel([up.arrival])], 2);
    const floods = Array.from({ length: 40_000 }, (_, index) =>
      packet("out", 1020 + index / 1000, 1019 + index / 1000),
    );
    store.batch(
      floods.map(({ item }) => item),
      40_002,
    );
    expect(store.rows.kept.some((row) => row.packet?.crossings)).toBe(false);
    expect(store.crossed.kept.map((row) => row.packet?.direction).sort()).toEqual(["in", "out"]);
    const found = scene(store, { width: 600, height: 300, from: 990, to: 1090 });
    expect(found.arrows.length).toBeLessThan(100);
    const counted = found.bands
      .filter((band) => band.x1 > band.x2)
      .reduce((sum, band) => sum + band.packets.length, 0);
    // From the kernel to the server, and on to the client: each arrow of the flood is in one band.
    expect(counted + found.arrows.length).toBe(2 * found.packets);
    for (const band of found.bands) {
      expect(band.from[0]).toBeLessThanOrEqual(band.from[1]);
      expect(
        nearest(found, (band.x1 + band.x2) / 2, (band.from[0] + band.to[1]) / 2),
      ).toBeDefined();
    }
    const svg = asSvg(found, 600, 300);
    expect(svg.match(/class="band"/g)).toHaveLength(found.bands.length);
    expect(svg).toContain(" ×</text>");
  });

  it("hides no crossing among the many", () => {
    const store = filled();
    const up = packet("in", 1000, 1030);
    const downs = Array.from({ length: 100 }, (_, index) => packet("out", 1005 + index / 10, 1004));
    store.batch([up.item, ...downs.map((down) => down.item), kernel([up.arrival])], 101);
    const found = scene(store, { width: 600, height: 300, from: 990, to: 1050 });
    expect(store.crossings).toBe(100);
    expect(found.bands).toEqual([]);
    expect(found.crossings).toHaveLength(100);
    expect(store.crossed.kept).toHaveLength(101);
    store.clear();
    expect(store.crossed.kept).toEqual([]);
  });

  it("of few stays as it is", () => {
    const store = filled();
    const few = Array.from({ length: 8 }, (_, index) => packet("out", 1020 + index, 1019 + index));
    store.batch(
      few.map(({ item }) => item),
      8,
    );
    const found = scene(store, { width: 600, height: 300, from: 990, to: 1090 });
    expect(found.bands).toEqual([]);
    expect(found.arrows).toHaveLength(16);
  });
});

describe("times", () => {
  it("come from the pane that sent and received, on the server's clock", () => {
    const listeners: Record<string, (packet: { type: string }) => void> = {};
    // biome-ignore lint/suspicious/noExplicitAny: an engine's stand-in has what is used
    watch("p7", "alice", { on: (name: string, call: any) => (listeners[name] = call) } as any);
    listeners.packetCreate?.({ type: "message" });
    listeners.packetCreate?.({ type: "pong" });
    const store = new Store(() => "alice");
    store.clock.noteAnswer(0, 5000, 2);
    store.begin(0, [
      { session: 1, role: "owner", transport: "websocket", pane: "p7", round_trip_ms: null },
    ]);
    expect(store.clock.ahead).toBe(4999);
    number = 0;
    store.batch([packet("in", Date.now() + 5003, 2).item], 1);
    const [row] = store.rows.kept;
    expect(store.label(1)).toBe("alice");
    expect(row?.packet?.clientAt).toBeCloseTo(Date.now() + 4999, -3);
  });
});

describe("exports", () => {
  function store(): Store {
    const made = filled();
    const up = packet("in", 1000, 1010, '42["say","<script>\\u0001"]');
    made.batch(
      [
        {
          type: "http",
          at: 990,
          session: 1,
          method: "GET",
          url: "/nbsocket/chat/socket.io/?EIO=4&join_token=…",
          status: 101,
          headers: { Upgrade: "websocket" },
          took_ms: 3,
        },
        up.item,
        packet("out", 1020, 1015, '42["said",1]').item,
        kernel([up.arrival]),
      ],
      2,
    );
    return made;
  }

  it("are a HAR 1.2 with the WebSocket's messages", () => {
    const { log } = JSON.parse(asHar(store(), "https://example.org/lab"));
    expect(log.version).toBe("1.2");
    const [entry] = log.entries;
    for (const key of ["startedDateTime", "time", "request", "response", "cache", "timings"]) {
      expect(entry).toHaveProperty(key);
    }
    expect(entry.request.url).toMatch(/^wss:\/\/example\.org\//);
    expect(
      entry._webSocketMessages.map((one: { type: string; data: string }) => [one.type, one.data]),
    ).toEqual([
      ["send", '42["say","<script>\\u0001"]'],
      ["receive", '42["said",1]'],
    ]);
  });

  it("are JSON, Mermaid and SVG in which no text is markup", () => {
    const made = store();
    expect(JSON.parse(asJson(made)).rows).toHaveLength(3);
    const mermaid = asMermaid(made);
    expect(mermaid).toContain("sequenceDiagram");
    expect(mermaid).toContain("c1->>server: say #34;#60;script#62;");
    const found = scene(made, { width: 600, height: 300, from: 900, to: 1100 });
    const svg = asSvg(found, 600, 300);
    expect(svg).not.toContain("<script");
    expect(
      new DOMParser().parseFromString(svg, "image/svg+xml").querySelectorAll("line.in"),
    ).toHaveLength(2);
  });

  it("are, for the saved notebook, few plain values without a session id", () => {
    const made = filled();
    const open = packet("out", 1000, 0, '0{"sid":"secret-id","upgrades":[]}');
    made.batch([open.item], 1);
    const text = JSON.stringify(snapshot(made));
    expect(text).not.toContain("secret-id");
    expect(text).toContain("client 1");
  });
});
