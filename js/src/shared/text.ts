// Values as text that is safe to show: control and bidirectional characters are made visible.

const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be made visible
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const LONGEST = 2000;
const SHOWN_BYTES = 32;

/** Show what would be invisible, or would turn the text around, as its code point. */
export function visible(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Cut a long text and say how long it was. */
export function shortened(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  // Not between the two halves of a character beyond the first plane.
  const isHalf = /[\ud800-\udbff]/.test(text[longest - 1] ?? "");
  return `${text.slice(0, isHalf ? longest - 1 : longest)}… (${text.length} characters)`;
}

function describeBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join(" ");
  return `<${bytes.length} bytes: ${shown}${bytes.length > SHOWN_BYTES ? " …" : ""}>`;
}

/** The bytes of a binary value; undefined of any other. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return undefined;
}

/** One argument of an event as one line of text. */
export function show(value: unknown): string {
  const bytes = bytesOf(value);
  if (bytes) return describeBytes(bytes);
  if (value === undefined) return "undefined";
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    const nested = bytesOf(inner);
    return nested ? describeBytes(nested) : inner;
  });
  return visible(shortened(text ?? String(value)));
}
