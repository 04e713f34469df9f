// What a saved notebook keeps of a pane: the latest rows of its log as plain values.

import { shortened, show } from "../shared/text";
import type { PaneConnection } from "./connection";

const ROWS = 30;
const LONGEST = 160;

export function snapshot(connection: PaneConnection): object {
  return {
    state: connection.state.value,
    rows: connection.log.kept.slice(-ROWS).map((entry) => ({
      time: entry.at.toTimeString().slice(0, 8),
      kind: entry.kind,
      event: shortened(entry.event, 60),
      text: shortened(
        [
          entry.args.map(show).join(", "),
          entry.ack?.state === "answered"
            ? `acknowledged: ${entry.ack.args.map(show).join(", ") || "(nothing)"}`
            : "",
        ]
          .filter(Boolean)
          .join("; "),
        LONGEST,
      ),
    })),
  };
}
