// The keys of the diagram: from event to event, nearer and farther, along what was found.

import { nextResult } from "../search/state";
import { seekEvent } from "../state/cursor";
import { adjust } from "../state/route";
import type { Chosen } from "./chosen";
import { GUTTER_PX, type Span, xOf, yOf } from "./geometry";
import { eventOf, type Hit } from "./hit";
import type { Mark, Picture } from "./picture";
import type { Stage } from "./stage";

/** What the keys move over. */
interface Pointed {
  picture: Picture | null;
  span: Span;
  selected: Chosen | null;
  showAll: () => void;
}

/** Shows what the keys point at, as the pointer would. */
export type Point = (hit: Hit | null, at: [number, number] | null) => void;

/** A key over the diagram; true when it meant something. */
export function press(
  event: KeyboardEvent,
  props: Pointed,
  stage: Stage | null,
  point: Point,
): boolean {
  if (!stage || event.ctrlKey || event.metaKey || event.altKey) return false;
  const middle = GUTTER_PX + stage.width / 2;
  switch (event.key) {
    case "+":
    case "=":
      stage.zoomTime(middle, 1.6);
      return true;
    case "-":
      stage.zoomTime(middle, 1 / 1.6);
      return true;
    case "f":
      props.showAll();
      return true;
    case "n":
    case "N":
      nextResult(event.key === "n" ? 1 : -1);
      return true;
    case "Enter":
      return select(props, stage);
    case "Escape":
      point(null, null);
      if (!props.selected) return false;
      adjust({ event: null });
      return true;
    case "ArrowLeft":
    case "ArrowRight":
    case "ArrowUp":
    case "ArrowDown":
      // With shift they stay what they are on the whole page: the cursor by a second.
      return !event.shiftKey && walk(event.key, props, stage, point);
    default:
      return false;
  }
}

/** Selects what the keys point at; once more puts the cursor there. */
function select(props: Pointed, stage: Stage): boolean {
  const { hover } = stage.overlay;
  const event = eventOf(hover) ?? props.selected?.event.id ?? null;
  if (!event) return false;
  if (event === props.selected?.event.id) seekEvent(event);
  else adjust({ event, link: null });
  return true;
}

/** Goes along a peer's events, or to the nearest event of the row above or below. */
function walk(key: string, props: Pointed, stage: Stage, point: Point): boolean {
  const { picture } = props;
  if (!picture || picture.density) return false;
  const from = pointed(props, stage);
  // Whoever came by the pointer and chose nothing means the page's cursor.
  if (!from && !document.activeElement?.matches(":focus-visible")) return false;
  const next = from ? neighbor(picture, from, key) : firstInSight(picture, props.span);
  if (!next) return true;
  const { frame } = stage;
  const x = xOf(frame, next.event.t);
  if (x < GUTTER_PX || x > frame.width - 8) stage.pan(frame.width / 2 - x, 0);
  stage.reveal(next.row);
  const y = yOf(stage.frame, next.row);
  point({ at: "event", mark: next }, [xOf(stage.frame, next.event.t), y]);
  return true;
}

function pointed(props: Pointed, stage: Stage): Mark | undefined {
  const { hover } = stage.overlay;
  if (hover?.at === "event") return hover.mark;
  return props.picture?.byId.get(props.selected?.event.id ?? "");
}

function firstInSight(picture: Picture, [from]: Span): Mark | undefined {
  return picture.marks.find((mark) => mark.event.t >= from);
}

function neighbor(picture: Picture, from: Mark, key: string): Mark | undefined {
  const row = picture.byRow[from.row] ?? [];
  const at = row.indexOf(from);
  if (key === "ArrowLeft") return row[at - 1];
  if (key === "ArrowRight") return row[at + 1];
  const step = key === "ArrowUp" ? -1 : 1;
  for (let next = from.row + step; next >= 0 && next < picture.byRow.length; next += step) {
    const near = nearest(picture.byRow[next] ?? [], from.event.t);
    if (near) return near;
  }
  return undefined;
}

function nearest(marks: readonly Mark[], t: number): Mark | undefined {
  let best: Mark | undefined;
  for (const mark of marks)
    if (!best || Math.abs(mark.event.t - t) < Math.abs(best.event.t - t)) best = mark;
  return best;
}
