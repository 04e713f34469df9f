// What a notebook gives a view: an element whose keys are the view's, and a kernel that is told how many views there are.

import type { AnyModel, RenderProps } from "@anywidget/types";

const SUPPRESS = "data-lm-suppress-shortcuts";
let isGuarding = false;
const counts = new WeakMap<object, number>();

/** Keys with Ctrl, Alt or Meta stay the notebook's: Ctrl+S saves it from here, too. */
function isPlain(pressed: KeyboardEvent): boolean {
  return !(pressed.ctrlKey || pressed.altKey || pressed.metaKey);
}

function guardKeys(el: HTMLElement): void {
  // For notebooks that listen on the page itself.
  el.addEventListener("keydown", (pressed) => {
    if (isPlain(pressed)) pressed.stopPropagation();
  });
  if (isGuarding) return;
  isGuarding = true;
  // JupyterLab listens on the document before anybody below it, and looks for this attribute.
  window.addEventListener(
    "keydown",
    (pressed) => {
      const target = pressed.target instanceof Element ? pressed.target : undefined;
      target?.closest(".nbs-host")?.toggleAttribute(SUPPRESS, isPlain(pressed));
    },
    true,
  );
}

/** Tell the kernel how many views its widget has; it lets one go that a later run has replaced. */
// biome-ignore lint/suspicious/noExplicitAny: any widget's model
function count(model: AnyModel<any>, step: number): void {
  const views = (counts.get(model) ?? 0) + step;
  counts.set(model, views);
  try {
    model.send({ type: "views", count: views });
  } catch {
    // The kernel that it belongs to is gone.
  }
}

/** What the kernel says instead of the view where there is no Jupyter server. */
function note(el: HTMLElement, said: string): void {
  const section = document.createElement("section");
  section.className = "nbs nbs-note";
  const text = document.createElement("p");
  text.setAttribute("role", "status");
  text.style.cssText = "margin:0;padding:8px";
  text.textContent = said;
  section.append(text);
  el.append(section);
}

/** A widget's `render`, in its host. */
export function inHost<Model extends object>(
  render: (props: RenderProps<Model>) => () => void,
): (props: RenderProps<Model>) => () => void {
  return (props) => {
    const { el, model } = props;
    el.classList.add("nbs-host");
    const said = (model as unknown as AnyModel<{ note?: string }>).get("note");
    if (said) {
      note(el, said);
      return () => el.replaceChildren();
    }
    guardKeys(el);
    count(model, 1);
    const remove = render(props);
    return () => {
      remove();
      count(model, -1);
    };
  };
}
