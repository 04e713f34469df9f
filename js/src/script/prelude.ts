// Runs in a client cell's frame before all else: its console and its height go to the page around it.

import { tellConsole } from "../client/console";

tellConsole(parent);
new ResizeObserver(() => {
  parent.postMessage({ kind: "height", height: document.body.scrollHeight }, "*");
}).observe(document.body);
