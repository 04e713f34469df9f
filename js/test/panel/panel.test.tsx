// The teacher's panel: how to join, who is there, the controls.

import { afterEach, describe, expect, it, vi } from "vitest";
import { Panel, type PanelState, type PersonItem, TicketDoor } from "../../src/panel/panel";
import {
  action,
  all,
  click,
  happen,
  mount,
  one,
  press,
  said,
  texts,
  type,
  unmountAll,
} from "../support/page";

const STATE: PanelState = {
  title: "Maths",
  is_open: true,
  is_locked: false,
  takes: true,
  shown: ["Vote"],
  answers: 2,
  dropped: 0,
  people: [],
};

const act = vi.fn<(what: string, who?: string) => void>();

function person(id: string, change: Partial<PersonItem> = {}): PersonItem {
  return { id, name: `Name ${id}`, here: true, muted: false, latency_ms: null, ...change };
}

function panel(change: Partial<PanelState> = {}, more: { code?: string; address?: string } = {}) {
  const { code = "ABCDEFG", address = "http://lectern.local:9000" } = more;
  return mount(
    <Panel
      state={{ ...STATE, ...change }}
      code={code}
      channel="chat"
      address={address}
      act={act}
    />,
  );
}

afterEach(() => {
  unmountAll();
  act.mockReset();
  vi.unstubAllGlobals();
});

describe("the head of a panel", () => {
  it.each([
    [{}, "Open", "· 0 here, 2 answers"],
    [{ answers: 1 }, "Open", "· 0 here, 1 answer"],
    [{ is_locked: true, answers: 12345 }, "Open, nobody new gets in", "· 0 here, 12,345 answers"],
    [{ is_open: false, is_locked: true, answers: 0 }, "The class is over.", "· 0 here, 0 answers"],
  ])("says of %o: %s %s", (change, state, counts) => {
    const el = panel(change);
    expect(said(one(el, '[role="status"]'))).toBe(state);
    expect(said(one(el, ".nbs-state"))).toBe(`${state}${counts}`);
  });

  it("counts who is here, and shows its title as text", () => {
    const el = panel({
      title: "<b>\u202ex</b>",
      people: [person("1"), person("2", { here: false }), person("3")],
    });
    expect(one(el, "[data-panel]").dataset.here).toBe("2");
    expect(said(one(el, "header strong"))).toBe("<b>\\u202ex</b>");
    expect(el.querySelector("header b")).toBeNull();
  });
});

describe("the door", () => {
  it("has the link as QR code, the code in parts, and where to type it", () => {
    const el = panel();
    expect(said(one(el, ".nbs-how p"))).toBe(
      "Scan, or open http://lectern.local:9000/nbsocket/join and type",
    );
    expect(said(one(el, "[data-code]"))).toBe("ABC DEFG");
    const qr = one<HTMLElement>(el, '[role="img"]');
    expect(qr.getAttribute("aria-label")).toBe("QR code of the link to join");
    expect(qr.querySelector("path")?.getAttribute("d")).toMatch(/^M\d+ \d+h1v1h-1z/);
  });

  it("has another QR code for another code", () => {
    const path = (el: HTMLElement) => one(el, ".nbs-qr path").getAttribute("d");
    const first = path(panel());
    expect(path(panel({}, { code: "GFEDCBA" }))).not.toBe(first);
    expect(path(panel({}, { address: "http://lectern.local:9000/" }))).toBe(first);
  });

  it("lets the link be copied", async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    click(action(panel({}, { address: "https://hub.example/user/ada/" }), "copy"));
    expect(writeText.mock.calls).toEqual([
      ["https://hub.example/user/ada/nbsocket/chat/join#code=ABCDEFG"],
    ]);
  });

  it("warns where nobody can come, and says what to do", () => {
    const warning = one(panel({}, { address: "http://localhost:8888" }), '[role="alert"]');
    expect(said(warning)).toContain("Phones cannot join yet");
    expect(said(one(warning, "code"))).toContain("public_listen");
    expect(panel().querySelector('[role="alert"]')).toBeNull();
  });

  it("grows for the projector, and shrinks again", () => {
    const el = panel();
    const large = () => one(el, ".nbs-door").dataset.large;
    const button = action(el, "enlarge");
    expect([large(), button.getAttribute("aria-pressed")]).toEqual(["false", "false"]);
    click(button);
    expect([large(), button.getAttribute("aria-pressed")]).toEqual(["true", "true"]);
    expect(said(button)).toBe("Smaller");
    click(button);
    expect(large()).toBe("false");
  });

  it("is shut when the class is over, and while there is no code", () => {
    expect(panel({ is_open: false }).querySelector(".nbs-door")).toBeNull();
    expect(panel({}, { code: "" }).querySelector(".nbs-door")).toBeNull();
  });

  it("of a ticket without a class is nothing but a door", () => {
    const el = mount(<TicketDoor code="XYZ" channel="chat" address="http://h.example" />);
    expect(one(el, "section").getAttribute("aria-label")).toBe("Ticket for chat");
    expect(said(one(el, "[data-code]"))).toBe("XYZ");
    expect(texts(el, "button")).toEqual(["Copy the link"]);
  });
});

describe("the tools", () => {
  it("say what the phones show, cut and as text", () => {
    const el = panel({ shown: ["<i>Vote</i>", "x".repeat(41), "y".repeat(40)] });
    expect(said(one(el, ".nbs-tools .nbs-hint"))).toBe(
      `On the phones: <i>Vote</i>, ${"x".repeat(39)}…, ${"y".repeat(40)}`,
    );
    expect(said(one(panel({ shown: [] }), ".nbs-tools .nbs-hint"))).toBe(
      "Phones show nothing yet.",
    );
  });

  it("name each of several blocks that are called the same", () => {
    const el = panel({ shown: ["Vote", "Vote"] });
    expect(said(one(el, ".nbs-tools .nbs-hint"))).toBe("On the phones: Vote, Vote");
  });

  it.each([
    [{ takes: true }, "stop", "Stop answers"],
    [{ takes: false }, "open", "Take answers"],
    [{ is_locked: false }, "lock", "Lock the class"],
    [{ is_locked: true }, "unlock", "Let new people in"],
  ])("with %o: %s", (change, what, label) => {
    const el = panel(change);
    const button = all<HTMLButtonElement>(el, "button").find((found) => said(found) === label);
    if (!button) throw new Error(`no button says ${label}`);
    click(button);
    expect(act.mock.calls).toEqual([[what]]);
  });

  it("can take no answers while nothing is shown", () => {
    const el = panel({ shown: [], takes: false });
    expect(action(el, "open").disabled).toBe(true);
  });

  it.each([
    ["reset", "Forget answers", "Really forget them?"],
    ["close", "End the class", "Really end it for everyone?"],
  ])("ask before %s", (what, label, question) => {
    const button = action(panel(), what);
    expect(said(button)).toBe(label);
    click(button);
    expect(said(button)).toBe(question);
    expect(act).not.toHaveBeenCalled();
    happen(button, new FocusEvent("blur"));
    expect(said(button)).toBe(label);
    click(button);
    expect(act).not.toHaveBeenCalled();
    click(button);
    expect(act.mock.calls).toEqual([[what]]);
    expect(said(button)).toBe(label);
  });

  it("are gone when the class is over", () => {
    expect(panel({ is_open: false }).querySelector(".nbs-tools")).toBeNull();
  });

  it("warn when answers were dropped", () => {
    const warning = one(panel({ dropped: 1234 }), ".nbs-problem");
    expect(said(warning)).toContain("1,234 older answers were dropped");
    expect(panel().querySelector(".nbs-problem")).toBeNull();
  });
});

describe("the people", () => {
  it("are counted, and shown at once while they are few", () => {
    const few = Array.from({ length: 12 }, (_, index) => person(String(index)));
    const summary = (el: HTMLElement) => said(one(el, "summary"));
    const isOpen = (el: HTMLElement) => one<HTMLDetailsElement>(el, "details").open;
    expect(summary(panel({ people: [person("1")] }))).toBe("1 person");
    expect([summary(panel({ people: few })), isOpen(panel({ people: few }))]).toEqual([
      "12 people",
      true,
    ]);
    expect(isOpen(panel({ people: [...few, person("12")] }))).toBe(false);
    expect([summary(panel()), isOpen(panel())]).toEqual(["0 people", false]);
  });

  it("are shown with what is known of them, and as text", () => {
    const el = panel({
      people: [
        person("1", { name: "<b>A\u0007</b>", here: false, muted: true, latency_ms: 40 }),
        person("2", { latency_ms: 0 }),
      ],
    });
    expect(texts(el, "li > span")).toEqual([
      "<b>A\\u0007</b> (gone) (muted) 40 ms away",
      "Name 2 0 ms away",
    ]);
    expect(texts(el, "li button")).toEqual(["Unmute", "Remove", "Mute", "Remove"]);
    expect(one(el, 'li [data-action="remove"]').getAttribute("aria-label")).toBe(
      "Remove <b>A\\u0007</b>",
    );
  });

  it("are muted, unmuted and removed by their id, whatever they are called", () => {
    const el = panel({
      people: [person("1", { name: "Ann" }), person("2", { name: "Ann", muted: true })],
    });
    for (const button of all<HTMLButtonElement>(el, "li button")) click(button);
    expect(act.mock.calls).toEqual([
      ["mute", "1"],
      ["remove", "1"],
      ["unmute", "2"],
      ["remove", "2"],
    ]);
  });

  it("are found by a part of their name", () => {
    const el = panel({ people: [person("1", { name: "Ann" }), person("2", { name: "Bob" })] });
    const names = () => all(el, "[data-person]").map((found) => found.dataset.person);
    type(one<HTMLInputElement>(el, "input"), "aN");
    expect(names()).toEqual(["Ann"]);
    type(one<HTMLInputElement>(el, "input"), "(");
    expect(names()).toEqual([]);
    type(one<HTMLInputElement>(el, "input"), "");
    expect(names()).toEqual(["Ann", "Bob"]);
  });

  it("that are too many are left out, and it is said how many", () => {
    const many = Array.from({ length: 305 }, (_, index) => person(String(index)));
    const el = panel({ people: many });
    expect(all(el, "[data-person]")).toHaveLength(300);
    expect(said(one(el, "details .nbs-hint"))).toBe("5 more; type a part of a name.");
    type(one<HTMLInputElement>(el, "input"), "Name 304");
    expect(all(el, "[data-person]")).toHaveLength(1);
    expect(el.querySelector("details .nbs-hint")).toBeNull();
  });

  it("are looked for without the notebook's shortcuts", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(one(panel(), "input"), "d");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});
