// JSON arguments as someone types them: the value, or what is wrong, in words.

export type Parsed = { ok: true; value: unknown } | { ok: false; problem: string };

/** Read one argument's text; only white space means "no such argument". */
export function parseArgument(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    const problem = problemOfNumbers(text);
    return problem ? { ok: false, problem } : { ok: true, value };
  } catch (error) {
    return { ok: false, problem: explain(text.trim(), error) };
  }
}

/** Names that client and server libraries keep for themselves. */
const RESERVED = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

/** Why an event cannot be called so; empty if it can. */
export function problemOfName(name: string): string {
  if (name === "") return "An event needs a name.";
  return RESERVED.has(name) ? `“${name}” is Socket.IO's own event: choose another name.` : "";
}

const TEXTS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** What a number in a JSON text would become on the way; empty if all arrive as they are typed. */
function problemOfNumbers(text: string): string {
  for (const [token] of text.matchAll(TEXTS_AND_NUMBERS)) {
    if (token.startsWith('"')) continue;
    const value = Number(token);
    if (!Number.isFinite(value)) return `${token} is too large for a JavaScript number. ${AS_TEXT}`;
    if (/^-?\d+$/.test(token) && BigInt(token) !== BigInt(value)) {
      return `${token} would arrive as ${BigInt(value)}: whole numbers are exact up to ±9007199254740991. ${AS_TEXT}`;
    }
    if (Object.is(value, -0))
      return `${token} would arrive as 0. Write 0, or text in double quotes.`;
  }
  return "";
}

const AS_TEXT = "Send it as text, in double quotes.";

function explain(text: string, error: unknown): string {
  if (/^'.*'$/s.test(text)) return 'JSON wants double quotes: "…"';
  if (/[[{,:]\s*'/.test(text)) return 'JSON wants double quotes, not single ones: {"a": "b"}';
  if (/^[\p{L}_][^"[\]{}]*$/u.test(text)) return `Text needs double quotes: "${text.slice(0, 30)}"`;
  if (/[{,]\s*[\p{L}_][\p{L}\p{N}_]*\s*:/u.test(text))
    return 'Names in an object need double quotes: {"a": 1}';
  if (/,\s*[}\]]$/.test(text)) return "There is an extra comma at the end";
  const message = error instanceof Error ? error.message : String(error);
  const where = /position (\d+)/.exec(message)?.[1];
  return where === undefined
    ? "This is not complete JSON yet"
    : `Not JSON at character ${Number(where) + 1}`;
}
