// The only file of the wire view that knows anywidget.

import type { AnyModel } from "@anywidget/types";
import { render as draw } from "preact";
import { baseUrl } from "../jupyter/server";
import { commPort } from "../shared/comm_port";
import { inHost } from "../shared/host";
import { hideSaved, Snapshots } from "../shared/saved";
import { timesOf } from "../shared/times";
import { Attempt } from "./attempt";
import { Feed } from "./feed";
import { snapshot } from "./snapshot";
import { Wire } from "./wire";

export interface WireModel {
  channel: string;
  base_url: string;
  saved_id: string;
}

export default () => {
  let feed: Feed | undefined;
  let snapshots: Snapshots | undefined;
  let views = 0;

  function join(model: AnyModel<WireModel>, base: string): Feed {
    views += 1;
    if (!feed) {
      const mine = new Feed(
        base,
        model.get("channel"),
        (paneId) => timesOf(paneId)?.name,
        commPort(model),
      );
      feed = mine;
      mine.open();
      snapshots = new Snapshots(model, mine.version, () => snapshot(mine.store));
    }
    return feed;
  }

  function leave(): void {
    views -= 1;
    if (views > 0) return;
    snapshots?.stop();
    feed?.close();
    feed = snapshots = undefined;
  }

  return {
    render: inHost<WireModel>(({ model, el }) => {
      const known = model.get("base_url");
      const base = known && baseUrl(known);
      const joined = join(model, base);
      const show = hideSaved(model.get("saved_id"));
      draw(
        <Wire
          feed={joined}
          channel={model.get("channel")}
          attempt={new Attempt(base, model.get("channel"), commPort(model))}
        />,
        el,
      );
      return () => {
        draw(null, el);
        show();
        leave();
      };
    }),
  };
};
