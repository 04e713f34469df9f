// The comm of an anywidget model, for the connections of its view.

import type { AnyModel } from "@anywidget/types";
import type { CommPort, StreamMessage } from "./comm_socket";

// biome-ignore lint/suspicious/noExplicitAny: any widget's model
export function commPort(model: AnyModel<any>): CommPort {
  return {
    send: (content, buffers) => model.send(content, undefined, buffers),
    listen: (call) => {
      // Some hosts give none where there are none.
      const onMessage = (content: StreamMessage, buffers?: BufferSource[]) =>
        call(content, buffers ?? []);
      model.on("msg:custom", onMessage);
      return () => model.off("msg:custom", onMessage);
    },
  };
}
