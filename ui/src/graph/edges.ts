// Draws who talks to whom: a link tapers from sender to receiver, is as wide as the logarithm of
// its count, and fades by half with each second of run time.

import { type Link, type Stroke, type StrokeContext, strokes } from "./links";
import { pack, type Raster, type Rgb } from "./raster";

/** How far a curved link bows to its right, as a share of its length: the way back bows apart. */
const BOW = 0.09;

/** The middle of a link's curve. */
export function bend(a: [number, number], b: [number, number]): [number, number] {
  return [(a[0] + b[0]) / 2 - (b[1] - a[1]) * BOW, (a[1] + b[1]) / 2 + (b[0] - a[0]) * BOW];
}

/** Draws links as curves: few of them, in full beauty. */
export function drawCurves(
  g: CanvasRenderingContext2D,
  links: readonly Link[],
  context: StrokeContext,
): void {
  strokes(links, context, (stroke) => {
    g.globalAlpha = stroke.alpha;
    g.fillStyle = stroke.color;
    g.fill(curve(stroke));
  });
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
export function rasterLines(
  raster: Raster,
  links: readonly Link[],
  context: StrokeContext,
  ratio: number,
): void {
  const packed = new Map<string, Rgb>();
  strokes(links, context, ({ start, end, color, alpha, wide }) => {
    let rgb = packed.get(color);
    if (rgb === undefined) {
      rgb = pack(color);
      packed.set(color, rgb);
    }
    // Each way runs a little to its own right, so that both are seen.
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
    const dx = (-(end[1] - start[1]) / length) * (wide / 2);
    const dy = ((end[0] - start[0]) / length) * (wide / 2);
    raster.taper(
      (start[0] + dx) * ratio,
      (start[1] + dy) * ratio,
      end[0] * ratio,
      end[1] * ratio,
      wide * ratio,
      rgb,
      alpha,
    );
  });
}
