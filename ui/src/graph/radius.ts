// How large discs are and whether they have captions: the page and the thread that paints them must agree.

const RADIUS_MIN = 1.6;
export const RADIUS_MAX = 17;
/** A disc's radius, of the distance to its neighbors. */
const SHARE = 0.3;
/** Of the distance between groups in a grid, how much a cell fills. */
export const CELL_SHARE = 0.9;

/** Radius of a peer's disc, from the distance between neighbors in pixels. */
export function radiusFor(spacing_px: number): number {
  return Math.min(RADIUS_MAX, Math.max(RADIUS_MIN, spacing_px * SHARE));
}

/** With up to so many discs, captions are there before somebody zooms in. */
const CAPTIONS_MAX = 60;
/** In a narrower picture, captions would leave no room for what they are about, pixels. */
const CAPTIONS_WIDTH_MIN = 460;

/** Are captions written before somebody zooms in? */
export function captioned(discs: number, width: number): boolean {
  return discs <= CAPTIONS_MAX && width >= CAPTIONS_WIDTH_MIN;
}
