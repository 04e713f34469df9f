// What a saved notebook keeps of a wire view: plain values, few of them, no secret.

import { shortened } from "../shared/text";
import { withoutSecrets } from "./discretion";
import { titleOf } from "./exports";
import { timeText } from "./ladder";
import { scene } from "./scene";
import type { Store } from "./store";

const ROWS = 60;
const ARROWS = 120;
const WIDTH = 640;
const HEIGHT = 320;
const LONGEST = 160;

export function snapshot(store: Store): object {
  const rows = store.rows.kept.slice(-ROWS);
  const packets = rows.flatMap((row) => (row.packet?.index ? [row.packet] : [])).slice(-ARROWS);
  const times = packets.flatMap(({ at, clientAt, kernelAt }) => [
    at,
    clientAt ?? at,
    kernelAt ?? at,
  ]);
  const from = times.length ? Math.min(...times) : 0;
  const to = Math.max(from + 1, ...times);
  const margin = (to - from) * 0.05 + 1;
  const found = scene(store, {
    width: WIDTH,
    height: HEIGHT,
    from: from - margin,
    to: to + margin,
  });
  return {
    seen: store.seen,
    left_out: store.leftOut,
    crossings: store.crossings,
    rows: rows.map((row) => ({
      time: timeText(row.at),
      client: shortened(store.label(row.session), 40),
      direction: row.packet?.direction ?? "",
      size: row.packet?.size ?? "",
      kind: row.packet
        ? row.packet.decoded.socket || row.packet.decoded.engine
        : row.http
          ? `HTTP ${row.http.status}`
          : "",
      text: withoutSecrets(
        shortened(
          row.packet
            ? titleOf(row.packet)
            : row.http
              ? `${row.http.method} ${row.http.url}`
              : (row.note ?? ""),
          LONGEST,
        ),
      ),
    })),
    width: WIDTH,
    height: HEIGHT,
    lanes: found.lanes.map(({ label, x }) => ({ label, x })),
    arrows: found.arrows.slice(-2 * ARROWS).map((arrow) => ({
      direction: arrow.packet.direction,
      exact: arrow.isExact,
      line: [arrow.x1, arrow.y1, arrow.x2, arrow.y2],
    })),
    bands: found.bands.slice(-ARROWS).map((band) => ({
      direction: band.packets[0]?.direction ?? "",
      count: band.packets.length,
      box: [band.x1, band.x2, ...band.from, ...band.to],
    })),
    bars: found.bars.slice(0, ARROWS).map((bar) => ({
      cell: bar.run.isCell,
      box: [bar.x, bar.y1, bar.width, Math.max(1.5, bar.y2 - bar.y1)],
    })),
    marks: found.crossings.slice(-ARROWS).map(({ x, y }) => [x, y]),
  };
}
