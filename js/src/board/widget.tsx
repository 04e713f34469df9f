// The only file of the board that knows anywidget.

import type { AnyModel } from "@anywidget/types";
import { signal } from "@preact/signals";
import { render as draw } from "preact";
import { inHost } from "../shared/host";
import { batched } from "../shared/log";
import { hideSaved, Snapshots } from "../shared/saved";
import { type BoardKind, BoardView } from "./boardview";

interface BoardModel {
  kind: BoardKind;
  title: string;
  saved_id: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what it holds follows from its kind
type Data = any[];
type Said = { type: string; data: Data; left_out?: number };

export default () => {
  const version = signal(0);
  let data: Data = [];
  let leftOut = 0;
  const changed = batched(() => {
    version.value += 1;
  });

  function View({ model }: { model: AnyModel<BoardModel> }) {
    void version.value;
    return (
      <section class="nbs" aria-label={model.get("title") || "Board"}>
        <BoardView
          kind={model.get("kind")}
          title={model.get("title")}
          data={data}
          left_out={leftOut}
        />
      </section>
    );
  }

  function rows(kind: BoardKind): object {
    if (kind === "wall") return { count: data.length };
    if (kind === "table") return { rows: data };
    return { rows: data.map(([label, number]) => ({ "": label, number })) };
  }

  return {
    initialize({ model }: { model: AnyModel<BoardModel> }) {
      const onMessage = (message: Said) => {
        if (message.type === "data") {
          data = message.data;
          leftOut = message.left_out ?? 0;
        } else if (message.type === "more") data = [...data, ...message.data];
        else return;
        changed();
      };
      model.on("msg:custom", onMessage);
      const snapshots = new Snapshots(model, version, () => rows(model.get("kind")));
      return () => {
        model.off("msg:custom", onMessage);
        snapshots.stop();
      };
    },
    render: inHost<BoardModel>(({ model, el }) => {
      const show = hideSaved(model.get("saved_id"));
      model.send({ type: "show" });
      draw(<View model={model} />, el);
      return () => {
        draw(null, el);
        show();
      };
    }),
  };
};
