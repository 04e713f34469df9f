// The weather of one pane: sliders, a cut, and a restart that is asked for twice.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PaneConnection } from "../../src/pane/connection";
import { WeatherView } from "../../src/pane/weatherview";
import { CALM } from "../../src/shared/weather";
import {
  action,
  change,
  click,
  field,
  happen,
  mount,
  now,
  one,
  press,
  said,
  settle,
  texts,
  type,
  unmountAll,
} from "../support/page";

let connection: PaneConnection;
let el: HTMLElement;

const summary = () => said(one(el, "summary"));

beforeEach(() => {
  connection = new PaneConnection({ channel: "chat", paneId: "p", name: "a", base: "http://h/" });
  el = mount(<WeatherView connection={connection} />);
});

afterEach(() => {
  connection.disconnect();
  unmountAll();
});

describe("the weather", () => {
  it("is calm at first", () => {
    expect(summary()).toBe("Network weather");
    expect(one(el, "details").dataset.calm).toBe("true");
    expect(texts(el, "output")).toEqual(["0 ms", "0 ms", "never"]);
    expect(action(el, "calm").disabled).toBe(true);
  });

  it("is what the sliders say", () => {
    type(field(el, "delay_ms"), "200");
    type(field(el, "jitter_ms"), "50");
    type(field(el, "cut_every_s"), "9");
    expect(connection.weather.value).toEqual({
      ...CALM,
      delay_ms: 200,
      jitter_ms: 50,
      cut_every_s: 9,
    });
    expect(texts(el, "output")).toEqual(["200 ms", "50 ms", "9 s"]);
    expect(summary()).toBe("Network weather ↔ 200 ± 50 ms, cut about every 9 s");
  });

  it.each([
    ["out", "→"],
    ["in", "←"],
    ["both", "↔"],
  ])("may be bad %s: %s", (direction, arrow) => {
    type(field(el, "delay_ms"), "100");
    change(field(el, "weather-direction"), direction);
    expect(connection.weather.value.direction).toBe(direction);
    expect(summary()).toBe(`Network weather ${arrow} 100 ± 0 ms`);
  });

  it("has another seed, if it is a number from 0 on", () => {
    change(field(el, "seed"), "42");
    expect(connection.weather.value.seed).toBe(42);
    change(field(el, "seed"), "7.9");
    expect(connection.weather.value.seed).toBe(7);
    change(field(el, "seed"), "-3");
    change(field(el, "seed"), "");
    expect(connection.weather.value.seed).toBe(7);
    change(field(el, "seed"), "0");
    expect(connection.weather.value.seed).toBe(0);
  });

  it("follows what the kernel says of it, and can be calmed", () => {
    now(() => connection.setWeather({ ...CALM, delay_ms: 300, direction: "in", seed: 5 }));
    expect(field(el, "delay_ms").value).toBe("300");
    click(action(el, "calm"));
    expect(connection.weather.value).toEqual(CALM);
    expect(summary()).toBe("Network weather");
  });
});

describe("what breaks", () => {
  it("is the connection, by a button", () => {
    const cut = vi.spyOn(connection, "cut").mockReturnValue();
    click(action(el, "cut"));
    expect(cut).toHaveBeenCalledTimes(1);
  });

  it("is the kernel at the second press, and leaving the button is a no", async () => {
    const restart = vi.spyOn(connection, "restartKernel").mockResolvedValue();
    const button = action(el, "restart-kernel");
    click(button);
    expect(said(button)).toBe("Really? All variables will be lost");
    happen(button, new FocusEvent("blur"));
    expect(said(button)).toBe("Restart the kernel");
    click(button);
    expect(restart).not.toHaveBeenCalled();
    click(button);
    expect(restart).toHaveBeenCalledTimes(1);
    expect(said(button)).toBe("Restart the kernel");
  });

  it.each([
    [new Error("No kernel holds the channel."), "No kernel holds the channel."],
    ["gone", "gone"],
  ])("is told where it cannot be done: %s", async (reason, words) => {
    vi.spyOn(connection, "restartKernel").mockRejectedValue(reason);
    click(action(el, "restart-kernel"));
    await settle(async () => action(el, "restart-kernel").click());
    expect(said(one(el, ".nbs-problem"))).toBe(words);
  });

  it("is not the notebook by keys that are pressed here", () => {
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    press(field(el, "seed"), "d");
    document.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
  });
});
