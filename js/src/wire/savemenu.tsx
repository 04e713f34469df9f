// What is kept, as a file that other tools read.

import { asHar, asJson, asMermaid, asSvg } from "./exports";
import type { Painted } from "./ladderview";
import type { Store } from "./store";

function download(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

interface Given {
  name: string;
  store: Store;
  /** The ladder as it is seen. */
  seen: () => Painted | undefined;
}

export function SaveMenu({ name, store, seen }: Given) {
  function save(kind: string): void {
    if (kind === "har") download(`${name}.har`, "application/json", asHar(store, location.href));
    if (kind === "json") download(`${name}.json`, "application/json", asJson(store));
    if (kind === "mermaid") download(`${name}.mmd`, "text/plain", asMermaid(store));
    const painted = seen();
    if (kind === "svg" && painted) {
      download(`${name}.svg`, "image/svg+xml", asSvg(painted.scene, painted.width, painted.height));
    }
  }

  return (
    <label class="nbs-check">
      <span class="nbs-hidden">Save as</span>
      <select
        data-field="export"
        value=""
        onChange={(changed) => {
          save(changed.currentTarget.value);
          changed.currentTarget.value = "";
        }}
        onKeyDown={(pressed) => pressed.stopPropagation()}
      >
        <option value="">Save as…</option>
        <option value="har">HAR</option>
        <option value="json">JSON</option>
        <option value="mermaid">Mermaid</option>
        <option value="svg">SVG of the ladder</option>
      </select>
    </label>
  );
}
