// The newest lines of a run's event log that this page has heard, with the gaps between them.

import type { LogLine } from "../api/types";

/** Lines kept; older ones can be asked for from the lab. */
export const JOURNAL_LINES_MAX = 3000;

/** So many events went by that were not sent to the page. */
export interface Gap {
  gap: number;
}

export type Entry = LogLine | Gap;

/** Tells a gap from a line. */
export function isGap(entry: Entry): entry is Gap {
  return "gap" in entry;
}

/** A bounded list, oldest first. */
export class Journal {
  entries: Entry[] = [];
  private seen = new Set<string>();

  /** Appends a frame's lines, after the number that it skipped. */
  take(lines: readonly LogLine[], skipped: number): void {
    const fresh = lines.filter((line) => !this.seen.has(line.id));
    if (skipped > 0) this.skip(skipped);
    for (const line of fresh) {
      this.seen.add(line.id);
      this.entries.push(line);
    }
    const excess = this.entries.length - JOURNAL_LINES_MAX;
    // Cut in slabs, so that a busy run does not copy the list with every frame.
    if (excess > JOURNAL_LINES_MAX / 4) {
      for (const gone of this.entries.splice(0, excess))
        if (!isGap(gone)) this.seen.delete(gone.id);
    }
  }

  private skip(count: number): void {
    const last = this.entries.at(-1);
    if (last && isGap(last)) last.gap += count;
    else this.entries.push({ gap: count });
  }
}

/** Does a line pass the filter? The same rule as the lab's. */
export function matches(
  line: LogLine,
  filter: { kind: string; text: string; peer: string },
): boolean {
  if (filter.kind && line.kind !== filter.kind) return false;
  if (filter.peer && String(line.peer) !== filter.peer && String(line.other) !== filter.peer)
    return false;
  if (!filter.text) return true;
  const wanted = filter.text.toLowerCase();
  return [line.text, line.name, line.kind, line.community].some((part) =>
    part.toLowerCase().includes(wanted),
  );
}
