// Draws very many links and dots into memory, pixel by pixel: where a browser has no graphics
// processor, its canvas takes some fifty microseconds a shape, and this takes one or two.

/** A colour as the buffer holds it: alpha, blue, green, red from the highest byte. */
export type Rgb = number;

/** Packs "#rrggbb" or "rgb(r, g, b)". */
export function pack(color: string): Rgb {
  const [r, g, b] = color.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
    : (color.match(/\d+/g)?.map(Number) ?? [0, 0, 0]);
  return 0xff000000 | ((b ?? 0) << 16) | ((g ?? 0) << 8) | (r ?? 0);
}

/** A small square picture with transparency. */
export interface Sprite {
  side: number;
  pixels: Int32Array;
}

/** An opaque picture in memory. All lengths are in pixels of the screen, not of the page. */
export class Raster {
  private image = new ImageData(1, 1);
  private pixels = new Int32Array(this.image.data.buffer);
  private width = 1;
  private height = 1;

  /** Starts a picture of one colour. */
  begin(width: number, height: number, paper: Rgb): void {
    if (width !== this.width || height !== this.height) {
      this.image = new ImageData(width, height);
      this.pixels = new Int32Array(this.image.data.buffer);
      this.width = width;
      this.height = height;
    }
    this.pixels.fill(paper);
  }

  /** Puts the picture onto a canvas of the same size. */
  put(g: OffscreenCanvasRenderingContext2D): void {
    g.putImageData(this.image, 0, 0);
  }

  /** Starts with what is on a canvas. */
  take(g: OffscreenCanvasRenderingContext2D): void {
    this.image = g.getImageData(0, 0, g.canvas.width, g.canvas.height);
    this.pixels = new Int32Array(this.image.data.buffer);
    this.width = this.image.width;
    this.height = this.image.height;
  }

  /** Starts with what another one holds. */
  copy(other: Raster): void {
    if (other.width !== this.width || other.height !== this.height)
      this.begin(other.width, other.height, 0);
    this.pixels.set(other.pixels);
  }

  /** Covers every pixel with a colour, as much as `cover` says, from 0 to 256. */
  shade(color: Rgb, cover: (at: number) => number): void {
    for (let at = 0; at < this.pixels.length; at++) {
      const alpha = cover(at);
      if (alpha > 0) this.blend(at, color, alpha);
    }
  }

  /** Covers a rectangle with a colour; edges fall on whole pixels. */
  rect(x: number, y: number, width: number, height: number, color: Rgb, alpha: number): void {
    const left = Math.max(0, Math.round(x));
    const right = Math.min(this.width, Math.round(x + width));
    const bottom = Math.min(this.height, Math.round(y + height));
    const cover = (alpha * 256) | 0;
    for (let row = Math.max(0, Math.round(y)); row < bottom; row++)
      for (let at = row * this.width + left; at < row * this.width + right; at++)
        this.blend(at, color, cover);
  }

  /** Covers a pixel with a colour, `alpha` from 0 to 256. */
  private blend(at: number, color: Rgb, alpha: number): void {
    const under = this.pixels[at] ?? 0;
    // Red and blue together, then green: two multiplications for three channels.
    const rb = under & 0xff00ff;
    const g = under & 0x00ff00;
    const mixedRb = rb + ((((color & 0xff00ff) - rb) * alpha) >> 8);
    const mixedG = g + ((((color & 0x00ff00) - g) * alpha) >> 8);
    this.pixels[at] = 0xff000000 | (mixedRb & 0xff00ff) | (mixedG & 0x00ff00);
  }

  /** A straight line that is `wide` at its beginning and comes to a point at its end. */
  taper(x0: number, y0: number, x1: number, y1: number, wide: number, color: Rgb, alpha: number) {
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    // Walk along the longer axis; `u` runs along it, `v` across.
    const [u0, v0, u1, v1] = steep ? [y0, x0, y1, x1] : [x0, y0, x1, y1];
    const length = u1 - u0;
    if (Math.abs(length) < 1) return;
    const slope = (v1 - v0) / length;
    // A slanting line is cut across at an angle, where it is wider.
    const across = wide * Math.hypot(1, slope);
    const limitU = steep ? this.height : this.width;
    const limitV = steep ? this.width : this.height;
    const first = Math.max(0, Math.ceil(Math.min(u0, u1)));
    const last = Math.min(limitU - 1, Math.floor(Math.max(u0, u1)));
    const strideU = steep ? this.width : 1;
    const strideV = steep ? 1 : this.width;
    for (let u = first; u <= last; u++) {
      const share = (u - u0) / length;
      const half = Math.max(0.25, (across * (1 - share)) / 2);
      const middle = v0 + slope * (u - u0);
      const from = middle - half;
      const to = middle + half;
      const lowest = Math.max(0, Math.floor(from + 0.5));
      const highest = Math.min(limitV - 1, Math.floor(to + 0.5));
      for (let v = lowest; v <= highest; v++) {
        const cover = Math.min(v + 0.5, to) - Math.max(v - 0.5, from);
        if (cover > 0) this.blend(u * strideU + v * strideV, color, (cover * alpha * 256) | 0);
      }
    }
  }

  /** Copies a small picture with transparency, its middle at (x, y). */
  blit({ side, pixels }: Sprite, x: number, y: number, alpha = 1): void {
    const left = Math.round(x - side / 2);
    const top = Math.round(y - side / 2);
    const scale = (alpha * 257) | 0;
    for (let row = Math.max(0, -top); row < Math.min(side, this.height - top); row++) {
      const to = (top + row) * this.width + left;
      const from = row * side;
      for (let column = Math.max(0, -left); column < Math.min(side, this.width - left); column++) {
        const color = pixels[from + column] ?? 0;
        const cover = color >>> 24;
        if (cover > 0) this.blend(to + column, color, (cover * scale) >> 8);
      }
    }
  }
}
