// The weather of one pane: delay, jitter, lost connections, a restart of the kernel.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { WeatherDirection } from "../shared/weather";
import { CALM } from "../shared/weather";
import type { PaneConnection } from "./connection";

const MOST_DELAY_MS = 2000;

export function WeatherView({ connection }: { connection: PaneConnection }) {
  const id = useId();
  const isSure = useSignal(false);
  const said = useSignal("");
  const weather = connection.weather.value;
  const isCalm = weather.delay_ms === 0 && weather.jitter_ms === 0 && weather.cut_every_s === 0;

  function slider(
    name: "delay_ms" | "jitter_ms" | "cut_every_s",
    label: string,
    most: number,
    step: number,
    unit: string,
  ) {
    return (
      <label for={`${id}-${name}`}>
        {label}
        <input
          id={`${id}-${name}`}
          data-field={name}
          type="range"
          min={0}
          max={most}
          step={step}
          value={weather[name]}
          onInput={(moved) => {
            connection.setWeather({ ...weather, [name]: moved.currentTarget.valueAsNumber });
          }}
        />
        <output>
          {name === "cut_every_s" && weather[name] === 0 ? "never" : `${weather[name]} ${unit}`}
        </output>
      </label>
    );
  }

  return (
    <details class="nbs-weather" data-calm={isCalm}>
      <summary>
        Network weather
        {!isCalm && (
          <span class="nbs-hint">
            {" "}
            {weather.direction === "out" ? "→" : weather.direction === "in" ? "←" : "↔"}{" "}
            {weather.delay_ms} ± {weather.jitter_ms} ms
            {weather.cut_every_s > 0 && `, cut about every ${weather.cut_every_s} s`}
          </span>
        )}
      </summary>
      <fieldset onKeyDown={(pressed) => pressed.stopPropagation()}>
        {slider("delay_ms", "Delay", MOST_DELAY_MS, 10, "ms")}
        {slider("jitter_ms", "Jitter", 1000, 10, "ms")}
        {slider("cut_every_s", "Cut about every", 60, 1, "s")}
        <label for={`${id}-way`}>
          Direction{" "}
          <select
            id={`${id}-way`}
            data-field="weather-direction"
            value={weather.direction}
            onChange={(changed) => {
              const direction = changed.currentTarget.value as WeatherDirection;
              connection.setWeather({ ...weather, direction });
            }}
          >
            <option value="both">both ways</option>
            <option value="out">to the server</option>
            <option value="in">to this client</option>
          </select>
        </label>
        <label for={`${id}-seed`}>
          Seed{" "}
          <input
            id={`${id}-seed`}
            data-field="seed"
            type="number"
            min={0}
            max={999_999}
            value={weather.seed}
            onChange={(typed) => {
              const seed = Math.trunc(typed.currentTarget.valueAsNumber);
              if (seed >= 0) connection.setWeather({ ...weather, seed });
            }}
          />
        </label>
        <span class="nbs-group">
          <button type="button" data-action="cut" onClick={() => connection.cut()}>
            Cut the connection
          </button>
          <button
            type="button"
            data-action="restart-kernel"
            onBlur={() => {
              isSure.value = false;
            }}
            onClick={() => {
              if (isSure.value) {
                connection.restartKernel().catch((error: unknown) => {
                  said.value = error instanceof Error ? error.message : String(error);
                });
              }
              isSure.value = !isSure.value;
            }}
          >
            {isSure.value ? "Really? All variables will be lost" : "Restart the kernel"}
          </button>
          <button
            type="button"
            data-action="calm"
            disabled={isCalm}
            onClick={() => connection.setWeather(CALM)}
          >
            Calm
          </button>
        </span>
        <span class="nbs-problem" aria-live="polite">
          {said.value}
        </span>
      </fieldset>
    </details>
  );
}
