// A value as a tree that opens on demand, and bytes as a hex dump.

import { Code, Isolated } from "../shared/isolated";
import { bytesOf, shortened, show } from "../shared/text";

const LONG = 60;
const MOST_CHILDREN = 200;
const SHOWN_BYTES = 1024;
const PER_LINE = 16;

/** One argument: on one line; if that is long, with all of it behind a triangle. */
export function Value({ value }: { value: unknown }) {
  const line = show(value);
  const bytes = bytesOf(value);
  const isLong = bytes ? bytes.length > 0 : typeof value === "object" && line.length > LONG;
  if (!isLong) return <Code text={line} />;
  return (
    <details class="nbs-tree">
      <summary>
        <Code text={shortened(line, 200)} />
      </summary>
      {bytes ? <pre>{dump(bytes)}</pre> : <Branch value={value} depth={0} />}
    </details>
  );
}

function Branch({ value, depth }: { value: unknown; depth: number }) {
  if (typeof value !== "object" || value === null || bytesOf(value) || depth > 20) {
    return <Code text={show(value)} />;
  }
  const entries = Array.isArray(value)
    ? value.map((item, index) => [String(index), item] as const)
    : Object.entries(value);
  return (
    <ul>
      {entries.slice(0, MOST_CHILDREN).map(([name, item]) => (
        <li key={name}>
          <span class="nbs-key">
            <Isolated>{shortened(name, 100)}</Isolated>:
          </span>{" "}
          {typeof item === "object" && item !== null && !bytesOf(item) ? (
            <details>
              <summary>{Array.isArray(item) ? `[${item.length}]` : "{…}"}</summary>
              <Branch value={item} depth={depth + 1} />
            </details>
          ) : (
            <Branch value={item} depth={depth + 1} />
          )}
        </li>
      ))}
      {entries.length > MOST_CHILDREN && <li>… {entries.length - MOST_CHILDREN} more</li>}
    </ul>
  );
}

function dump(bytes: Uint8Array): string {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, SHOWN_BYTES); at += PER_LINE) {
    const part = [...bytes.subarray(at, at + PER_LINE)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·",
    );
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(PER_LINE * 3)} ${text.join("")}`);
  }
  if (bytes.length > SHOWN_BYTES) lines.push(`… ${bytes.length - SHOWN_BYTES} more bytes`);
  return lines.join("\n");
}
