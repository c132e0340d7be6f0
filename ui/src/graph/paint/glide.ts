// Discs glide to their places in another layout, so that an eye can follow them.

/** How long that takes. */
const GLIDE_MS = 150;
/** With more discs than these nobody follows one, and painting takes too long. */
const DISCS_MAX = 3000;

/** One move of all discs. */
export class Glide {
  private constructor(
    private readonly from: Float32Array,
    private readonly start: number,
  ) {}

  /** Begins a move from where discs stand, when there are few enough. */
  static from(places: Float32Array, now: number): Glide | null {
    return places.length / 2 > DISCS_MAX ? null : new Glide(places.slice(), now);
  }

  /** Is the move over? */
  isOver(now: number): boolean {
    return now - this.start >= GLIDE_MS;
  }

  /** Where discs are on their way to `to`: fast at first, then slower. */
  at(to: Float32Array, now: number): Float32Array {
    const share = Math.min(1, Math.max(0, (now - this.start) / GLIDE_MS));
    const eased = 1 - (1 - share) ** 3;
    if (to.length !== this.from.length) return to;
    return to.map((end, i) => {
      const begin = this.from[i] ?? end;
      return begin + (end - begin) * eased;
    });
  }
}
