// What a file or a saved notebook may keep of a packet: no `auth`, no ticket, no key, no id of a session.

import type { Packet } from "./store";

const SECRET = /"(sid|pid|key|token|join_token|password|secret)":\s*/gi;
const TEXT = /"(?:[^"\\]|\\.)*"?/y;
const PLAIN = /[^,}\]]*/y;
const CONNECT = /^(40(?:\/[^,]*,?)?)\{[\s\S]*$/;

/** A text without the values of what is secret by its name. */
export function withoutSecrets(text: string): string {
  let safe = "";
  let done = 0;
  SECRET.lastIndex = 0;
  for (let name = SECRET.exec(text); name; name = SECRET.exec(text)) {
    safe += `${text.slice(done, name.index)}"${name[1]}":"…"`;
    done = SECRET.lastIndex = endOfValue(text, SECRET.lastIndex);
  }
  return safe + text.slice(done);
}

/** Where a JSON value ends that begins here; the text may be cut anywhere. */
function endOfValue(text: string, start: number): number {
  let at = start;
  let depth = 0;
  do {
    const character = text[at];
    if (character === '"') {
      TEXT.lastIndex = at;
      TEXT.exec(text);
      at = TEXT.lastIndex;
    } else if (character === "{" || character === "[") {
      depth += 1;
      at += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
      at += 1;
    } else if (depth > 0) {
      at += 1;
    } else {
      PLAIN.lastIndex = at;
      PLAIN.exec(text);
      return Math.max(at, PLAIN.lastIndex);
    }
  } while (depth > 0 && at < text.length);
  return at;
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
