// What a view shows in its place where there is no Jupyter server: the kernel says it, and stays the only one to.

/** Show the kernel's note, if it has one, instead of the view; return how to take it away. */
export function noteInstead(
  model: { get(name: "note"): string },
  el: HTMLElement,
): (() => void) | undefined {
  const said = model.get("note");
  if (!said) return undefined;
  const section = document.createElement("section");
  section.className = "nbs nbs-note";
  const text = document.createElement("p");
  text.setAttribute("role", "status");
  text.textContent = said;
  section.append(text);
  el.append(section);
  return () => section.remove();
}
