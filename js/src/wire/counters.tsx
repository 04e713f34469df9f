// What a wire view says in words and numbers.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Feed, FeedState } from "./feed";

export const WORDS: Record<FeedState, string> = {
  connecting: "Connecting…",
  live: "Live",
  waiting:
    "No kernel holds this channel. Run the cell that creates the server; this view then reconnects automatically.",
  reconnecting: "The Jupyter server does not answer; trying again…",
  error: "This view is refused:",
  closed: "Closed",
};

export function Counters(props: {
  feed: Feed;
  isCrossed: boolean;
  showCrossings: (isWanted: boolean) => void;
}) {
  const { feed, isCrossed, showCrossings } = props;
  const { store } = feed;
  void feed.version.value;
  const clock = (ahead: number | undefined, error: number | undefined) =>
    error === undefined
      ? "not known yet"
      : `${(Math.round((ahead ?? 0) * 10) / 10 || 0).toFixed(1)} ± ${error.toFixed(1)} ms`;
  return (
    <ul class="nbs-counters" aria-label="Counters">
      <li>
        packets <b data-count="seen">{store.seen.toLocaleString()}</b>
      </li>
      <li
        data-flooded={store.leftOut > 0}
        title="Packets that were only counted, since there were too many to show"
      >
        left out <b data-count="left-out">{store.leftOut.toLocaleString()}</b>
      </li>
      {store.kernelLeftOut > 0 && (
        <li title="Times that the kernel did not report: handler runs and arrivals missing from the ladder">
          kernel's times left out{" "}
          <b data-count="kernel-left-out">{store.kernelLeftOut.toLocaleString()}</b>
        </li>
      )}
      <li title="Pairs of packets that met on their way: that is full duplex">
        crossings <b data-count="crossings">{store.crossings.toLocaleString()}</b>{" "}
        <button
          type="button"
          data-action="crossings"
          aria-pressed={isCrossed}
          disabled={store.crossings === 0}
          onClick={() => showCrossings(!isCrossed)}
        >
          {isCrossed ? "Show all rows" : "Show their rows ◆"}
        </button>
      </li>
      <li title="How far the server's clock is ahead of this page's">
        server clock <b>{clock(store.clock.ahead, store.clock.error)}</b>
      </li>
      <li title="How far the kernel's clock is ahead of the server's">
        kernel clock <b>{clock(store.kernelAhead, store.kernelError)}</b>
      </li>
    </ul>
  );
}

export function Legend() {
  return (
    <ul class="nbs-legend" aria-label="Legend">
      <li data-kind="in">to the server</li>
      <li data-kind="out">to the client</li>
      <li data-kind="handler">handler runs</li>
      <li data-kind="cell">cell busy</li>
      <li data-kind="crossing">they crossed</li>
      <li data-kind="band">many at once</li>
      <li data-kind="supposed">client's time unknown</li>
    </ul>
  );
}

/** Tells a screen reader how it goes, seldom. */
export function Announcer({ feed }: { feed: Feed }) {
  const said = useSignal("");
  useSignalEffect(() => {
    said.value = WORDS[feed.state.value];
  });
  useEffect(() => {
    let before = 0;
    const timer = setInterval(() => {
      const { seen, crossings } = feed.store;
      if (seen !== before) said.value = `${seen} packets, ${crossings} crossings`;
      before = seen;
    }, 5000);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="nbs-hidden" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
