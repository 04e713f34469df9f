// The only file of the pane that knows anywidget: connect with the first view, leave after the last.

import type { AnyModel } from "@anywidget/types";
import { render as draw } from "preact";
import { baseUrl } from "../jupyter/server";
import { commPort } from "../shared/comm_port";
import { inHost } from "../shared/host";
import { hideSaved, Snapshots } from "../shared/saved";
import { CALM, type Weather } from "../shared/weather";
import { PaneConnection } from "./connection";
import { Pane } from "./pane";
import type { Route } from "./routes";
import { snapshot } from "./snapshot";

export interface PaneModel {
  channel: string;
  name: string;
  pane_id: string;
  base_url: string;
  saved_id: string;
  /** The only route to take; empty for whichever works. */
  route?: Route | "";
  /** What the kernel says of the weather; seconds are milliseconds here already. */
  weather: Partial<Weather>;
}

interface HandlerOutput {
  type: "handler_output";
  items: {
    kind: "stdout" | "stderr" | "unanswered" | "rooms" | "lit" | "cut";
    event: string;
    text: string;
    cut?: boolean;
  }[];
}

const LEAVE_AFTER_MS = 2000;

export default () => {
  let connection: PaneConnection | undefined;
  let snapshots: Snapshots | undefined;
  let unfollow = () => {};
  let views = 0;
  let leaving: ReturnType<typeof setTimeout> | undefined;

  function join(model: AnyModel<PaneModel>): PaneConnection {
    views += 1;
    clearTimeout(leaving);
    if (!connection) {
      connection = new PaneConnection({
        channel: model.get("channel"),
        paneId: model.get("pane_id"),
        name: model.get("name"),
        base: model.get("base_url") && baseUrl(model.get("base_url")),
        port: commPort(model),
        pinned: model.get("route") ?? "",
      });
      const mine = connection;
      const follow = () => mine.setWeather({ ...CALM, ...model.get("weather") });
      follow();
      model.on("change:weather", follow);
      unfollow = () => model.off("change:weather", follow);
      void connection.connect();
      snapshots = new Snapshots(model, mine.version, () => snapshot(mine));
    }
    return connection;
  }

  function leave(): void {
    views -= 1;
    if (views > 0) return;
    leaving = setTimeout(close, LEAVE_AFTER_MS);
  }

  function close(): void {
    snapshots?.stop();
    unfollow();
    connection?.disconnect("The pane was closed.");
    connection = snapshots = undefined;
  }

  return {
    initialize({ model }: { model: AnyModel<PaneModel> }) {
      const onMessage = (message: HandlerOutput) => {
        if (message.type !== "handler_output") return;
        for (const item of message.items) {
          if (item.kind === "unanswered") {
            connection?.handlerFailed(Number(item.text));
            continue;
          }
          if (item.kind === "rooms") {
            connection?.inRooms(JSON.parse(item.text) as string[]);
            continue;
          }
          if (item.kind === "cut") {
            connection?.cut();
            continue;
          }
          if (item.kind === "lit") {
            connection?.lightUp();
            continue;
          }
          const text = item.cut ? `${item.text} … (more was printed; see the cell)` : item.text;
          connection?.handlerSaid(
            item.kind === "stdout" ? "print" : "error",
            item.event,
            text.trimEnd(),
          );
        }
      };
      // So the widget manager says that the kernel was restarted: the new one does not know this widget.
      const onOrphaned = () => {
        connection?.orphaned();
      };
      model.on("msg:custom", onMessage);
      model.on("comm_live_update", onOrphaned);
      return () => {
        model.off("msg:custom", onMessage);
        model.off("comm_live_update", onOrphaned);
        clearTimeout(leaving);
        close();
      };
    },
    render: inHost<PaneModel>(({ model, el }) => {
      const joined = join(model);
      const show = hideSaved(model.get("saved_id"));
      draw(
        <Pane connection={joined} name={model.get("name")} channel={model.get("channel")} />,
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
