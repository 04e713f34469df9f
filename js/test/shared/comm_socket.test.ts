// A WebSocket over a widget's comm, as the client library uses it, against a kernel's end that is this test.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ByteStream } from "../../src/shared/bytestream";
import { type CommPort, CommSocket, type StreamMessage } from "../../src/shared/comm_socket";
import { clientFrame } from "../../src/shared/frames";

interface Sent extends Record<string, unknown> {
  id: string;
  start: number;
}

/** The kernel's end. */
class Kernel implements CommPort {
  readonly sent: Sent[] = [];
  readonly stream = new ByteStream();
  received = new Uint8Array(0);
  losesBuffers = false;
  isGone = false;
  private call: ((content: StreamMessage, buffers: BufferSource[]) => void) | undefined;

  send(content: Record<string, unknown>, buffers: Uint8Array<ArrayBuffer>[]): void {
    if (this.isGone) throw new Error("Comm closed");
    this.sent.push(content as Sent);
    if (content.closed) return;
    if (content.probe) {
      if (!this.losesBuffers) this.tell({ probe: true }, buffers);
      return;
    }
    const data =
      typeof content.data === "string"
        ? Uint8Array.from(atob(content.data), (letter) => letter.charCodeAt(0))
        : (buffers[0] ?? new Uint8Array(0));
    const { start, received, limit, missing } = content as unknown as Sent & Record<string, number>;
    const fresh = this.stream.receive({
      start,
      received: received ?? 0,
      limit: limit ?? 0,
      missing: Boolean(missing),
      data,
    });
    this.received = new Uint8Array([...this.received, ...fresh]);
    this.stream.read(fresh.length);
  }

  listen(call: (content: StreamMessage, buffers: BufferSource[]) => void): () => void {
    this.call = call;
    return () => {
      this.call = undefined;
    };
  }

  get isHeard(): boolean {
    return this.call !== undefined;
  }

  /** Send a message of the kernel. */
  tell(content: StreamMessage, buffers: BufferSource[] = []): void {
    this.call?.({ type: "stream", id: this.sent[0]?.id ?? "", ...content }, buffers);
  }

  /** Send what is written, as the kernel does. */
  flush(more: StreamMessage = {}): void {
    const { data, ...rest } = this.stream.segment();
    this.tell(
      { ...rest, size: data.length, ...more },
      data.length ? [new DataView(data.buffer)] : [],
    );
  }

  /** Send a frame of the server. */
  frame(opcode: number, body: Uint8Array<ArrayBuffer>): void {
    this.stream.write(new Uint8Array([0x80 | opcode, body.length, ...body]));
    this.flush();
  }
}

const text = (content: string) => new TextEncoder().encode(content) as Uint8Array<ArrayBuffer>;
const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

let kernel: Kernel;
let socket: CommSocket;
let got: (string | ArrayBuffer)[];
let ends: { code: number; reason: string }[];
let waiting: { count: number; isBusy: boolean };

function make(): void {
  socket = new CommSocket(kernel, { opens: "engine.io", query: { name: "alice" } }, (told) => {
    waiting = told;
  });
  socket.onmessage = ({ data }) => got.push(data);
  socket.onclose = (end) => ends.push(end);
}

async function open(): Promise<void> {
  await wait();
  kernel.flush();
}

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new Kernel();
  got = [];
  ends = [];
  make();
});

afterEach(() => {
  socket.close();
  vi.useRealTimers();
});

describe("a WebSocket over a comm", () => {
  it("says what is to be opened until it is heard", async () => {
    let opened = 0;
    socket.onopen = () => {
      opened += 1;
    };
    await wait();
    expect(kernel.sent[0]).toMatchObject({
      type: "stream",
      start: 0,
      open: { opens: "engine.io", query: { name: "alice" } },
    });
    await wait(3000);
    expect(kernel.sent.filter((sent) => sent.open)).toHaveLength(2);
    kernel.flush();
    kernel.flush();
    expect([opened, socket.readyState]).toEqual([1, 1]);
    socket.send("40");
    await wait();
    expect(kernel.sent.at(-1)?.open).toBeUndefined();
  });

  it("sends frames, many in one message", async () => {
    await open();
    const before = kernel.sent.length;
    socket.send("40");
    socket.send(new Uint8Array([1, 2]));
    socket.send(new Uint8Array([3]).buffer);
    await wait();
    expect(kernel.sent.length - before).toBe(1);
    const frames = [
      clientFrame("40"),
      clientFrame(new Uint8Array([1, 2])),
      clientFrame(new Uint8Array([3])),
    ];
    expect([...kernel.received]).toEqual(frames.flatMap((frame) => [...frame]));
  });

  it("takes texts and bytes, and tells that it has them", async () => {
    await open();
    kernel.frame(1, text("2"));
    kernel.frame(2, new Uint8Array([7]));
    expect([got[0], [...new Uint8Array(got[1] as ArrayBuffer)]]).toEqual(["2", [7]]);
    await wait(100);
    expect([kernel.sent.at(-1)?.received, kernel.stream.inFlight]).toEqual([6, 0]);
  });

  it("sends at once only if the kernel has answered, and else twenty times a second", async () => {
    await open();
    socket.send("one");
    await wait();
    const first = kernel.sent.length;
    for (let number = 0; number < 100; number += 1) {
      socket.send(String(number));
      await wait(10);
    }
    expect(kernel.sent.length - first).toBeLessThanOrEqual(21);
    kernel.flush();
    const before = kernel.sent.length;
    socket.send("more");
    await wait();
    expect(kernel.sent.length).toBe(before + 1);
  });

  it("begins with Base64, and goes over to buffers where they go both ways", async () => {
    await open();
    kernel.frame(1, text("2"));
    socket.send("x");
    await wait(100);
    const last = kernel.sent.at(-1);
    expect([last?.plain, last?.data, last?.size]).toEqual([false, undefined, 7]);
  });

  it("stays with Base64 where buffers are lost", async () => {
    kernel = new Kernel();
    kernel.losesBuffers = true;
    make();
    await open();
    socket.send("x");
    await wait();
    expect([...kernel.received]).toEqual([...clientFrame("x")]);
    expect(kernel.sent.findLast(({ size }) => size)).toMatchObject({ plain: true, size: 7 });
    kernel.stream.write(new Uint8Array([0x81, 1, 50]));
    // It comes without its buffer, and is asked for once more.
    const { data: _, ...rest } = kernel.stream.segment();
    kernel.tell({ ...rest, size: 3 });
    await wait(100);
    expect(kernel.sent.at(-1)).toMatchObject({ missing: true, plain: true });
    const { data, ...again } = kernel.stream.segment();
    kernel.tell({ ...again, size: 3, data: btoa(String.fromCharCode(...data)) });
    expect(got).toEqual(["2"]);
  });

  it("sends again what is not acknowledged in time, but not while a cell runs", async () => {
    await open();
    socket.send("x");
    await wait();
    const before = kernel.sent.length;
    await wait(3100);
    expect(kernel.sent.length).toBe(before + 1);
    kernel.stream.again();
    kernel.tell({ start: 0, received: 0, limit: 1e6, busy: true });
    const later = kernel.sent.length;
    await wait(60_000);
    expect(kernel.sent.length).toBe(later);
  });

  it("tells how many messages wait, and whether a cell runs", async () => {
    await open();
    socket.send("x");
    socket.send("y");
    await wait(1000);
    expect(waiting).toEqual({ count: 2, isBusy: false });
    kernel.tell({ start: 0, received: 0, limit: 1e6, busy: true });
    expect(waiting).toEqual({ count: 2, isBusy: true });
    kernel.flush();
    expect(waiting).toEqual({ count: 0, isBusy: false });
  });

  it("ends as the kernel says", async () => {
    await open();
    kernel.tell({ ended: "this kernel does not know the connection" });
    kernel.tell({ ended: "again" });
    expect(ends).toEqual([{ code: 1006, reason: "this kernel does not know the connection" }]);
    expect([socket.readyState, kernel.isHeard]).toEqual([3, false]);
    const before = kernel.sent.length;
    socket.send("x");
    await wait(10_000);
    expect(kernel.sent.length).toBe(before);
  });

  it("ends as the server's CLOSE frame says", async () => {
    await open();
    kernel.frame(8, new Uint8Array([3, 232, ...text("transport close")]));
    expect(ends).toEqual([{ code: 1000, reason: "transport close" }]);
    expect(kernel.sent.at(-1)).toMatchObject({ closed: true });
    expect(got).toEqual([]);
  });

  it("is closed after what was sent before", async () => {
    await open();
    socket.send("41");
    socket.close();
    socket.close();
    expect([...kernel.received]).toEqual([...clientFrame("41")]);
    expect(kernel.sent.at(-1)).toMatchObject({ closed: true });
    expect(ends).toEqual([{ code: 1000, reason: "" }]);
  });

  it("is silent where the kernel that the widget belongs to is gone", async () => {
    await open();
    kernel.isGone = true;
    socket.send("x");
    await wait(10_000);
    expect(socket.readyState).toBe(1);
  });

  it("leaves the messages of others alone", async () => {
    await open();
    kernel.tell({ id: "another", ended: "" });
    kernel.tell({ type: "handler_output", ended: "" });
    expect(ends).toEqual([]);
  });
});
