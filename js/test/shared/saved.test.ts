// The saved picture of a widget: hidden while it lives, and told to the kernel now and then.

import type { AnyModel } from "@anywidget/types";
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hideSaved, Snapshots } from "../../src/shared/saved";
import { Model } from "../support/model";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  document.head.replaceChildren();
  vi.useRealTimers();
});

describe("a saved picture", () => {
  it("is hidden until it is shown again", () => {
    const show = hideSaved("a1-B_2");
    expect(document.head.textContent).toBe(".nbs-saved-a1-B_2{display:none}");
    show();
    expect(document.head.textContent).toBe("");
  });

  it.each(["", "a b", "x{}body", "</style>", "ä"])("is not hidden by a name such as “%s”", (id) => {
    hideSaved(id)();
    hideSaved(id);
    expect(document.head.innerHTML).toBe("");
  });
});

describe("what the kernel is told", () => {
  const version = signal(0);
  let model: Model;
  let snapshots: Snapshots;
  let taken: number;

  beforeEach(() => {
    version.value = 0;
    taken = 0;
    model = new Model({});
    const take = () => {
      taken += 1;
      return { taken };
    };
    snapshots = new Snapshots(model as unknown as AnyModel, version, take);
  });

  afterEach(() => snapshots.stop());

  const change = () => {
    version.value += 1;
  };

  it("is nothing while nothing has changed", () => {
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
  });

  it("is what there is two seconds later, once for many changes", () => {
    change();
    change();
    vi.advanceTimersByTime(1999);
    expect(model.sent).toEqual([]);
    change();
    vi.advanceTimersByTime(1);
    expect(model.sent).toEqual([{ type: "snapshot", taken: 1 }]);
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toHaveLength(1);
  });

  it("is told again only when the kernel has answered, and if something changed", () => {
    change();
    vi.advanceTimersByTime(2000);
    change();
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toHaveLength(1);
    model.say({ type: "other" });
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toHaveLength(1);
    model.say({ type: "saved" });
    vi.advanceTimersByTime(2000);
    expect(model.sent).toHaveLength(2);
    model.say({ type: "saved" });
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toHaveLength(2);
  });

  it("is nothing more once it is over, or its kernel is gone", () => {
    change();
    model.isDead = true;
    expect(() => vi.advanceTimersByTime(2000)).not.toThrow();
    model.isDead = false;
    change();
    model.say({ type: "saved" });
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
    expect(model.listeners).toBe(0);
  });

  it("is nothing that was about to be told when it ended", () => {
    change();
    snapshots.stop();
    vi.advanceTimersByTime(60_000);
    expect(taken).toBe(0);
  });
});
