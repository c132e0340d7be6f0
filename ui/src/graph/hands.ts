// What hands do to a picture: wheel zooms at the pointer, drag pans or moves a peer, shift and drag
// draw a lasso, a click selects, a click with control asks for the path there.

import type { Stage } from "./stage";

/** A press that moves less than this, pixels, is a click. */
const CLICK_PX = 4;
/** Points of a lasso are at least so far apart. */
const LASSO_STEP_PX = 4;

type Point = [number, number];

/** Who hears of it. A disc's index is -1 when there is none. */
export interface HandsListener {
  hovered(index: number, at: Point): void;
  left(): void;
  clicked(index: number, at: Point, more: boolean): void;
  /** A lasso as far as it is drawn; null when it is done or given up. */
  drawing(lasso: Point[] | null): void;
  lassoed(lasso: Point[]): void;
}

interface Press {
  at: Point;
  last: Point;
  hit: number;
  far: boolean;
  lasso: Point[] | null;
}

/** Listens on an element for one stage; the returned function ends it. */
export function attachHands(on: HTMLElement, stage: Stage, listener: HandsListener): () => void {
  let press: Press | null = null;
  const place = (event: MouseEvent): Point => {
    const box = on.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const at = place(event);
    on.setPointerCapture(event.pointerId);
    const lasso = event.shiftKey ? [at] : null;
    press = { at, last: at, hit: lasso ? -1 : stage.hit(at), far: false, lasso };
  };

  const move = (event: PointerEvent) => {
    const at = place(event);
    if (!press) {
      const index = stage.hit(at);
      on.style.cursor = event.shiftKey ? "crosshair" : index >= 0 ? "pointer" : "grab";
      listener.hovered(index, at);
      return;
    }
    press.far ||= Math.hypot(at[0] - press.at[0], at[1] - press.at[1]) > CLICK_PX;
    if (press.far) drag(press, at);
  };

  const drag = (held: Press, at: Point) => {
    listener.left();
    if (held.lasso) {
      if (Math.hypot(at[0] - held.last[0], at[1] - held.last[1]) < LASSO_STEP_PX) return;
      held.lasso.push(at);
      listener.drawing(held.lasso);
    } else {
      on.style.cursor = "grabbing";
      const isPeer = held.hit >= 0 && !stage.bench.aggregated;
      if (isPeer) stage.drag(held.hit, at, true);
      else stage.pan(at[0] - held.last[0], at[1] - held.last[1]);
    }
    held.last = at;
  };

  const up = (event: PointerEvent) => {
    const was = press;
    press = null;
    if (!was) return;
    on.style.cursor = "grab";
    if (was.lasso) {
      listener.drawing(null);
      if (was.far) listener.lassoed(was.lasso);
    } else if (!was.far) listener.clicked(was.hit, was.at, event.ctrlKey || event.metaKey);
    else if (was.hit >= 0 && !stage.bench.aggregated) stage.drag(was.hit, place(event), false);
  };

  const cancel = () => {
    press = null;
    listener.drawing(null);
  };

  const leave = () => {
    if (!press) listener.left();
  };

  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    // Lines and pages are told from pixels; one notch of a wheel is about a fifth.
    const step = event.deltaMode === 0 ? event.deltaY / 100 : event.deltaY / 3;
    stage.zoom(place(event), 1.2 ** -Math.max(-4, Math.min(4, step)));
  };

  const double = (event: MouseEvent) => stage.centre(place(event));

  on.addEventListener("pointerdown", down);
  on.addEventListener("pointermove", move);
  on.addEventListener("pointerup", up);
  on.addEventListener("pointercancel", cancel);
  on.addEventListener("pointerleave", leave);
  on.addEventListener("wheel", wheel, { passive: false });
  on.addEventListener("dblclick", double);
  return () => {
    on.removeEventListener("pointerdown", down);
    on.removeEventListener("pointermove", move);
    on.removeEventListener("pointerup", up);
    on.removeEventListener("pointercancel", cancel);
    on.removeEventListener("pointerleave", leave);
    on.removeEventListener("wheel", wheel);
    on.removeEventListener("dblclick", double);
  };
}
