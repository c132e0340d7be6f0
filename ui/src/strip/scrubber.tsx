// The run's whole time from left to right: drag the cursor anywhere, click a mark to go there.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Timeline } from "../api/past";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { cursor, inPast, seek, seekEvent, wanted } from "../state/cursor";
import { runEnd, timeline } from "../state/timeline";
import { exact, span } from "../words/format";
import { Glyph } from "./glyph";
import { area, columns, ticks, WIDE } from "./lanes";
import { groupMarks, MARK_WORDS, type MarkGroup, markSentence } from "./marks";

const DONE_HIGH = 16;
const SENT_HIGH = 20;

export function Scrubber({ of }: { of: Bench }) {
  watchRun();
  const host = useRef<HTMLDivElement>(null);
  const wide = useWidth(host);
  const [hover, setHover] = useState<number | null>(null);
  const end = runEnd.value;
  const told = timeline.value;
  const at = cursor.value;
  const groups = useMemo(() => groupMarks(told?.marks ?? [], end, wide), [told, end, wide]);
  const t = wanted.value ?? (at && !at.live ? at.t : end);
  const share = end > 0 ? Math.min(1, t / end) : 1;
  const able = at !== null && told?.recorded !== false;

  const placeOf = (event: PointerEvent): number => {
    const box = host.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * end;
  };
  const down = (event: PointerEvent) => {
    if (!able || event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    seek(placeOf(event));
  };
  const move = (event: PointerEvent) => {
    setHover(placeOf(event));
    const held = (event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId);
    if (able && held) seek(placeOf(event));
  };

  return (
    <div
      class="scrubber"
      data-testid="timeline"
      data-end={end}
      data-marks={told?.marks.length ?? 0}
    >
      <Marks groups={groups} />
      <div
        class="course"
        ref={host}
        role="slider"
        tabIndex={0}
        aria-label="Time of the run"
        aria-valuemin={0}
        aria-valuemax={end}
        aria-valuenow={t}
        aria-valuetext={`${span(t)} of ${span(end)}`}
        aria-disabled={!able}
        onPointerDown={down}
        onPointerMove={move}
        onPointerLeave={() => setHover(null)}
      >
        {told && <Lanes told={told} of={of} end={end} />}
        {inPast.value && <i class="ahead" style={{ left: `${share * 100}%` }} />}
        {hover !== null && end > 0 && (
          <i class="hover-line" style={{ left: `${(hover / end) * 100}%` }} />
        )}
        <i
          class={`cursor ${inPast.value ? "past" : ""}`}
          style={{ left: `${share * 100}%` }}
          data-testid="cursor"
          data-t={at?.t ?? ""}
          data-n={at?.n ?? ""}
          data-of={at?.of ?? ""}
          data-live={at?.live ?? ""}
          data-speed={at?.speed ?? ""}
        />
        {hover !== null && told && end > 0 && <HoverTip told={told} t={hover} end={end} />}
      </div>
      <Axis end={end} wide={wide} />
    </div>
  );
}

function Lanes({ told, of, end }: { told: Timeline; of: Bench; end: number }) {
  watchRun();
  // The last column may reach beyond the end; and the run may have gone on since the lab told.
  const reach = end > 0 ? ((told.dt * told.sent.length) / end) * 100 : 100;
  const targets = Object.values(of.run.targets);
  const goals = targets.reduce((sum, target) => sum + target.peers, 0);
  const [course, whole] = goals > 0 ? [told.met, goals] : [told.done, of.run.peers];
  // The strip is drawn with every frame, its columns change once a second.
  const [done, sent, dropped] = useMemo(() => {
    const most = Math.max(1, ...told.sent, ...told.dropped);
    return [
      area(course, Math.max(whole, ...course), DONE_HIGH),
      columns(told.sent, most, SENT_HIGH),
      columns(told.dropped, most, SENT_HIGH),
    ] as const;
  }, [told, whole]);
  return (
    <div class="lanes">
      <svg
        class="lane-done"
        aria-hidden="true"
        viewBox={`0 0 ${WIDE} ${DONE_HIGH}`}
        preserveAspectRatio="none"
        style={{ width: `${reach}%`, height: `${DONE_HIGH}px` }}
      >
        <path d={done} />
      </svg>
      <svg
        class="lane-sent"
        aria-hidden="true"
        viewBox={`0 0 ${WIDE} ${SENT_HIGH}`}
        preserveAspectRatio="none"
        style={{ width: `${reach}%`, height: `${SENT_HIGH}px` }}
      >
        <path class="sent" d={sent} />
        <path class="dropped" d={dropped} />
      </svg>
    </div>
  );
}

function Marks({ groups }: { groups: MarkGroup[] }) {
  return (
    <div class="marks">
      {groups.map((group) => {
        const first = group.marks[0];
        if (!first) return null;
        const more = group.marks.length - 1;
        const name = `${span(first.t)}: ${markSentence(first)}${
          more > 0 ? `, and ${exact(more)} more ${MARK_WORDS[group.kind]}` : ""
        }`;
        return (
          <button
            type="button"
            key={`${group.kind} ${first.t} ${first.event ?? ""}`}
            class={`mark ${group.kind}`}
            style={{ left: `calc(${group.place * 100}% + ${group.aside}px)` }}
            data-testid={`mark-${group.kind}`}
            data-t={first.t}
            data-count={group.marks.length}
            // Keys reach marks by [ and ], so that hundreds are no stops of Tab.
            tabIndex={-1}
            aria-label={name}
            title={name}
            onClick={() => (first.event ? seekEvent(first.event) : seek(first.t))}
          >
            <Glyph kind={group.kind} />
          </button>
        );
      })}
    </div>
  );
}

function HoverTip({ told, t, end }: { told: Timeline; t: number; end: number }) {
  const column = told.dt > 0 ? Math.floor((t - told.from) / told.dt) : -1;
  const sent = told.sent[column];
  const lost = told.dropped[column] ?? 0;
  const side =
    t / end > 0.5 ? { right: `${(1 - t / end) * 100}%` } : { left: `${(t / end) * 100}%` };
  return (
    <div class="scrub-tip number" style={side}>
      <strong>{span(t)}</strong>
      {sent !== undefined && (
        <>
          {" "}
          · {exact(sent)} sent{lost > 0 ? `, ${exact(lost)} lost` : ""} in {span(told.dt)}
        </>
      )}
    </div>
  );
}

function Axis({ end, wide }: { end: number; wide: number }) {
  return (
    <div class="axis number" aria-hidden="true">
      {ticks(end, wide).map((t) => (
        <span key={t} style={{ left: `${(t / end) * 100}%` }}>
          {span(t)}
        </span>
      ))}
    </div>
  );
}

function useWidth(host: { current: HTMLElement | null }): number {
  const [wide, setWide] = useState(800);
  useEffect(() => {
    if (!host.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setWide(entry.contentRect.width);
    });
    watch.observe(host.current);
    return () => watch.disconnect();
  }, []);
  return wide;
}
