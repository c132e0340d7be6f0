// What the diagram shows and what it leaves out, in words.

import { Legend } from "../graph/legend";
import type { Bench } from "../model/run";
import { exact, plural, span as spanWords } from "../words/format";
import type { Span } from "./geometry";
import type { Landmarks } from "./landmarks";
import type { Picture } from "./picture";

interface WordsProps {
  bench: Bench;
  picture: Picture | null;
  span: Span;
  landmarks: Landmarks;
}

/** The line under the diagram. */
export function Words({ bench, picture, span, landmarks }: WordsProps) {
  return (
    <div class="spacetime-words" id="spacetime-words">
      {picture ? <PictureWords {...{ picture, span, landmarks }} /> : <p>Reading the recording…</p>}
      <span class="grow" />
      <Legend bench={bench} />
    </div>
  );
}

function PictureWords({
  picture,
  span,
  landmarks,
}: Omit<WordsProps, "bench"> & { picture: Picture }) {
  const parts = [
    `${spanWords(span[0])} to ${spanWords(span[1])}`,
    picture.density
      ? `${plural(picture.total, "event")} as counts · ${exact(picture.shown)} of ${plural(picture.of, "message")} drawn`
      : `${plural(countIn(picture, span), "event")}, ${plural(arrowsIn(picture, span), "message")}`,
  ];
  if (picture.quiet > 0) parts.push(`${plural(picture.quiet, "quiet peer")} folded`);
  const rowless = picture.hidden > 0 ? plural(picture.hidden, "peer") : "peers";
  if (picture.stubs > 0) parts.push(`${exact(picture.stubs)} more with ${rowless} without a row`);
  else if (picture.hidden > 0) parts.push(`${rowless} without a row`);
  if (landmarks.more) parts.push("only the first faults and crashes are marked");
  return (
    <p data-testid="spacetime-words" role="status">
      {parts.join(" · ")}
    </p>
  );
}

function countIn(picture: Picture, [from, to]: Span): number {
  return picture.marks.filter(({ event }) => event.t >= from && event.t <= to).length;
}

function arrowsIn(picture: Picture, [from, to]: Span): number {
  return picture.arrows.filter(
    ({ t0, t1, fromRow, toRow }) => t1 >= from && t0 <= to && fromRow >= 0 && toRow >= 0,
  ).length;
}
