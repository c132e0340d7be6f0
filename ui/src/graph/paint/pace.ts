// How many links there is time to draw at once: fewer when they take too long, more when there is time.

const LINKS_MIN = 400;
const LINKS_MAX = 60_000;
/** Between groups of peers, links are a hint of where traffic is, no more. */
const GROUP_LINKS_MAX = 800;

/** Follows how long pictures take. */
export class Pace {
  private max = 2000;

  /** Pictures should take no longer than this, milliseconds. */
  constructor(private readonly paint_ms: number) {}

  /** Links to draw now. */
  links(aggregated: boolean): number {
    return aggregated ? Math.min(GROUP_LINKS_MAX, this.max) : this.max;
  }

  /** Takes how long a picture took. */
  took(ms: number): void {
    const factor = ms > this.paint_ms * 1.5 ? 0.75 : ms < this.paint_ms / 2 ? 1.15 : 1;
    this.max = Math.min(LINKS_MAX, Math.max(LINKS_MIN, Math.round(this.max * factor)));
  }
}
