// Messages that a person keeps for a channel, in this browser.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepMessage, savedMessages } from "../../src/pane/messages";

const message = (event: string, ...args: string[]) => ({ event, args });

beforeEach(() => localStorage.clear());

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("kept messages", () => {
  it("are none at first, and each channel's own", () => {
    expect(savedMessages("chat")).toEqual([]);
    keepMessage("chat", message("say", '"hello"'));
    expect(savedMessages("chat")).toEqual([message("say", '"hello"')]);
    expect(savedMessages("other")).toEqual([]);
  });

  it("are kept once each; the latest comes last", () => {
    keepMessage("chat", message("a"));
    keepMessage("chat", message("b", "1"));
    expect(keepMessage("chat", message("a"))).toEqual([message("b", "1"), message("a")]);
    expect(savedMessages("chat")).toEqual([message("b", "1"), message("a")]);
    expect(keepMessage("chat", message("b"))).toHaveLength(3);
  });

  it("are the latest fifty", () => {
    for (let number = 0; number < 60; number += 1) keepMessage("chat", message(`e${number}`));
    const kept = savedMessages("chat");
    expect(kept).toHaveLength(50);
    expect([kept[0]?.event, kept[49]?.event]).toEqual(["e10", "e59"]);
  });

  it.each(["", "{broken", "null", "7", '{"event": "say", "args": []}', '"text"'])(
    "are none where something else is kept there: %s",
    (text) => {
      localStorage.setItem("nbsocket.messages.chat", text);
      expect(savedMessages("chat")).toEqual([]);
      expect(keepMessage("chat", message("a"))).toEqual([message("a")]);
    },
  );

  it("are those among others that are messages", () => {
    const strange = [null, 7, [], {}, { event: 1, args: [] }, { event: "a", args: "b" }];
    const bad = { event: "a", args: ["1", 2] };
    localStorage.setItem(
      "nbsocket.messages.chat",
      JSON.stringify([...strange, bad, message("ok")]),
    );
    expect(savedMessages("chat")).toEqual([message("ok")]);
  });
});

describe("a page that may not keep anything", () => {
  beforeEach(() => {
    const deny = () => {
      throw new DOMException("denied", "SecurityError");
    };
    vi.stubGlobal("localStorage", { getItem: deny, setItem: deny });
  });

  it("has no messages, and takes one all the same", () => {
    expect(savedMessages("chat")).toEqual([]);
    expect(keepMessage("chat", message("a"))).toEqual([message("a")]);
  });

  it("has all of them as long as it lasts", () => {
    keepMessage("chat", message("a"));
    expect(keepMessage("chat", message("b"))).toEqual([message("a"), message("b")]);
  });
});
