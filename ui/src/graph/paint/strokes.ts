// Draws who talks to whom: a link tapers from sender to receiver, is as wide as the logarithm of
// its count, and fades by half with each second of run time.

import { Density } from "./density";
import { type Link, opacity, touches } from "./links";
import { type Stroke, type StrokeContext, Strokes } from "./look";
import { pack, type Raster, type Rgb } from "./raster";

/** How far a curved link bows to its right, as a share of its length: the way back bows apart. */
const BOW = 0.09;

/** What a worker's canvas is drawn on with. */
export type Pen = OffscreenCanvasRenderingContext2D;

/** The middle of a link's curve. */
export function bend(a: [number, number], b: [number, number]): [number, number] {
  return [(a[0] + b[0]) / 2 - (b[1] - a[1]) * BOW, (a[1] + b[1]) / 2 + (b[0] - a[0]) * BOW];
}

/** Draws links as curves: few of them, in full beauty. */
export function drawCurves(g: Pen, links: readonly Link[], context: StrokeContext): void {
  const strokes = new Strokes(context, links.length);
  for (const link of links) {
    const stroke = strokes.of(link);
    if (!stroke) continue;
    g.globalAlpha = stroke.alpha;
    g.fillStyle = stroke.color;
    g.fill(curve(stroke));
  }
  g.globalAlpha = 1;
}

/** A shape that is wide at the sender's rim and comes to a point at the receiver's. */
function curve({ start, end, a, b, wide }: Stroke): Path2D {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const [nx, ny] = [(-(b[1] - a[1]) / length) * (wide / 2), ((b[0] - a[0]) / length) * (wide / 2)];
  const [mx, my] = bend(a, b);
  const path = new Path2D();
  path.moveTo(start[0] + nx, start[1] + ny);
  path.quadraticCurveTo(mx + nx * 0.6, my + ny * 0.6, end[0], end[1]);
  path.quadraticCurveTo(mx - nx * 0.6, my - ny * 0.6, start[0] - nx, start[1] - ny);
  path.closePath();
  return path;
}

/** From so many links on, they are summed up instead of drawn one over the other. */
const SUMMED_FROM = 1500;
/** How strong the sums are while something else stands out. */
const DIMMED = 0.3;

/** Draws links as straight lines into memory: thousands of them, in a few milliseconds. */
export class LineRaster {
  private readonly packed = new Map<string, Rgb>();
  private readonly strokes: Strokes;
  private readonly density: Density | null;
  /** Links that stand out, and lie on top. */
  private readonly above: Link[] = [];

  constructor(
    private readonly raster: Raster,
    private readonly context: StrokeContext,
    count: number,
    private readonly ratio: number,
  ) {
    const { width, height } = context.size;
    this.strokes = new Strokes(context, Math.min(count, SUMMED_FROM));
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    this.density = count > SUMMED_FROM ? new Density(wide, high) : null;
  }

  /** Takes one link. */
  draw(link: Link): void {
    const { focus, selected, chosen } = this.context;
    const standsOut = touches(link, focus) || touches(link, selected) || chosen.has(link);
    if (this.density && standsOut) this.above.push(link);
    else this.line(link, this.density);
  }

  /** All links have been taken. */
  end(): void {
    const { focus, dim } = this.context;
    this.density?.put(this.raster, dim * (focus >= 0 ? DIMMED : 1));
    for (const link of this.above) this.line(link, null);
  }

  private line(link: Link, density: Density | null): void {
    const stroke = this.strokes.of(link);
    if (!stroke) return;
    const { start, end, alpha, wide } = stroke;
    const { ratio } = this;
    const color = this.pack(stroke.color);
    if (density) {
      const fresh = opacity(this.context.now - link.last);
      const [x0, y0, x1, y1] = [start[0] * ratio, start[1] * ratio, end[0] * ratio, end[1] * ratio];
      density.add(x0, y0, x1, y1, fresh * wide, color);
      return;
    }
    // Each way runs a little to its own right, so that both are seen.
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
    const dx = (-(end[1] - start[1]) / length) * (wide / 2);
    const dy = ((end[0] - start[0]) / length) * (wide / 2);
    const [x0, y0] = [(start[0] + dx) * ratio, (start[1] + dy) * ratio];
    this.raster.taper(x0, y0, end[0] * ratio, end[1] * ratio, wide * ratio, color, alpha);
  }

  private pack(color: string): Rgb {
    let rgb = this.packed.get(color);
    if (rgb === undefined) {
      rgb = pack(color);
      this.packed.set(color, rgb);
    }
    return rgb;
  }
}
