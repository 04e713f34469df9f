// A widget's model as a notebook gives it, and what the kernel hears of it.

export class Model {
  readonly sent: Record<string, unknown>[] = [];
  private readonly handlers = new Map<string, Set<(message: unknown) => void>>();
  /** Whether the kernel that it belongs to is gone. */
  isDead = false;

  constructor(private readonly state: Record<string, unknown>) {}

  get(key: string): unknown {
    return this.state[key];
  }

  set(key: string, value: unknown): void {
    this.state[key] = value;
  }

  on(name: string, handler: (message: unknown) => void): void {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(handler));
  }

  off(name: string, handler: (message: unknown) => void): void {
    this.handlers.get(name)?.delete(handler);
  }

  /** To the kernel. */
  send(message: Record<string, unknown>): void {
    if (this.isDead) throw new Error("the comm is closed");
    this.sent.push(message);
  }

  /** From the kernel. */
  say(message: unknown): void {
    this.trigger("msg:custom", message);
  }

  trigger(name: string, message?: unknown): void {
    for (const handler of this.handlers.get(name) ?? []) handler(message);
  }

  get listeners(): number {
    return [...this.handlers.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

interface Widget {
  initialize?(props: { model: never }): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each widget has a model of its own
  render(props: any): () => void;
}

/** A widget with its model, in a page. */
export function widgetOf(widget: Widget, state: Record<string, unknown>) {
  const model = new Model(state);
  const given = model as never;
  const dispose = (widget.initialize?.({ model: given }) ?? (() => undefined)) as () => void;
  const render = () => {
    const el = document.createElement("div");
    document.body.append(el);
    const remove = widget.render({ model, el });
    return {
      el,
      remove: () => {
        remove();
        el.remove();
      },
    };
  };
  return { model, dispose, render };
}
