// What hands do to a picture: wheel zooms at the pointer, drag pans or moves a peer, click selects.

import type { Hit, Stage } from "./stage";

/** A press that moves less than this, pixels, is a click. */
const CLICK_PX = 4;

/** Who hears of it. */
export interface HandsListener {
  hovered(hit: Hit, at: [number, number]): void;
  clicked(hit: Hit): void;
}

/** Listens on an element for one stage; the returned function ends it. */
export function attachHands(on: HTMLElement, stage: Stage, listener: HandsListener): () => void {
  let press: { at: [number, number]; last: [number, number]; hit: Hit; far: boolean } | null = null;
  const place = (event: MouseEvent): [number, number] => {
    const box = on.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const at = place(event);
    on.setPointerCapture(event.pointerId);
    press = { at, last: at, hit: stage.hit(at), far: false };
  };

  const move = (event: PointerEvent) => {
    const at = place(event);
    if (!press) {
      const hit = stage.hit(at);
      stage.setHover(hit && "peer" in hit ? hit.peer : -1);
      on.style.cursor = hit ? "pointer" : "grab";
      listener.hovered(hit, at);
      return;
    }
    press.far ||= Math.hypot(at[0] - press.at[0], at[1] - press.at[1]) > CLICK_PX;
    if (!press.far) return;
    on.style.cursor = "grabbing";
    listener.hovered(null, at);
    if (press.hit && "peer" in press.hit) stage.drag(press.hit.peer, at, true);
    else stage.pan(at[0] - press.last[0], at[1] - press.last[1]);
    press.last = at;
  };

  const up = (event: PointerEvent) => {
    const was = press;
    press = null;
    if (!was) return;
    if (!was.far) listener.clicked(was.hit);
    else if (was.hit && "peer" in was.hit) stage.drag(was.hit.peer, place(event), false);
    on.style.cursor = "grab";
  };

  const cancel = () => {
    press = null;
  };

  const leave = () => {
    stage.setHover(-1);
    listener.hovered(null, [0, 0]);
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
