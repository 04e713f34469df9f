// JSON arguments as someone types them: the value, or what is wrong, in words.

export type Parsed = { ok: true; value: unknown } | { ok: false; problem: string };

/** Read one argument's text; only white space means "no such argument". */
export function parseArgument(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, problem: explain(text.trim(), error) };
  }
}

function explain(text: string, error: unknown): string {
  if (/^'.*'$/s.test(text)) return 'JSON wants double quotes: "…"';
  if (/^[\p{L}_][^"[\]{}]*$/u.test(text)) return `Text needs double quotes: "${text.slice(0, 30)}"`;
  if (/[{,]\s*[\p{L}_]\w*\s*:/u.test(text))
    return 'Names in an object need double quotes: {"a": 1}';
  if (/,\s*[}\]]$/.test(text)) return "There is a comma too many at the end";
  const message = error instanceof Error ? error.message : String(error);
  const where = /position (\d+)/.exec(message)?.[1];
  return where === undefined
    ? "This is not complete JSON yet"
    : `Not JSON at character ${Number(where) + 1}`;
}
