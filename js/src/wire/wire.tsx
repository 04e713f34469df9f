// The whole wire view: counters, ladder, frames, X-ray.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { visible } from "../shared/text";
import type { Attempt } from "./attempt";
import { Announcer, Counters, WORDS } from "./counters";
import type { Feed } from "./feed";
import { CROSSED, EVERYTHING, type Filter, Frames } from "./frames";
import { LadderView, type Painted } from "./ladderview";
import { SaveMenu } from "./savemenu";
import { Span } from "./span";
import type { Packet } from "./store";
import { XRay } from "./xrayview";

export function Wire(props: { feed: Feed; channel: string; attempt: Attempt }) {
  const { feed, channel } = props;
  const { store } = feed;
  // Reading the version makes this draw again after every batch.
  void feed.version.value;
  const span = useRef(new Span(store)).current;
  const chosen = useSignal<Packet | undefined>(undefined);
  const filter = useSignal<Filter>(EVERYTHING);
  const painted = useRef<Painted | undefined>(undefined);
  const attempt = useRef(props.attempt);
  const state = feed.state.value;

  function choose(packet: Packet | undefined): void {
    chosen.value = packet;
    if (packet) span.show(packet);
  }

  function clear(): void {
    store.clear();
    chosen.value = undefined;
    feed.changed();
  }

  return (
    <section
      class="nbs nbs-wire"
      aria-label={`Wire of ${channel}`}
      data-wire={channel}
      data-state={state}
      data-seen={store.seen}
      data-left-out={store.leftOut}
      data-crossings={store.crossings}
    >
      <header>
        <strong>Wire of {visible(channel)}</strong>
        <span class="nbs-state" data-state={state === "live" ? "connected" : state}>
          <span class="nbs-dot" aria-hidden="true" />
          <span data-words>
            {span.isPaused && state === "live" ? "Paused; packets are still counted" : WORDS[state]}
            {state === "error" && ` ${visible(feed.detail.value)}`}
            {store.isCellBusy && <em class="nbs-hint"> – a cell is busy</em>}
          </span>
        </span>
        <span class="nbs-group">
          <button
            type="button"
            data-action="pause"
            aria-pressed={span.isPaused}
            onClick={() => span.pause()}
          >
            {span.isPaused ? "Resume" : "Pause"}
          </button>
          <button type="button" data-action="clear" onClick={clear}>
            Clear
          </button>
          <SaveMenu name={`${channel}-wire`} store={store} seen={() => painted.current} />
        </span>
      </header>
      <Counters
        feed={feed}
        isCrossed={filter.value.kind === CROSSED}
        showCrossings={(isWanted) => {
          filter.value = { ...EVERYTHING, kind: isWanted ? CROSSED : "" };
        }}
      />
      <LadderView feed={feed} span={span} chosen={chosen.value} choose={choose} painted={painted} />
      <Frames
        feed={feed}
        pausedAt={span.pausedAt.value}
        chosen={chosen.value}
        choose={choose}
        filter={filter}
      />
      {chosen.value && (
        <XRay
          packet={chosen.value}
          attempt={attempt.current}
          close={() => {
            chosen.value = undefined;
          }}
        />
      )}
      <Announcer feed={feed} />
    </section>
  );
}
