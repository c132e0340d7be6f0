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
  marks: Mark[];
}

/** Puts marks of a kind that are closer than `apart` pixels together. */
export function groupMarks(
  marks: readonly Mark[],
  end: number,
  wide: number,
  apart = 9,
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
    const group = { kind: mark.kind, place, marks: [mark] };
    latest.set(mark.kind, group);
    groups.push(group);
  }
  return groups.sort((a, b) => MARK_KINDS.indexOf(b.kind) - MARK_KINDS.indexOf(a.kind));
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
