// The saved picture of a widget: what a notebook shows without a kernel and without JavaScript.
// The page tells the kernel what there is to see, now and then; the kernel writes it as HTML.

import type { AnyModel } from "@anywidget/types";
import { effect, type Signal } from "@preact/signals";

const EVERY_MS = 2000;

/** Hide the saved picture while the living widget is there; returns what shows it again. */
export function hideSaved(savedId: string): () => void {
  if (!/^[\w-]+$/.test(savedId)) return () => undefined;
  const style = document.createElement("style");
  style.textContent = `.nbs-saved-${savedId}{display:none}`;
  document.head.append(style);
  return () => style.remove();
}

/** Tells the kernel at most once in two seconds, and waits for its answer before it tells again. */
export class Snapshots {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isWaiting = false;
  private isStale = false;
  private readonly dispose: () => void;
  private readonly onMessage = (message: { type?: string }) => {
    if (message.type !== "saved") return;
    this.isWaiting = false;
    if (this.isStale) this.soon();
  };

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: any widget's model
    private readonly model: AnyModel<any>,
    version: Signal<number>,
    private readonly take: () => object,
  ) {
    model.on("msg:custom", this.onMessage);
    this.dispose = effect(() => {
      if (version.value > 0) this.soon();
    });
  }

  stop(): void {
    this.dispose();
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.onMessage);
  }

  private soon(): void {
    this.isStale = true;
    if (this.isWaiting || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.isStale = false;
      this.isWaiting = true;
      try {
        this.model.send({ type: "snapshot", ...this.take() });
      } catch {
        // The kernel this widget belongs to is gone, and the picture stays as it is.
        this.stop();
      }
    }, EVERY_MS);
  }
}
