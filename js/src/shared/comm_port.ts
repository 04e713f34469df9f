// The comm of an anywidget model, for the connections of its view.

import type { AnyModel } from "@anywidget/types";
import type { CommPort, StreamMessage } from "./comm_socket";

/** What a page sends past a cell that runs; the content as text, since a kernel in the browser would change it. */
interface PastTheCell {
  text: string;
  buffers: Uint8Array<ArrayBuffer>[];
}

// biome-ignore lint/suspicious/noExplicitAny: any widget's model
export function commPort(model: AnyModel<any>): CommPort {
  // Where the kernel runs in this browser: its comm messages would wait until the cell has ended.
  const name = model.get("bypass") as string | undefined;
  const bypass = name ? new BroadcastChannel(name) : undefined;
  return {
    send: (content, buffers) => {
      if (bypass) {
        const message: PastTheCell = { text: JSON.stringify(content), buffers };
        bypass.postMessage(message);
      } else {
        model.send(content, undefined, buffers);
      }
    },
    listen: (call) => {
      // Some hosts give none where there are none.
      const onMessage = (content: StreamMessage, buffers?: BufferSource[]) =>
        call(content, buffers ?? []);
      model.on("msg:custom", onMessage);
      return () => model.off("msg:custom", onMessage);
    },
  };
}
