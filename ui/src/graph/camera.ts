// From the picture's own coordinates to the screen's and back.

export interface Camera {
  /** The point of the picture in the middle of the screen. */
  x: number;
  y: number;
  /** Pixels for one unit of the picture. */
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Smallest and largest scale, as multiples of the one that fits. */
const ZOOM_MIN = 0.2;
const ZOOM_MAX = 80;

/** Where a point of the picture is on the screen. */
export function toScreen(camera: Camera, size: Size, x: number, y: number): [number, number] {
  return [
    (x - camera.x) * camera.scale + size.width / 2,
    (y - camera.y) * camera.scale + size.height / 2,
  ];
}

/** Which point of the picture is at a place on the screen. */
export function toPicture(camera: Camera, size: Size, sx: number, sy: number): [number, number] {
  return [
    (sx - size.width / 2) / camera.scale + camera.x,
    (sy - size.height / 2) / camera.scale + camera.y,
  ];
}

/** Zooms so that the point under the pointer stays there. */
export function zoomAt(
  camera: Camera,
  size: Size,
  at: [number, number],
  factor: number,
  fitScale: number,
): Camera {
  const scale = Math.min(fitScale * ZOOM_MAX, Math.max(fitScale * ZOOM_MIN, camera.scale * factor));
  const [x, y] = toPicture(camera, size, ...at);
  return {
    x: x - (at[0] - size.width / 2) / scale,
    y: y - (at[1] - size.height / 2) / scale,
    scale,
  };
}

/** The camera that shows all points (x, y, x, y, ...) with a margin in pixels on each side. */
export function fitAll(points: Float32Array, size: Size, margin: { x: number; y: number }): Camera {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i] ?? 0;
    const y = points[i + 1] ?? 0;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (!(right >= left)) return { x: 0, y: 0, scale: 100 };
  const wide = Math.max(40, size.width - 2 * margin.x);
  const high = Math.max(40, size.height - 2 * margin.y);
  // A single peer has no extent: it is shown as if there were a few.
  const scale = Math.min(wide / Math.max(right - left, 0.5), high / Math.max(bottom - top, 0.5));
  return { x: (left + right) / 2, y: (top + bottom) / 2, scale };
}
