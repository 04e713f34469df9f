// Texts from elsewhere may run from right to left: each stands by itself, so that it does not turn its neighbours.

import { visible } from "./text";

const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1eeff}]/u;
const STRING = /("(?:[^"\\]|\\.)*")/;

/** A name or a text within a line of ours. */
export function Isolated({ children }: { children: string }) {
  return <bdi>{visible(children)}</bdi>;
}

/** JSON on one line: it runs from left to right, each string in it as it does. */
export function Code({ text }: { text: string }) {
  if (!RIGHT_TO_LEFT.test(text)) return <code>{text}</code>;
  // Split by a group, every second part is what the group found.
  const parts = text.split(STRING);
  return (
    <code dir="ltr">
      {parts.map((part, index) => (index % 2 ? <bdi key={index}>{part}</bdi> : part))}
    </code>
  );
}
