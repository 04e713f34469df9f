// The bench on the screen: controls, four ways side by side, a sentence.

import { useId } from "preact/hooks";
import { shortened, show } from "../shared/text";
import { type Figures, inWords, meanOf, type Run, roundedUp, sentence, slowest } from "./run";
import { WAYS, type Way } from "./ways";

const TITLES: Record<Way, [string, string]> = {
  poll: ["Short polling", "“Anything new?” – every interval, again."],
  long: ["Long-polling", "“Tell me when there is something new.” – and again."],
  sse: ["Server-sent events", "One response that never ends; one way only."],
  websocket: ["WebSocket (Socket.IO)", "One connection; both ways, at any time."],
};
const SPAN_MS = 30_000;
const [WIDTH, HEIGHT] = [240, 98];
/** Where the plot's scale begins and ends. */
const [BASE, ROOF] = [HEIGHT - 14, 14];

interface Props {
  run: Run;
  rate: number;
  isSending: boolean;
  setRate: (rate: number) => void;
  toggle: () => void;
}

export function Bench({ run, rate, isSending, setRate, toggle }: Props) {
  void run.version.value;
  const id = useId();
  const setting = run.setting.value;
  // One scale for all four, or the eye would compare what cannot be compared.
  const top = roundedUp(Math.max(50, ...WAYS.map((way) => slowest(run.figures[way]))));
  return (
    <section class="nbs nbs-bench" aria-label="Duplex bench" data-on={run.isOn.value}>
      <header>
        <strong>Duplex bench</strong>
        <span class="nbs-state" data-state={isSending ? "connected" : "disconnected"}>
          <span class="nbs-dot" aria-hidden="true" />
          <span>{isSending ? "The same events go all four ways." : "Stopped."}</span>
        </span>
        <button type="button" class="nbs-main" data-action="toggle" onClick={toggle}>
          {isSending ? "Stop" : "Start"}
        </button>
      </header>
      <div class="nbs-tools">
        <Slider
          id={`${id}-rate`}
          field="rate"
          label="Events a second"
          value={rate}
          least={0.5}
          most={20}
          step={0.5}
          unit="/s"
          set={setRate}
        />
        <Slider
          id={`${id}-interval`}
          field="interval"
          label="Poll every"
          value={setting.interval_ms}
          least={100}
          most={5000}
          step={100}
          unit=" ms"
          set={(interval_ms) => run.set({ ...setting, interval_ms })}
        />
        <Slider
          id={`${id}-delay`}
          field="delay"
          label="Network delay, each way"
          value={setting.delay_ms}
          least={0}
          most={500}
          step={10}
          unit=" ms"
          set={(delay_ms) => run.set({ ...setting, delay_ms })}
        />
      </div>
      <div class="nbs-ways">
        {WAYS.map((way) => (
          <WayView key={way} way={way} figures={run.figures[way]} top={top} />
        ))}
      </div>
      {/* It changes with every event: read out only once it rests. */}
      <p class="nbs-said" aria-live={isSending ? "off" : "polite"} data-said>
        {sentence(run.figures, setting)}
      </p>
    </section>
  );
}

interface SliderProps {
  id: string;
  field: string;
  label: string;
  value: number;
  least: number;
  most: number;
  step: number;
  unit: string;
  set: (value: number) => void;
}

function Slider({ id, field, label, value, least, most, step, unit, set }: SliderProps) {
  return (
    <label for={id} class="nbs-slider">
      {label}
      <input
        id={id}
        data-field={field}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value}
        onInput={(moved) => set(moved.currentTarget.valueAsNumber)}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      />
      <output>
        {value}
        {unit}
      </output>
    </label>
  );
}

function WayView({ way, figures, top }: { way: Way; figures: Figures; top: number }) {
  const [title, words] = TITLES[way];
  const mean = meanOf(figures);
  const rows: [string, string, number][] = [
    ["events", "events", figures.events],
    ["requests", "requests", figures.requests],
    ["empty answers", "empty", figures.empty],
    ["header bytes", "header", figures.header_bytes],
    ["– per request", "each", Math.round(figures.header_bytes / Math.max(1, figures.requests))],
    ["payload bytes", "payload", figures.payload_bytes],
  ];
  return (
    <section
      class="nbs-way"
      aria-label={title}
      data-way={way}
      data-events={figures.events}
      data-requests={figures.requests}
      data-bytes={figures.header_bytes + figures.payload_bytes}
      data-mean={mean ?? ""}
    >
      <h4>{title}</h4>
      <p class="nbs-hint">{words}</p>
      <Plot figures={figures} top={top} />
      <p>
        latency <b data-count="latency">{mean === undefined ? "–" : inWords(mean)}</b> on average
      </p>
      <dl>
        {rows
          .filter(([, field]) => way !== "websocket" || field !== "each")
          .map(([label, field, value]) => (
            <div key={field}>
              <dt>{label}</dt>
              <dd data-count={field}>{value.toLocaleString()}</dd>
            </div>
          ))}
      </dl>
      <p class="nbs-last">{figures.last === undefined ? "" : shortened(show(figures.last), 60)}</p>
      {figures.fault && <p class="nbs-problem">{figures.fault}</p>}
    </section>
  );
}

/** Each event as a dot: when it came, and how old it was by then. */
function Plot({ figures, top }: { figures: Figures; top: number }) {
  const now = figures.latest.at(-1)?.at ?? 0;
  const shown = figures.latest.filter((one) => one.at > now - SPAN_MS);
  const mean = meanOf(figures);
  const height = (ms: number) => BASE - (Math.min(ms, top) / top) * (BASE - ROOF);
  return (
    <svg
      class="nbs-plot"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Latency of the latest ${shown.length} events, from 0 to ${inWords(top)}`}
    >
      <line x1="0" y1={ROOF} x2={WIDTH} y2={ROOF} class="nbs-roof" />
      <line x1="0" y1={BASE} x2={WIDTH} y2={BASE} />
      <text x="2" y={ROOF - 3}>
        {inWords(top)}
      </text>
      <text x="2" y={HEIGHT - 2}>
        {`${SPAN_MS / 1000} s ago`}
      </text>
      <text x={WIDTH - 2} y={HEIGHT - 2} text-anchor="end">
        now
      </text>
      {shown.map((one, index) => (
        <circle
          key={index}
          cx={WIDTH - ((now - one.at) / SPAN_MS) * WIDTH}
          cy={height(one.ms)}
          r="2"
        />
      ))}
      {mean !== undefined && (
        <line x1="0" y1={height(mean)} x2={WIDTH} y2={height(mean)} class="nbs-mean" />
      )}
    </svg>
  );
}
