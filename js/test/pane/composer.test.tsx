// The form to emit an event: what is typed, what is wrong with it, what is sent, what is kept.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Composer } from "../../src/pane/composer";
import type { PaneConnection } from "../../src/pane/connection";
import { savedMessages } from "../../src/pane/messages";
import {
  action,
  all,
  change,
  check,
  click,
  field,
  happen,
  mount,
  one,
  press,
  said,
  settle,
  submit,
  texts,
  type,
  unmountAll,
} from "../support/page";

const emit = vi.fn<(event: string, args: unknown[], ask: boolean) => string>();

function compose(): HTMLElement {
  const connection = { channel: "chat", emit } as unknown as PaneConnection;
  return one(mount(<Composer connection={connection} />), "form");
}

const args = (form: HTMLElement) => all<HTMLTextAreaElement>(form, '[data-field="argument"]');
const problems = (form: HTMLElement) => texts(form, ".nbs-problem").filter(Boolean);
const button = (form: HTMLElement, words: string) =>
  all<HTMLButtonElement>(form, "button").find((found) => said(found) === words) ??
  expect.fail(`no button says ${words}`);
const removers = (form: HTMLElement) => all<HTMLButtonElement>(form, '[aria-label^="Remove "]');

async function attach(form: HTMLElement, file: File): Promise<void> {
  const input = field(form, "file");
  Object.defineProperty(input, "files", { value: [file], configurable: true });
  await settle(async () => {
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await file.arrayBuffer();
  });
}

beforeEach(() => {
  localStorage.clear();
  emit.mockReset().mockReturnValue("");
});

afterEach(unmountAll);

describe("the composer", () => {
  it("emits what is in it, without an acknowledgement", () => {
    submit(compose());
    expect(emit.mock.calls).toEqual([["message", ["hello"], false]]);
  });

  it("emits any number of arguments, each as JSON, and asks when it should", () => {
    const form = compose();
    type(field(form, "event"), "  move ");
    click(button(form, "Add argument"));
    click(button(form, "Add argument"));
    const [first, second, third] = args(form);
    if (!first || !second || !third) throw new Error("three arguments are missing");
    type(first, '{"x": [1, 2.5]}');
    type(second, " true ");
    check(field(form, "ask"), true);
    submit(form);
    expect(emit.mock.calls).toEqual([["move", [{ x: [1, 2.5] }, true, null], true]]);
  });

  it("emits an event without arguments", () => {
    const form = compose();
    click(one(form, '[aria-label="Remove argument 1"]'));
    submit(form);
    expect(emit.mock.calls).toEqual([["message", [], false]]);
  });

  it("removes the argument that is meant", () => {
    const form = compose();
    click(button(form, "Add argument"));
    click(button(form, "Add argument"));
    for (const [index, text] of ["1", "2", "3"].entries()) {
      const area = args(form)[index];
      if (area) type(area, text);
    }
    expect(texts(form, ".nbs-field label")).toEqual([
      "Argument 1 JSON",
      "Argument 2 JSON",
      "Argument 3 JSON",
    ]);
    const second = removers(form)[1];
    if (second) click(second);
    expect(args(form).map((area) => area.value)).toEqual(["1", "3"]);
    const last = removers(form)[1];
    if (last) click(last);
    expect(texts(form, ".nbs-field label")).toEqual(["Argument JSON"]);
  });

  it("emits by Ctrl+Enter and ⌘+Enter from any field, and not by Enter alone", () => {
    const form = compose();
    const [area] = args(form);
    if (!area) throw new Error("the argument is missing");
    press(area, "Enter");
    expect(emit).not.toHaveBeenCalled();
    press(area, "Enter", { ctrlKey: true });
    press(field(form, "event"), "Enter", { metaKey: true });
    expect(emit).toHaveBeenCalledTimes(2);
  });

  it("keeps its keys from the notebook", () => {
    const form = compose();
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(field(form, "event"), "a");
    press(field(form, "event"), "Escape");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});

describe("what cannot be emitted", () => {
  it.each([
    ["   ", "An event needs a name."],
    ["disconnect", "“disconnect” is Socket.IO's own event: choose another name."],
    [" connect ", "“connect” is Socket.IO's own event: choose another name."],
  ])("is an event called “%s”", (name, problem) => {
    const form = compose();
    type(field(form, "event"), name);
    expect(problems(form)).toEqual([problem]);
    expect(field(form, "event").getAttribute("aria-invalid")).toBe("true");
    expect(action(form, "emit").disabled).toBe(true);
    submit(form);
    press(field(form, "event"), "Enter", { ctrlKey: true });
    expect(emit).not.toHaveBeenCalled();
  });

  it("is an argument that is not JSON, and the field that says so is named", () => {
    const form = compose();
    click(button(form, "Add argument"));
    const [, second] = args(form);
    if (!second) throw new Error("the argument is missing");
    type(second, "hello");
    expect(problems(form)).toEqual(['Text needs double quotes: "hello"']);
    expect(args(form).map((area) => area.getAttribute("aria-invalid"))).toEqual(["false", "true"]);
    const problem = document.getElementById(second.getAttribute("aria-describedby") ?? "");
    expect(problem?.textContent).toContain("Text needs double quotes");
    submit(form);
    expect(emit).not.toHaveBeenCalled();
    type(second, '"hello"');
    expect(problems(form)).toEqual([]);
    expect(action(form, "emit").disabled).toBe(false);
  });

  it("is what the connection objects to, until the next try", () => {
    emit.mockReturnValueOnce("Not sent: too large.");
    const form = compose();
    submit(form);
    expect(said(one(form, '[role="alert"]'))).toBe("Not sent: too large.");
    submit(form);
    expect(form.querySelector('[role="alert"]')).toBeNull();
  });
});

describe("a file", () => {
  it("is an argument whose bytes are sent", async () => {
    const form = compose();
    await attach(form, new File([Uint8Array.of(1, 2, 255)], "a\u202eb.bin"));
    expect(said(one(form, "output"))).toBe("a\\u202eb.bin, 3 bytes");
    submit(form);
    const sent = emit.mock.calls[0]?.[1] ?? [];
    expect(sent[0]).toBe("hello");
    expect([...new Uint8Array(sent[1] as ArrayBuffer)]).toEqual([1, 2, 255]);
  });

  it("can be removed, and cannot be kept for later", async () => {
    const form = compose();
    await attach(form, new File(["x"], "x.txt"));
    expect(action(form, "keep").disabled).toBe(true);
    click(one(form, '[aria-label="Remove argument 2"]'));
    expect(form.querySelector("output")).toBeNull();
    expect(action(form, "keep").disabled).toBe(false);
  });

  it("that was not chosen after all is none", async () => {
    const form = compose();
    const input = field(form, "file");
    Object.defineProperty(input, "files", { value: [] });
    happen(input, new Event("change", { bubbles: true }));
    expect(form.querySelector("output")).toBeNull();
  });
});

describe("the arrow keys", () => {
  function emitted(form: HTMLElement, ...names: string[]): void {
    for (const name of names) {
      type(field(form, "event"), name);
      submit(form);
    }
  }

  it("bring back what was emitted before, with its arguments", () => {
    const form = compose();
    emitted(form, "one");
    const [area] = args(form);
    if (area) type(area, "2");
    emitted(form, "two");
    const name = field(form, "event");
    expect(press(name, "ArrowUp").defaultPrevented).toBe(true);
    expect([name.value, args(form)[0]?.value]).toEqual(["two", "2"]);
    press(name, "ArrowUp");
    expect([name.value, args(form)[0]?.value]).toEqual(["one", '"hello"']);
    press(name, "ArrowDown");
    expect(name.value).toBe("two");
  });

  it("stop at both ends", () => {
    const form = compose();
    const name = field(form, "event");
    expect(press(name, "ArrowUp").defaultPrevented).toBe(false);
    emitted(form, "one", "two");
    for (let times = 0; times < 5; times += 1) press(name, "ArrowUp");
    expect(name.value).toBe("one");
    for (let times = 0; times < 5; times += 1) press(name, "ArrowDown");
    expect(name.value).toBe("two");
  });

  it("find what was emitted twice in a row once, and what was refused never", () => {
    const form = compose();
    emitted(form, "one", "two", "two");
    emit.mockReturnValueOnce("Not sent.");
    emitted(form, "refused");
    const name = field(form, "event");
    press(name, "ArrowUp");
    expect(name.value).toBe("two");
    press(name, "ArrowUp");
    expect(name.value).toBe("one");
  });

  it("remember the latest fifty", () => {
    const form = compose();
    emitted(form, ...Array.from({ length: 60 }, (_, index) => `event ${index}`));
    const name = field(form, "event");
    for (let times = 0; times < 100; times += 1) press(name, "ArrowUp");
    expect(name.value).toBe("event 10");
  });
});

describe("kept messages", () => {
  it("are kept for the channel, and come back", () => {
    const form = compose();
    type(field(form, "event"), "later ");
    click(action(form, "keep"));
    expect(savedMessages("chat")).toEqual([{ event: "later", args: ['"hello"'] }]);
    type(field(form, "event"), "other");
    const select = one<HTMLSelectElement>(form, '[data-field="kept"]');
    expect(texts(select, "option")).toEqual(["Kept messages (1)", 'later "hello"']);
    change(select, "0");
    expect(field(form, "event").value).toBe("later");
    expect(select.value).toBe("");
    expect(emit).not.toHaveBeenCalled();
  });

  it("are there from before, made visible and cut", () => {
    const strange = { event: "\u202ex", args: [`"${"y".repeat(100)}"`] };
    localStorage.setItem("nbsocket.messages.chat", JSON.stringify([strange]));
    const [, option] = texts(compose(), "option");
    expect(option).toMatch(/^\\u202ex "y+… \(105 characters\)$/);
  });

  it("cannot be chosen while there are none, nor kept while something is wrong", () => {
    const form = compose();
    expect(one<HTMLSelectElement>(form, '[data-field="kept"]').disabled).toBe(true);
    type(field(form, "event"), "");
    expect(action(form, "keep").disabled).toBe(true);
  });
});

describe("the height of a field", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  it("is that of its text where the stylesheet cannot say so", () => {
    vi.stubGlobal("CSS", { supports: () => false });
    vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(40);
    vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(22);
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(20);
    const form = compose();
    expect(args(form).map((area) => area.style.height)).toEqual(["42px"]);
  });

  it("is left to the stylesheet where it can", () => {
    vi.stubGlobal("CSS", { supports: () => true });
    expect(args(compose()).map((area) => area.style.height)).toEqual([""]);
  });
});
