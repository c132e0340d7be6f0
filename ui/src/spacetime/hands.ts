// What hands do to the diagram: the wheel zooms time at the pointer, with shift it zooms rows; dragging
// pans; dragging on the axis moves the cursor; a click selects, or puts the cursor there.

import { AXIS_PX, GUTTER_PX, rowAt, timeAt } from "./geometry";
import { eventOf, type Hit } from "./hit";
import type { Stage } from "./stage";

/** A press that moves less than this, pixels, is a click. */
const CLICK_PX = 4;

/** Who hears of it. */
export interface HandsListener {
  hovered(hit: Hit | null, at: [number, number]): void;
  clicked(hit: Hit): void;
  /** A peer's name was clicked. */
  named(peer: number): void;
  /** The cursor is dragged along the axis. */
  scrubbed(t: number): void;
}

interface Press {
  start: [number, number];
  last: [number, number];
  far: boolean;
  axis: boolean;
}

/** The pointer's shape tells what a press would do. */
function cursorOver(hit: Hit | null, [x, y]: [number, number]): string {
  if (y < AXIS_PX) return "ew-resize";
  if (x < GUTTER_PX || eventOf(hit)) return "pointer";
  return "crosshair";
}

/** Listens on an element for one stage; the returned function ends it. */
export function attachHands(on: HTMLElement, stage: Stage, listener: HandsListener): () => void {
  let press: Press | null = null;
  const place = (event: MouseEvent): [number, number] => {
    const box = on.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const scrub = ([x]: [number, number]) =>
    listener.scrubbed(Math.max(0, Math.min(stage.end, timeAt(stage.frame, x))));

  /** The peer whose name is at a place. */
  const peerNamed = ([x, y]: [number, number]) =>
    x < GUTTER_PX && y > AXIS_PX ? stage.picture?.peers[rowAt(stage.frame, y)] : undefined;

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const at = place(event);
    on.setPointerCapture(event.pointerId);
    press = { start: at, last: at, far: false, axis: at[1] < AXIS_PX };
    if (press.axis) scrub(at);
  };

  const move = (event: PointerEvent) => {
    const at = place(event);
    if (!press) {
      const inside = at[0] >= GUTTER_PX && at[1] >= AXIS_PX;
      const hit = inside ? stage.hit(...at) : null;
      on.style.cursor = cursorOver(hit, at);
      listener.hovered(hit, at);
      return;
    }
    if (press.axis) {
      scrub(at);
      return;
    }
    press.far ||= Math.hypot(at[0] - press.start[0], at[1] - press.start[1]) > CLICK_PX;
    if (!press.far) return;
    on.style.cursor = "grabbing";
    listener.hovered(null, at);
    stage.pan(at[0] - press.last[0], at[1] - press.last[1]);
    press.last = at;
  };

  const up = (event: PointerEvent) => {
    const was = press;
    press = null;
    if (!was || was.axis || was.far) return;
    const at = place(event);
    const peer = peerNamed(at);
    const hit = stage.hit(...at);
    if (peer !== undefined) listener.named(peer);
    else if (hit && at[0] >= GUTTER_PX) listener.clicked(hit);
  };

  const cancel = () => {
    press = null;
  };

  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const [x, y] = place(event);
    // Browsers turn the wheel sideways while shift is held.
    const delta = event.deltaY || event.deltaX;
    const sideways = event.deltaX !== 0 && !event.shiftKey;
    if (sideways && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      stage.pan(-event.deltaX, 0);
      return;
    }
    // Lines and pages are told from pixels; one notch of a wheel is about a fifth.
    const step = event.deltaMode === 0 ? delta / 100 : delta / 3;
    const factor = 1.25 ** -Math.max(-4, Math.min(4, step));
    if (event.shiftKey) stage.zoomRows(y, factor);
    else stage.zoomTime(x, factor);
  };

  const leave = () => listener.hovered(null, [0, 0]);

  on.addEventListener("pointerdown", down);
  on.addEventListener("pointermove", move);
  on.addEventListener("pointerup", up);
  on.addEventListener("pointercancel", cancel);
  on.addEventListener("pointerleave", leave);
  on.addEventListener("wheel", wheel, { passive: false });
  return () => {
    on.removeEventListener("pointerdown", down);
    on.removeEventListener("pointermove", move);
    on.removeEventListener("pointerup", up);
    on.removeEventListener("pointercancel", cancel);
    on.removeEventListener("pointerleave", leave);
    on.removeEventListener("wheel", wheel);
  };
}
