// The lines of a frame's console, as a list that scrolls.

import { asText, type Line } from "../client/console";
import { BoundedLog, batched } from "./log";
import { visible } from "./text";

const KEPT_LINES = 2000;
const SHOWN_LINES = 300;

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

/** The latest lines, and how many there were. */
export class Lines {
  readonly leftOut = element("p", "nbs-left-out");
  /** Scrolls, so the keyboard must reach it. */
  readonly element = element("div", "nbs-lines");
  private readonly list = element("ol", "");
  private readonly log = new BoundedLog<Line>(KEPT_LINES);
  private readonly draw = batched(() => {
    const kept = this.log.kept;
    const shown = kept.slice(-SHOWN_LINES);
    this.list.replaceChildren(
      ...shown.map(({ level, text }) => {
        const line = element("li", "");
        line.textContent = visible(text);
        line.dir = "auto";
        line.dataset.level = level;
        return line;
      }),
    );
    const missing = this.count - shown.length;
    this.leftOut.textContent = missing
      ? `${missing.toLocaleString()} earlier lines are not shown.`
      : "";
    this.element.scrollTop = this.element.scrollHeight;
    this.changed(this.count);
  });

  constructor(
    name: string,
    private readonly changed: (count: number) => void,
  ) {
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "log");
    this.element.setAttribute("aria-label", `Console of ${name}`);
    this.element.append(this.list);
  }

  get count(): number {
    return this.log.dropped + this.log.kept.length;
  }

  add(lines: unknown[]): void {
    for (const line of lines as Partial<Line>[]) {
      this.log.push({ level: asText(line?.level), text: asText(line?.text) });
    }
    this.draw();
  }
}
