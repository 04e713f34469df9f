// The only file of the class's panel that knows anywidget.

import type { AnyModel } from "@anywidget/types";
import { signal } from "@preact/signals";
import { render as draw } from "preact";
import { baseUrl } from "../jupyter/server";
import { inHost } from "../shared/host";
import { Panel, type PanelState, TicketDoor } from "./panel";

interface PanelModel {
  channel: string;
  base_url: string;
  public_url: string;
}

type Said = ({ type: "state" } & PanelState) | { type: "door"; code: string };

export default () => {
  const state = signal<PanelState | undefined>(undefined);
  // In this page's memory alone.
  const code = signal("");

  function View({ model }: { model: AnyModel<PanelModel> }) {
    const address = model.get("public_url") || baseUrl(model.get("base_url"));
    if (!state.value && code.value) {
      return <TicketDoor code={code.value} channel={model.get("channel")} address={address} />;
    }
    if (!state.value) {
      return (
        <section class="nbs nbs-panel">
          <header>
            <span class="nbs-hint" role="status">
              No answer from the kernel yet. If it was restarted, run this cell again.
            </span>
          </header>
        </section>
      );
    }
    return (
      <Panel
        state={state.value}
        code={code.value}
        channel={model.get("channel")}
        address={address}
        act={(what, who) => model.send({ what, who })}
      />
    );
  }

  return {
    initialize({ model }: { model: AnyModel<PanelModel> }) {
      const onMessage = (message: Said) => {
        if (message.type === "door") code.value = message.code;
        else if (message.type === "state") state.value = message;
      };
      model.on("msg:custom", onMessage);
      return () => model.off("msg:custom", onMessage);
    },
    render: inHost<PanelModel>(({ model, el }) => {
      model.send({ what: "door" });
      draw(<View model={model} />, el);
      return () => draw(null, el);
    }),
  };
};
