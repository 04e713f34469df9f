// The only file of the bench that knows anywidget.

import type { AnyModel } from "@anywidget/types";
import { signal } from "@preact/signals";
import { render as draw } from "preact";
import { baseUrl } from "../jupyter/server";
import { inHost } from "../shared/host";
import { hideSaved, Snapshots } from "../shared/saved";
import { Bench } from "./bench";
import { meanOf, Run, sentence } from "./run";
import { WAYS } from "./ways";

interface BenchModel {
  channel: string;
  base_url: string;
  rate: number;
  interval: number;
  running: boolean;
  saved_id: string;
}

export default () => {
  let run: Run | undefined;
  let snapshots: Snapshots | undefined;
  let views = 0;

  // With the first view: before it the model may not have its values yet.
  function runOf(model: AnyModel<BenchModel>): Run {
    if (!run) {
      const mine = new Run(baseUrl(model.get("base_url")), model.get("channel"));
      mine.set({ interval_ms: model.get("interval") * 1000, delay_ms: 0 });
      snapshots = new Snapshots(model, mine.version, () => picture(mine));
      run = mine;
    }
    return run;
  }

  function picture(mine: Run): object {
    return {
      said: sentence(mine.figures, mine.setting.value),
      rows: WAYS.map((way) => {
        const one = mine.figures[way];
        const mean = meanOf(one);
        return {
          way,
          events: one.events,
          requests: one.requests,
          empty: one.empty,
          "header bytes": one.header_bytes,
          "payload bytes": one.payload_bytes,
          "mean latency": mean === undefined ? "" : `${Math.round(mean)} ms`,
        };
      }),
    };
  }

  return {
    initialize() {
      return () => {
        snapshots?.stop();
        void run?.stop();
      };
    },
    render: inHost<BenchModel>(({ model, el }) => {
      const mine = runOf(model);
      const show = hideSaved(model.get("saved_id"));
      const rate = signal(model.get("rate"));
      const isSending = signal(model.get("running"));
      views += 1;
      const follow = () => {
        if (rate.value !== model.get("rate")) mine.startOver();
        rate.value = model.get("rate");
        isSending.value = model.get("running");
        if (isSending.value) void mine.start();
        else void mine.stop();
      };
      model.on("change:rate", follow);
      model.on("change:running", follow);
      follow();

      function View() {
        return (
          <Bench
            run={mine}
            rate={rate.value}
            isSending={isSending.value}
            setRate={(wanted) => model.send({ type: "rate", rate: wanted })}
            toggle={() => model.send({ type: isSending.value ? "stop" : "start" })}
          />
        );
      }
      draw(<View />, el);
      return () => {
        model.off("change:rate", follow);
        model.off("change:running", follow);
        draw(null, el);
        show();
        views -= 1;
        if (views === 0) void mine.stop();
      };
    }),
  };
};
