// One message, byte by byte, and a try with other bytes.

import { render as draw } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Attempt } from "../../src/wire/attempt";
import type { Packet } from "../../src/wire/store";
import { XRay } from "../../src/wire/xrayview";
import {
  action,
  all,
  click,
  field,
  happen,
  mount,
  now,
  one,
  press,
  said,
  submit,
  type,
  unmountAll,
} from "../support/page";
import { frame, packet } from "../support/wire";

let attempt: Attempt;
const close = vi.fn();

const view = (shown: Packet) => mount(<XRay packet={shown} attempt={attempt} close={close} />);
const fields = (el: HTMLElement) => all<HTMLButtonElement>(el, ".nbs-bytefield");
const explained = (el: HTMLElement) => said(one(el, ".nbs-explained"));

beforeEach(() => {
  attempt = new Attempt("http://h/", "chat");
  close.mockReset();
});

afterEach(() => {
  unmountAll();
  vi.unstubAllGlobals();
});

describe("an X-ray", () => {
  it("says how large the message is, and where it went", () => {
    const head = (shown: Packet) => said(one(view(shown), "strong"));
    expect(head(packet({ size: 1234 }))).toBe("X-ray: 1,234 bytes to the server, by websocket");
    expect(head(packet({ direction: "out", transport: "polling", text: "2" }))).toBe(
      "X-ray: 1 bytes to the client, by polling",
    );
  });

  it("shows each byte in its field, with the letter that it means", () => {
    const el = view(packet({ text: '42["é"]', transport: "polling" }));
    expect(fields(el).map((one) => one.getAttribute("aria-label"))).toEqual([
      "Engine.IO 4: message, 1 bytes",
      "Socket.IO 2: EVENT, 1 bytes",
      "JSON, 6 bytes",
    ]);
    expect(fields(el).map(said)).toEqual(["344", "322", '5b[22"c3·a9·22"5d]']);
  });

  it("shows what a masked byte means, and nothing below the frame's own bytes", () => {
    const raw = Uint8Array.of(0x81, 0x81, 1, 2, 3, 4, 0x32 ^ 1);
    const el = view(packet({ raw }));
    expect(fields(el).map(said)).toEqual(["81", "81", "01020304", "332"]);
  });

  it("explains the field that is pointed at, reached or clicked", () => {
    const el = view(packet({ text: "42[]", transport: "polling" }));
    expect(explained(el)).toContain("Engine.IO 4: message.");
    const [, second, third] = fields(el);
    if (!second || !third) throw new Error("fields are missing");
    happen(second, new Event("mouseenter"));
    expect(explained(el)).toContain("Socket.IO 2: EVENT.");
    happen(third, new FocusEvent("focus"));
    expect(explained(el)).toContain("JSON. A JSON array");
    expect(fields(el).map((one) => one.getAttribute("aria-pressed"))).toEqual([
      "false",
      "false",
      "true",
    ]);
    click(second);
    expect(one(el, ".nbs-explained").dataset.fieldKind).toBe("socket");
    expect(explained(el)).toContain("Socket.IO protocol, “Packet encoding”");
  });

  it("says what was cut by the server, and what is not drawn", () => {
    const shown = packet({ text: `42["${"x".repeat(600)}"]`, transport: "polling", size: 5000 });
    const el = view(shown);
    expect(all(el, ".nbs-byte")).toHaveLength(512);
    expect(said(one(el, ".nbs-bytes > .nbs-hint"))).toBe("… 94 more bytes");
    const short = view(packet({ text: "42[]", transport: "polling", size: 5000 }));
    const last = fields(short).at(-1);
    expect(last && said(last)).toBe("…");
    if (last) click(last);
    expect(explained(short)).toContain("4,996 more bytes are not kept");
  });

  it("begins anew with another message", () => {
    const el = view(packet({ text: "42[]", transport: "polling" }));
    const last = fields(el).at(-1);
    if (last) click(last);
    type(field(el, "raw"), "changed");
    const other = packet({ text: '43["ok"]', transport: "polling" });
    now(() => draw(<XRay packet={other} attempt={attempt} close={close} />, el));
    expect(explained(el)).toContain("Engine.IO 4: message.");
    expect(field(el, "raw").value).toBe('43["ok"]');
  });

  it("is closed by its button", () => {
    click(action(view(packet()), "close-xray"));
    expect(close).toHaveBeenCalledTimes(1);
  });

  it.each([
    [packet({ text: '42["é"]' }), '42["é"]'],
    [packet({ raw: frame(Uint8Array.of(0, 255), 2) }), "82 02 00 ff"],
  ])("copies text as text and bytes as numbers: %#", (shown, text) => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    click(action(view(shown), "copy"));
    expect(writeText.mock.calls).toEqual([[text]]);
  });
});

describe("a try with other bytes", () => {
  it("begins with the message, and sends what was made of it", () => {
    const send = vi.spyOn(attempt, "send").mockResolvedValue();
    const el = view(packet({ text: '42["say"]' }));
    expect(field(el, "raw").value).toBe('42["say"]');
    type(field(el, "raw"), "42 broken");
    submit(one(el, "form"));
    expect(send.mock.calls).toEqual([["42 broken"]]);
  });

  it("waits for the end of the one before", () => {
    const el = view(packet());
    now(() => {
      attempt.isRunning.value = true;
    });
    expect(action(el, "attempt").disabled).toBe(true);
    expect(said(action(el, "attempt"))).toBe("Sending…");
  });

  it("shows what was heard, as text", () => {
    const el = view(packet());
    now(() => {
      attempt.heard.value = [
        { from: "server", text: "<b>\u0007" },
        { from: "us", text: "40" },
        { from: "note", text: "No connection (code 1006)." },
      ];
    });
    expect(all(el, ".nbs-heard li").map((item) => [item.dataset.from, said(item)])).toEqual([
      ["server", "<b>\\u0007"],
      ["us", "40"],
      ["note", "No connection (code 1006)."],
    ]);
    expect(el.querySelector(".nbs-heard b")).toBeNull();
  });

  it("is typed without the notebook's shortcuts", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(field(view(packet()), "raw"), "d");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});
