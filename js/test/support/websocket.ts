// The browser's WebSocket, without a network: what is on the other side is what a test says.

export class FakeWebSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  /** All that were made, the latest last. */
  static made: FakeWebSocket[] = [];
  /** Who serves new ones; without it a test does so by hand. */
  static serve: ((socket: FakeWebSocket) => void) | undefined;

  static get last(): FakeWebSocket {
    const found = FakeWebSocket.made.at(-1);
    if (!found) throw new Error("no WebSocket was made");
    return found;
  }

  static forget(): void {
    FakeWebSocket.made = [];
    FakeWebSocket.serve = undefined;
  }

  readonly address: URL;
  readonly sent: unknown[] = [];
  readyState = FakeWebSocket.CONNECTING;
  binaryType = "blob";
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  /** What the other side does with a message. */
  heard: (data: unknown) => void = () => undefined;

  constructor(address: string | URL) {
    this.address = new URL(address);
    FakeWebSocket.made.push(this);
    FakeWebSocket.serve?.(this);
  }

  send(data: unknown): void {
    if (this.readyState !== FakeWebSocket.OPEN) return;
    this.sent.push(data);
    this.heard(data);
  }

  /** The page closes it; as in a browser it hears of that later. */
  close(): void {
    if (this.readyState >= FakeWebSocket.CLOSING) return;
    this.readyState = FakeWebSocket.CLOSING;
    queueMicrotask(() => this.end(1005));
  }

  /** The other side lets it in. */
  open(): void {
    this.readyState = FakeWebSocket.OPEN;
    this.onopen?.({});
  }

  /** The other side says something. */
  say(data: unknown): void {
    if (this.readyState !== FakeWebSocket.OPEN) throw new Error("it is not open");
    this.onmessage?.({ data });
  }

  /** The other side ends it, or never let it in. */
  end(code = 1006, reason = ""): void {
    if (this.readyState === FakeWebSocket.CLOSED) return;
    const isRefused = this.readyState === FakeWebSocket.CONNECTING;
    this.readyState = FakeWebSocket.CLOSED;
    if (isRefused) this.onerror?.({ type: "error" });
    this.onclose?.({ code, reason });
  }
}
