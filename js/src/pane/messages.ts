// Messages that a person keeps for this channel, in this browser. Never a secret: only events and their arguments.

export interface Message {
  event: string;
  args: string[];
}

const MOST = 50;

function key(channel: string): string {
  return `nbsocket.messages.${channel}`;
}

function isMessage(value: unknown): value is Message {
  const one = value as Message | null;
  return (
    typeof one === "object" &&
    one !== null &&
    typeof one.event === "string" &&
    Array.isArray(one.args) &&
    one.args.every((argument) => typeof argument === "string")
  );
}

/** By channel: what lasts as long as a page that may not keep anything. */
const ofThisPage = new Map<string, Message[]>();

/** The kept messages. */
export function savedMessages(channel: string): Message[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(channel)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isMessage).slice(-MOST) : [];
  } catch {
    return ofThisPage.get(channel) ?? [];
  }
}

/** Keep a message, once; returns all that are kept now. */
export function keepMessage(channel: string, message: Message): Message[] {
  const same = JSON.stringify(message);
  const others = savedMessages(channel).filter((one) => JSON.stringify(one) !== same);
  const kept = [...others, message].slice(-MOST);
  try {
    localStorage.setItem(key(channel), JSON.stringify(kept));
  } catch {
    ofThisPage.set(channel, kept);
  }
  return kept;
}
