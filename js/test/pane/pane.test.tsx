// The whole pane: its state in words, its buttons, and what a screen reader is told.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PaneConnection, type State } from "../../src/pane/connection";
import { Pane } from "../../src/pane/pane";
import { action, click, mount, now, one, said, unmountAll } from "../support/page";

let connection: PaneConnection;

function pane(name = "alice"): HTMLElement {
  return mount(<Pane connection={connection} name={name} channel="chat" />);
}

function be(state: State, detail = ""): void {
  now(() => {
    connection.state.value = state;
    connection.detail.value = detail;
  });
}

/** So many events come in. */
function receive(...events: string[]): void {
  for (const event of events) {
    const id = connection.log.total + 1;
    connection.log.push({ id, at: new Date(), kind: "in", event, args: [] });
  }
  now(() => {
    connection.received.value += events.length;
  });
}

const words = (el: HTMLElement) => said(one(el, "[data-words]"));
const announced = (el: HTMLElement) => said(one(el, '.nbs-hidden[role="status"]'));

beforeEach(() => {
  vi.useFakeTimers();
  connection = new PaneConnection({
    channel: "chat",
    paneId: "p",
    name: "alice",
    base: "http://h/",
  });
});

afterEach(() => {
  unmountAll();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a pane", () => {
  it.each<[State, string, string, string]>([
    ["connecting", "", "Connecting…", "disconnect"],
    ["connected", "", "Connected", "disconnect"],
    [
      "reconnecting",
      "The connection is gone.",
      "Trying again… The connection is gone.",
      "disconnect",
    ],
    ["waiting", "Run the cell.", "No kernel holds this channel. Run the cell.", "disconnect"],
    ["disconnected", "You disconnected.", "Disconnected. You disconnected.", "connect"],
    ["error", "Refused: no", "Cannot connect. Refused: no", "connect"],
  ])("that is %s says so, and offers what helps", (state, detail, text, button) => {
    const el = pane();
    be(state, detail);
    expect(words(el)).toBe(text);
    expect(one(el, "[data-pane]").dataset.state).toBe(state);
    expect(action(el, button)).toBeDefined();
  });

  it("connects and disconnects by its button", () => {
    const connect = vi.spyOn(connection, "connect").mockResolvedValue();
    const disconnect = vi.spyOn(connection, "disconnect").mockReturnValue();
    const el = pane();
    click(action(el, "disconnect"));
    expect(disconnect.mock.calls).toEqual([[]]);
    be("disconnected");
    click(action(el, "connect"));
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it("says by what it is connected, and how much came", () => {
    vi.spyOn(connection, "transport", "get").mockReturnValue("websocket");
    const el = pane();
    be("connected");
    receive(...Array.from({ length: 1234 }, () => "tick"));
    expect(words(el)).toBe("Connected by websocket, 1,234 received");
    expect(one(el, "[data-pane]").dataset.received).toBe("1234");
    be("reconnecting");
    expect(words(el)).toBe("Trying again…");
  });

  it("draws an upgrade when the connection says that something changed", () => {
    const transport = vi.spyOn(connection, "transport", "get").mockReturnValue("polling");
    const el = pane();
    be("connected");
    transport.mockReturnValue("websocket");
    now(() => {
      connection.version.value += 1;
    });
    expect(words(el)).toContain("by websocket");
  });

  it("lights up, and names its rooms", () => {
    const el = pane();
    expect(el.querySelector(".nbs-lit, .nbs-rooms")).toBeNull();
    now(() => {
      connection.isLit.value = true;
      connection.rooms.value = ["a", "\u202eb", "c".repeat(50)];
    });
    expect(said(one(el, ".nbs-lit"))).toBe("would get this");
    expect(one(el, "[data-pane]").dataset.lit).toBe("true");
    expect(said(one(el, ".nbs-rooms"))).toBe(`in a, \\u202eb, ${"c".repeat(40)}… (50 characters)`);
  });

  it("says what is missing once its kernel was restarted", () => {
    const el = pane();
    expect(el.querySelector(".nbs-orphan")).toBeNull();
    now(() => {
      connection.isOrphan.value = true;
    });
    expect(said(one(el, ".nbs-orphan"))).toContain("Run this pane's cell again, too.");
  });

  it("takes a name for text", () => {
    const el = pane("<img src=x>\u0000");
    expect(said(one(el, "header strong"))).toBe("<img src=x>\\u0000");
    expect(el.querySelector("img")).toBeNull();
  });
});

describe("what a screen reader is told", () => {
  it("is each state", () => {
    const el = pane();
    expect(announced(el)).toBe("alice: Connecting…");
    be("waiting", "Run the cell.");
    expect(announced(el)).toBe("alice: No kernel holds this channel. Run the cell.");
  });

  it("is what came, a second later, by its name if it is one", () => {
    const el = pane();
    be("connected");
    receive("say\u0007");
    expect(announced(el)).toBe("alice: Connected");
    now(() => vi.advanceTimersByTime(1000));
    expect(announced(el)).toBe("alice received say\\u0007");
  });

  it("is how many came, if they are many, and at most once a second", () => {
    const el = pane();
    receive("a");
    now(() => vi.advanceTimersByTime(500));
    receive("b", "c");
    now(() => vi.advanceTimersByTime(500));
    expect(announced(el)).toBe("alice received 3 events");
    receive("d");
    now(() => vi.advanceTimersByTime(999));
    expect(announced(el)).toBe("alice received 3 events");
    now(() => vi.advanceTimersByTime(1));
    expect(announced(el)).toBe("alice received d");
  });

  it("is nothing of what was cleared before it was told", () => {
    const el = pane();
    receive("a");
    connection.log.clear();
    now(() => vi.advanceTimersByTime(1000));
    expect(announced(el)).toBe("alice: Connecting…");
  });
});
