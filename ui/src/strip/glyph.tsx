// The shape of each kind of mark. Shapes differ, so that nobody needs the hue.

import type { MarkKind } from "../api/past";

const PATHS: Record<MarkKind, string> = {
  fault: "M6 1.5 11 10.5H1Z",
  crash: "M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5",
  restart: "M3 1.5V10.5L10.5 6Z",
  target: "M6 .8 11.2 6 6 11.2 .8 6Z",
  done: "M1.5 6.5 4.8 9.8 10.5 2.5",
  note: "M2.5 2.5H9.5V9.5H2.5Z",
  violated: "M4 .8H8L11.2 4V8L8 11.2H4L.8 8V4ZM6 3V6.6M6 8.2V9.2",
};

export function Glyph({ kind }: { kind: MarkKind }) {
  return (
    <svg class={`glyph ${kind}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={PATHS[kind]} />
    </svg>
  );
}
