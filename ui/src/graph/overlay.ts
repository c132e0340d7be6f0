// What answers a hand at once, over the painted picture: rings around what is pointed at and what is
// selected, and the lasso while it is drawn.

import type { Stage } from "./stage";
import type { Unit } from "./talk";

/** Space between a disc and its ring, pixels. */
const GAP_PX = 4;
/** Corners of the ring around a cell. */
const CORNER_PX = 3;

/** The overlay of one picture: shapes in an SVG element. */
export class Overlay {
  hover: Unit | null = null;
  selected: Unit | null = null;
  goal: Unit | null = null;
  private readonly rings: Record<"hover" | "selected" | "goal", SVGRectElement>;
  private readonly lasso: SVGPolygonElement;

  constructor(
    private readonly stage: Stage,
    svg: SVGSVGElement,
  ) {
    const make = <K extends "rect" | "polygon">(name: K, of: string) => {
      const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
      shape.setAttribute("class", of);
      return svg.appendChild(shape);
    };
    this.lasso = make("polygon", "lasso");
    this.rings = {
      goal: make("rect", "ring goal"),
      selected: make("rect", "ring selected"),
      hover: make("rect", "ring hover"),
    };
  }

  /** Puts the rings where their discs are now. */
  follow(): void {
    for (const name of ["hover", "selected", "goal"] as const) this.ring(name);
  }

  private ring(name: "hover" | "selected" | "goal"): void {
    const unit = this[name];
    const ring = this.rings[name];
    const index = unit === null ? -1 : unit > 0 ? this.stage.indexOf(unit) : this.group(unit);
    ring.style.display = index < 0 ? "none" : "";
    if (index < 0) return;
    const [x, y] = this.stage.at(index);
    const reach = this.stage.radius(index) + GAP_PX;
    // Around a disc it is a circle, around a cell a square.
    const isCell = this.stage.cell > 0 && (this.stage.placed.units[index] ?? 0) < 0;
    const values = {
      ...{ x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach },
      rx: isCell ? CORNER_PX : reach,
    };
    for (const [key, value] of Object.entries(values)) ring.setAttribute(key, value.toFixed(1));
  }

  private group(unit: Unit): number {
    return this.stage.placed.units.indexOf(unit);
  }

  /** Shows a lasso as far as it is drawn. */
  draw(line: readonly [number, number][] | null): void {
    this.lasso.setAttribute("points", (line ?? []).map((point) => point.join(",")).join(" "));
  }

  /** Takes its shapes away. */
  end(): void {
    for (const ring of Object.values(this.rings)) ring.remove();
    this.lasso.remove();
  }
}
