// The browser's XMLHttpRequest, without a network: a test answers it.

export class FakeXhr {
  /** All that were sent, the latest last. */
  static asked: FakeXhr[] = [];
  /** Who answers new ones; without it a test does so by hand. */
  static serve: ((request: FakeXhr) => void) | undefined;

  static forget(): void {
    FakeXhr.asked = [];
    FakeXhr.serve = undefined;
  }

  withCredentials = false;
  readyState = 0;
  status = 0;
  responseText = "";
  timeout = 0;
  method = "";
  address = new URL("http://nowhere/");
  body: unknown;
  isAborted = false;
  onreadystatechange: (() => void) | null = null;

  open(method: string, address: string): void {
    this.method = method;
    this.address = new URL(address);
  }

  setRequestHeader(): void {}

  getResponseHeader(): null {
    return null;
  }

  send(body: unknown): void {
    this.body = body ?? undefined;
    FakeXhr.asked.push(this);
    FakeXhr.serve?.(this);
  }

  abort(): void {
    this.isAborted = true;
  }

  answer(text: string, status = 200): void {
    if (this.isAborted || this.readyState === 4) return;
    this.status = status;
    this.responseText = text;
    this.readyState = 4;
    this.onreadystatechange?.();
  }
}
