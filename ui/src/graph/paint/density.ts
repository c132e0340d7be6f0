// Draws more links than there is room for: each pixel sums up the links that cross it, and the sum, not
// its order of drawing, decides how dark it is. So a hundred thousand links show where traffic is
// instead of hiding each other (after Cottam, Lumsdaine and Wang, "Abstract rendering: out-of-core
// rendering for information visualization", 2014).

import type { Raster, Rgb } from "./raster";

/** The darkest that links together become. */
const STRENGTH_MAX = 0.72;
/** Sums up to here are drawn in proportion to what is densest, as the logarithm. */
const STEPS = 256;
/** Kinds of message that have a sum of their own; the rest share the last. */
const LAYERS_MAX = 4;

/** Sums of links for each colour. */
export class Density {
  private readonly layers: { color: Rgb; sums: Float32Array }[] = [];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {}

  /** Adds a link of a weight, which thins out towards its end. Places are in pixels of the screen. */
  add(x0: number, y0: number, x1: number, y1: number, weight: number, color: Rgb): void {
    const { sums } = this.layer(color);
    const steps = Math.max(1, Math.round(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))));
    const [from, to] = this.clip(x0, y0, x1, y1);
    const [dx, dy] = [(x1 - x0) / steps, (y1 - y0) / steps];
    const first = Math.ceil(from * steps);
    const last = Math.floor(to * steps);
    for (let i = first; i <= last; i++) {
      const x = (x0 + i * dx + 0.5) | 0;
      const y = (y0 + i * dy + 0.5) | 0;
      if (x >= this.width || y >= this.height || x < 0 || y < 0) continue;
      const at = y * this.width + x;
      sums[at] = (sums[at] ?? 0) + weight * (1 - (0.8 * i) / steps);
    }
  }

  private layer(color: Rgb) {
    const known = this.layers.find((layer) => layer.color === color);
    if (known) return known;
    const last = this.layers.at(-1);
    if (last && this.layers.length >= LAYERS_MAX) return last;
    const fresh = { color, sums: new Float32Array(this.width * this.height) };
    this.layers.push(fresh);
    return fresh;
  }

  /** Which part of a line, 0 to 1, can be in sight. */
  private clip(x0: number, y0: number, x1: number, y1: number): [number, number] {
    let [from, to] = [0, 1];
    const cut = (start: number, delta: number, limit: number) => {
      if (delta === 0) return;
      const [a, b] = [(0 - start) / delta, (limit - start) / delta];
      from = Math.max(from, Math.min(a, b));
      to = Math.min(to, Math.max(a, b));
    };
    cut(x0, x1 - x0, this.width);
    cut(y0, y1 - y0, this.height);
    return [Math.max(0, from), Math.min(1, to)];
  }

  /** Puts the sums onto a picture; `strength` 1 is in full. */
  put(raster: Raster, strength: number): void {
    let densest = 0;
    for (const { sums } of this.layers)
      for (let i = 0; i < sums.length; i++) if ((sums[i] ?? 0) > densest) densest = sums[i] ?? 0;
    if (densest === 0) return;
    // Looked up: a logarithm for each of half a million pixels would take longer than the links.
    const most = Math.log1p(densest);
    const shades = Uint16Array.from({ length: STEPS + 1 }, (_, i) =>
      Math.round((256 * STRENGTH_MAX * strength * Math.log1p((densest * i) / STEPS)) / most),
    );
    const scale = STEPS / densest;
    for (const { color, sums } of this.layers)
      raster.shade(color, (i) => shades[Math.ceil((sums[i] ?? 0) * scale)] ?? 0);
  }
}
