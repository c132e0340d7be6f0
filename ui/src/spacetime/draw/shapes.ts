// The shapes that events are told apart by.

export function dot(g: CanvasRenderingContext2D, x: number, y: number, radius: number) {
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fill();
}

export function ring(
  g: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  color: string,
  fill: string,
) {
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fillStyle = fill;
  g.fill();
  g.strokeStyle = color;
  g.lineWidth = 2;
  g.stroke();
}

export function strokes(
  g: CanvasRenderingContext2D,
  color: string,
  width: number,
  points: number[],
) {
  g.strokeStyle = color;
  g.lineWidth = width;
  g.beginPath();
  for (let i = 0; i < points.length; i += 2) g.lineTo(points[i] ?? 0, points[i + 1] ?? 0);
  g.stroke();
}

function shape(g: CanvasRenderingContext2D, points: number[], fill: string, edge: string) {
  g.beginPath();
  for (let i = 0; i < points.length; i += 2) g.lineTo(points[i] ?? 0, points[i + 1] ?? 0);
  g.closePath();
  g.fillStyle = fill;
  g.fill();
  g.strokeStyle = edge;
  g.lineWidth = 1;
  g.stroke();
}

export function diamond(
  g: CanvasRenderingContext2D,
  x: number,
  y: number,
  r: number,
  fill: string,
  edge: string,
) {
  shape(g, [x, y - r, x + r, y, x, y + r, x - r, y], fill, edge);
}

export function triangle(
  g: CanvasRenderingContext2D,
  x: number,
  y: number,
  r: number,
  fill: string,
) {
  shape(g, [x - r, y - 2, x + r, y - 2, x, y - 2 - r * 1.4], fill, fill);
}

export function hexagon(
  g: CanvasRenderingContext2D,
  x: number,
  y: number,
  r: number,
  fill: string,
  edge: string,
) {
  const points: number[] = [];
  for (let i = 0; i < 6; i++)
    points.push(x + r * Math.cos((i * Math.PI) / 3), y + r * Math.sin((i * Math.PI) / 3));
  shape(g, points, fill, edge);
  g.fillStyle = edge;
  g.fillRect(x - 0.8, y - r * 0.55, 1.6, r * 0.65);
  g.fillRect(x - 0.8, y + r * 0.3, 1.6, 1.6);
}

/** A tick: done. */
export function check(g: CanvasRenderingContext2D, x: number, y: number, r: number, color: string) {
  strokes(g, color, 2, [x - r, y, x - r / 3, y + r * 0.7, x + r, y - r]);
}
