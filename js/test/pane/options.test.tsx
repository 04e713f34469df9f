// How a pane connects: what may be typed, and what is made of it.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ConnectionOptions, PaneConnection } from "../../src/pane/connection";
import { Options } from "../../src/pane/options";
import {
  action,
  change,
  field,
  mount,
  one,
  press,
  said,
  submit,
  type,
  unmountAll,
} from "../support/page";

let connection: PaneConnection;
const reconnect = vi.fn<(options: ConnectionOptions) => Promise<void>>();

const options = () => one(mount(<Options connection={connection} />), "form");
const problem = (form: HTMLElement) => said(one(form, ".nbs-problem"));

beforeEach(() => {
  connection = new PaneConnection({ channel: "chat", paneId: "p", name: "a", base: "http://h/" });
  reconnect.mockReset().mockResolvedValue();
  connection.reconnect = reconnect;
});

afterEach(unmountAll);

describe("a pane's options", () => {
  it("begin with how it is connected", () => {
    connection.options = { namespace: "/admin", auth: {}, transports: "polling" };
    const form = options();
    expect(field(form, "namespace").value).toBe("/admin");
    expect(field(form, "transports").value).toBe("polling");
  });

  it("connect in another way", () => {
    const form = options();
    type(field(form, "namespace"), "/chat room/ü");
    type(field(form, "auth"), ' {"name": "alice"} ');
    change(field(form, "transports"), "websocket");
    submit(form);
    expect(reconnect.mock.calls).toEqual([
      [{ namespace: "/chat room/ü", auth: { name: "alice" }, transports: "websocket" }],
    ]);
  });

  it("say nothing at the door where nothing is typed", () => {
    const form = options();
    type(field(form, "auth"), "   ");
    submit(form);
    expect(reconnect.mock.calls).toEqual([[{ namespace: "/", auth: {}, transports: "upgrade" }]]);
  });

  it.each(["", "chat", " /chat", "/a,b", "/a?b=c"])("take no namespace “%s”", (namespace) => {
    const form = options();
    type(field(form, "namespace"), namespace);
    expect(field(form, "namespace").getAttribute("aria-invalid")).toBe("true");
    expect(action(form, "reconnect").disabled).toBe(true);
    submit(form);
    expect(reconnect).not.toHaveBeenCalled();
  });

  it.each([
    ["{a: 1}", 'Names in an object need double quotes: {"a": 1}'],
    ["[1]", 'auth must be an object: {"name": "alice"}'],
    ['"alice"', 'auth must be an object: {"name": "alice"}'],
    ["7", 'auth must be an object: {"name": "alice"}'],
  ])("say of %s what is wrong with it", (auth, words) => {
    const form = options();
    type(field(form, "auth"), auth);
    expect(problem(form)).toBe(words);
    expect(field(form, "auth").getAttribute("aria-invalid")).toBe("true");
    expect(action(form, "reconnect").disabled).toBe(true);
    submit(form);
    expect(reconnect).not.toHaveBeenCalled();
    type(field(form, "auth"), "{}");
    expect(problem(form)).toBe("");
  });

  it("take no “null” for an object", () => {
    const form = options();
    type(field(form, "auth"), "null");
    expect(problem(form)).toContain("object");
    submit(form);
    expect(reconnect).not.toHaveBeenCalled();
  });

  it("keep their keys from the notebook", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(field(options(), "namespace"), "d");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});
