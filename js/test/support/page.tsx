// What a person does on a page, for tests of what it shows.

import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";

const mounted: HTMLElement[] = [];

/** Draw into the page; returns the element that holds it. */
export function mount(node: ComponentChild): HTMLElement {
  const el = document.createElement("div");
  document.body.append(el);
  mounted.push(el);
  void act(() => render(node, el));
  return el;
}

/** Take away all that was drawn. */
export function unmountAll(): void {
  for (const el of mounted.splice(0)) {
    void act(() => render(null, el));
    el.remove();
  }
}

/** The one element that fits; it is an error if there is none. */
export function one<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (!found) throw new Error(`nothing is ${selector}`);
  return found;
}

export function all<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E[] {
  return [...root.querySelectorAll<E>(selector)];
}

/** The texts of all that fit, with single spaces. */
export function texts(root: ParentNode, selector: string): string[] {
  return all(root, selector).map(said);
}

/** What an element says, with single spaces. */
export function said(el: Element): string {
  return (el.textContent ?? "").replace(/\s+/g, " ").trim();
}

export function action(root: ParentNode, name: string): HTMLButtonElement {
  return one<HTMLButtonElement>(root, `[data-action="${name}"]`);
}

export function field(root: ParentNode, name: string): HTMLInputElement {
  return one<HTMLInputElement>(root, `[data-field="${name}"]`);
}

export function click(el: HTMLElement): void {
  void act(() => el.click());
}

/** Let an event happen, and everything that follows from it at once. */
export function happen(el: EventTarget, event: Event): Event {
  void act(() => {
    el.dispatchEvent(event);
  });
  return event;
}

export function type(el: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  el.value = text;
  happen(el, new Event("input", { bubbles: true }));
}

export function change(el: HTMLInputElement | HTMLSelectElement, value: string): void {
  el.value = value;
  happen(el, new Event("change", { bubbles: true }));
}

/** Check or uncheck a box. */
export function check(el: HTMLInputElement, isOn: boolean): void {
  el.checked = isOn;
  happen(el, new Event("change", { bubbles: true }));
}

export function submit(form: HTMLElement): void {
  happen(form, new Event("submit", { bubbles: true, cancelable: true }));
}

export function press(el: HTMLElement, key: string, init: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  happen(el, event);
  return event;
}

/** Change a signal from outside, and draw. */
export function now(change: () => void): void {
  void act(change);
}

/** Wait for what is on its way, and draw. */
export async function settle(turn: () => Promise<unknown> | undefined = () => undefined) {
  await act(async () => {
    await turn();
  });
}
