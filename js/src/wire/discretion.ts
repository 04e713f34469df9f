// What a file or a saved notebook may keep of a packet: no `auth`, no ticket, no key, no id of a session.

import type { Packet } from "./store";

const SECRETS = /"(sid|pid|key|token|join_token|password|secret)":\s*"(?:[^"\\]|\\.)*"?/gi;
const CONNECT = /^(40(?:\/[^,]*,?)?)\{[\s\S]*$/;

/** A text without the values of what is secret by its name. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRETS, '"$1":"…"');
}

export interface Discreet {
  /** The packet's content as text. */
  text: string;
  /** What it carries, as JSON text. */
  args: string;
  /** Whether something was left out, so that its bytes must be left out, too. */
  isCut: boolean;
}

/** What may be kept of a packet. What a client says at the door of its namespace is left out whole. */
export function discreet({ direction, decoded }: Packet): Discreet {
  if (direction === "in" && decoded.socket === "CONNECT" && decoded.args) {
    return { text: decoded.text.replace(CONNECT, "$1…"), args: "…", isCut: true };
  }
  const text = withoutSecrets(decoded.text);
  return { text, args: withoutSecrets(decoded.args), isCut: text !== decoded.text };
}
