// Copies a text, or offers it to be selected.

import { render } from "preact";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Copy } from "../../src/shared/copy";
import { action, mount, one, press, said, settle, unmountAll } from "../support/page";

const writeText = vi.fn<(text: string) => Promise<void>>();
const copy = (el: HTMLElement) => settle(async () => action(el, "copy").click());
const status = (el: HTMLElement) => said(one(el, '[role="status"]'));

afterEach(() => {
  unmountAll();
  writeText.mockReset();
  vi.unstubAllGlobals();
});

describe("a button that copies", () => {
  it("copies its text as it is, and says so", async () => {
    writeText.mockResolvedValue();
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const el = mount(<Copy text={"a\u202eb\n"} label="Copy the link" />);
    expect([said(action(el, "copy")), status(el)]).toEqual(["Copy the link", ""]);
    await copy(el);
    expect(writeText.mock.calls).toEqual([["a\u202eb\n"]]);
    expect(status(el)).toBe("Copied.");
    expect(el.querySelector("textarea")).toBeNull();
  });

  it.each([
    ["that is forbidden", { clipboard: { writeText } }],
    ["that is not there", {}],
  ])("offers its text, selected, with a clipboard %s", async (_, navigator) => {
    writeText.mockRejectedValue(new DOMException("denied", "NotAllowedError"));
    vi.stubGlobal("navigator", navigator);
    const el = mount(<Copy text="the link" label="Copy" />);
    await copy(el);
    expect(status(el)).toContain("press Ctrl+C");
    const area = one<HTMLTextAreaElement>(el, "textarea");
    expect([area.value, area.readOnly]).toEqual(["the link", true]);
    expect(document.activeElement).toBe(area);
    expect([area.selectionStart, area.selectionEnd]).toEqual([0, 8]);
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(area, "c");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });

  it("begins anew with another text", async () => {
    writeText.mockResolvedValue();
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const el = mount(<Copy text="one" label="Copy" />);
    await copy(el);
    await settle(async () => render(<Copy text="two" label="Copy" />, el));
    expect(status(el)).toBe("");
  });
});
