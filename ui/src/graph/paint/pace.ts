// How many links there is time to draw at once: fewer when they take too long, more when there is time.

/** The time that a picture may take. */
const PAINT_MS = 28;
const LINKS_MIN = 400;
const LINKS_MAX = 60_000;
/** Between groups of peers, links are a hint of where traffic is, no more. */
const GROUP_LINKS_MAX = 2000;

/** Follows how long pictures take. */
export class Pace {
  private max = 2000;
  /** How long the last picture took. */
  last_ms = 0;

  /** Links to draw now. */
  links(aggregated: boolean): number {
    return aggregated ? Math.min(GROUP_LINKS_MAX, this.max) : this.max;
  }

  /** Takes how long a picture took. */
  took(ms: number): void {
    this.last_ms = ms;
    const factor = ms > PAINT_MS * 1.5 ? 0.75 : ms < PAINT_MS / 2 ? 1.15 : 1;
    this.max = Math.min(LINKS_MAX, Math.max(LINKS_MIN, Math.round(this.max * factor)));
  }
}
