// What is under the pointer, in words.

import { describe } from "../log/words";
import type { Bench } from "../model/run";
import { bytes, plural, span } from "../words/format";
import { countAt } from "./draw/density";
import type { Hit } from "./hit";
import type { Arrow, Picture } from "./picture";

export interface TipWords {
  title: string;
  lines: string[];
}

/** What to say of a place; null where there is nothing to say. */
export function wordsOf(bench: Bench, picture: Picture, hit: Hit): TipWords | null {
  const label = (peer: number) => bench.peers.label(peer);
  if (hit.at === "event") {
    const { event } = hit.mark;
    const line = { ...NO_LINE, ...event };
    return {
      title: `Peer ${label(event.peer)}: ${event.kind}`,
      lines: [describe(line), span(event.t)].filter(Boolean),
    };
  }
  if (hit.at === "flag") {
    const { kind, peer, name, text, t } = hit.event;
    const what = kind === "violated" ? `${name} does not hold` : text || name;
    const who = peer > 0 ? ` at peer ${label(peer)}` : "";
    return {
      title: `${what}${who}`,
      lines: [kind === "violated" ? text : "", span(t)].filter(Boolean),
    };
  }
  if (hit.at === "arrow") return arrowWords(hit.arrow, label);
  if (hit.at === "nothing") return null;
  const column = countAt(picture, hit.row, hit.t);
  if (!column) return null;
  return {
    title: `Peer ${label(hit.peer)}: ${plural(column.count, "event")}`,
    lines: [`from ${span(column.from)} to ${span(column.to)}`],
  };
}

const NO_LINE = {
  ...{ id: "", t: 0, peer: 0, community: "", kind: "", other: null, name: "" },
  ...{ value: 0, goal: 0, bytes: 0, text: "", cause: null },
};

function arrowWords(arrow: Arrow, label: (peer: number) => string): TipWords {
  const lines: string[] = [];
  const isStub = arrow.fromRow < 0 || arrow.toRow < 0;
  if (arrow.fromRow >= 0) lines.push(`sent at ${span(arrow.t0)}`);
  if (arrow.fate === "lost") lines.push("lost on the way");
  if (arrow.fate === "under way") lines.push("still under way");
  if (arrow.fate === "delivered") {
    const after = isStub ? "" : `, after ${span(arrow.t1 - arrow.t0)}`;
    lines.push(`arrived at ${span(arrow.t1)}${after}`);
  }
  if (arrow.bytes > 0) lines.push(bytes(arrow.bytes));
  if (isStub) lines.push(`peer ${label(arrow.fromRow < 0 ? arrow.from : arrow.to)} has no row`);
  return {
    title: `${arrow.name || "message"}: ${label(arrow.from)} → ${label(arrow.to)}`,
    lines,
  };
}
