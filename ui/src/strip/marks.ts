// Marks on the timeline: those too close to tell apart share one.

import type { Mark, MarkKind } from "../api/past";

/** The order in which marks matter: the first wins where several share a place. */
export const MARK_KINDS: readonly MarkKind[] = [
  "violated",
  "fault",
  "crash",
  "restart",
  "target",
  "done",
  "note",
];

/** What a kind of mark is called. */
export const MARK_WORDS: Record<MarkKind, string> = {
  violated: "property violated",
  fault: "fault",
  crash: "crash",
  restart: "restart",
  target: "target met",
  done: "peer done",
  note: "note",
};

/** Marks of one kind at about one place. */
export interface MarkGroup {
  kind: MarkKind;
  /** 0 to 1 of the timeline. */
  place: number;
  /** Pixels by which it stands aside for others at its place. */
  aside: number;
  marks: Mark[];
}

/** Width of a mark, pixels. */
const MARK_WIDE = 13;

/** Puts marks of a kind that are closer than `apart` pixels together. */
export function groupMarks(
  marks: readonly Mark[],
  end: number,
  wide: number,
  apart = MARK_WIDE,
): MarkGroup[] {
  if (!(end > 0) || wide <= 0) return [];
  const groups: MarkGroup[] = [];
  const latest = new Map<MarkKind, MarkGroup>();
  for (const mark of [...marks].sort((a, b) => a.t - b.t)) {
    const place = Math.min(1, Math.max(0, mark.t / end));
    const before = latest.get(mark.kind);
    if (before && (place - before.place) * wide < apart) {
      before.marks.push(mark);
      continue;
    }
    const group = { kind: mark.kind, place, aside: 0, marks: [mark] };
    latest.set(mark.kind, group);
    groups.push(group);
  }
  return beside(groups, wide);
}

/** Marks of different kinds at one place stand beside each other, those that matter more first. */
function beside(groups: MarkGroup[], wide: number): MarkGroup[] {
  const rank = (of: MarkGroup) => MARK_KINDS.indexOf(of.kind);
  const sorted = groups.sort((a, b) => a.place - b.place || rank(a) - rank(b));
  let end = -MARK_WIDE;
  for (const group of sorted) {
    const at = group.place * wide;
    const to = Math.max(at, end + MARK_WIDE);
    group.aside = to - at;
    end = to;
  }
  // What was pushed over the edge pushes back.
  let least = wide + MARK_WIDE;
  for (const group of sorted.reverse()) {
    const to = Math.min(group.place * wide + group.aside, least - MARK_WIDE);
    group.aside = to - group.place * wide;
    least = to;
  }
  return sorted.reverse();
}

/** What a mark is, for a person. */
export function markSentence(mark: Mark): string {
  const who = mark.peer > 0 ? `peer ${mark.peer}` : "";
  const what = mark.text || mark.name;
  switch (mark.kind) {
    case "fault":
      return what || "a fault";
    case "crash":
      return `${who || "peers"} crashed${mark.text ? `: ${mark.text}` : ""}`;
    case "restart":
      return `${who || "peers"} restarted${mark.text ? `: ${mark.text}` : ""}`;
    case "target":
      return who ? `${who} met its target ${mark.name}` : `all peers have all ${mark.name}`;
    case "done":
      return mark.text || (who ? `${who} is done` : "every peer is done");
    case "violated":
      return `${mark.name} does not hold${who ? ` at ${who}` : ""}${mark.text ? `: ${mark.text}` : ""}`;
    default:
      return [who, what].filter(Boolean).join(": ") || "a note";
  }
}
