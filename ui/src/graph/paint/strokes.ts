// Draws who talks to whom: a link tapers from sender to receiver, is as wide as the logarithm of
// its count, and fades by half with each second of run time.

import type { Link } from "./links";
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

/** Draws links as straight lines into memory: thousands of them, in a few milliseconds. */
export class LineRaster {
  private readonly packed = new Map<string, Rgb>();
  private readonly strokes: Strokes;

  constructor(
    private readonly raster: Raster,
    context: StrokeContext,
    count: number,
    private readonly ratio: number,
  ) {
    this.strokes = new Strokes(context, count);
  }

  draw(link: Link): void {
    const stroke = this.strokes.of(link);
    if (!stroke) return;
    const { start, end, color, alpha, wide } = stroke;
    let rgb = this.packed.get(color);
    if (rgb === undefined) {
      rgb = pack(color);
      this.packed.set(color, rgb);
    }
    // Each way runs a little to its own right, so that both are seen.
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
    const dx = (-(end[1] - start[1]) / length) * (wide / 2);
    const dy = ((end[0] - start[0]) / length) * (wide / 2);
    const { ratio } = this;
    this.raster.taper(
      (start[0] + dx) * ratio,
      (start[1] + dy) * ratio,
      end[0] * ratio,
      end[1] * ratio,
      wide * ratio,
      rgb,
      alpha,
    );
  }
}
