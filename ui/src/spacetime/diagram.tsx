// The diagram itself: two canvases, the hands on them, the keys, and the tooltip.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { hiddenKinds } from "../graph/settings";
import type { Bench } from "../model/run";
import { foundEvents, search } from "../search/state";
import { cursor, seek, wanted } from "../state/cursor";
import { theme } from "../state/preferences";
import { adjust, route, selectedPeer } from "../state/route";
import { runEnd } from "../state/timeline";
import type { Chosen } from "./chosen";
import type { Cones } from "./cones";
import { readTheme } from "./draw/look";
import type { Span } from "./geometry";
import { attachHands } from "./hands";
import { eventOf, type Hit } from "./hit";
import { press } from "./keys";
import { flags, type Landmarks } from "./landmarks";
import type { Picture } from "./picture";
import { Stage, type StageReport } from "./stage";
import { type TipWords, wordsOf } from "./tip";

interface Props {
  bench: Bench;
  picture: Picture | null;
  span: Span;
  end: number;
  landmarks: Landmarks;
  selected: Chosen | null;
  cones: Cones | null;
  pinned: ReadonlySet<number>;
  /** The stage, for what stands around it. */
  stage: RefObject<Stage | null>;
  moved: (span: Span) => void;
  resized: (width: number, height: number) => void;
  hovered: (event: string | null) => void;
  showAll: () => void;
}

interface Tip extends TipWords {
  at: [number, number];
}

export function Diagram(props: Props) {
  const { bench, picture, stage } = props;
  const host = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [tip, setTip] = useState<Tip | null>(null);
  const [report, setReport] = useState<StageReport>({ seen: 0, drawn: 0, took: 0 });

  const point = (hit: Hit | null, at: [number, number] | null) => {
    const { picture: now, bench: of, hovered } = latest.current;
    stage.current?.setOverlay({ hover: hit });
    hovered(eventOf(hit));
    const words = hit && now && at ? wordsOf(of, now, hit) : null;
    setTip(words && at ? { ...words, at } : null);
  };

  useEffect(() => {
    if (!host.current || !base.current || !over.current) return;
    const mine = new Stage(
      base.current,
      over.current,
      {
        theme: readTheme(theme.peek() === "dark"),
        ...{ hidden: hiddenKinds.peek(), cones: null, landmarks: props.landmarks },
        label: (peer) => latest.current.bench.peers.label(peer),
        kindOf: (name) => kindOf(latest.current.bench, name),
        ...{ pinned: props.pinned, peer: selectedPeer.peek(), link: null },
      },
      (span) => latest.current.moved(span),
      setReport,
    );
    stage.current = mine;
    const watch = new ResizeObserver(([entry]) => {
      if (!entry) return;
      mine.resize(entry.contentRect.width, entry.contentRect.height);
      latest.current.resized(mine.width, entry.contentRect.height);
    });
    watch.observe(host.current);
    const release = attachHands(host.current, mine, {
      hovered: (hit, at) => point(hit, at),
      clicked: (hit) => click(hit),
      named: (peer) => adjust({ peer: selectedPeer.peek() === peer ? null : peer, event: null }),
      scrubbed: seek,
    });
    return () => {
      watch.disconnect();
      release();
      mine.close();
      stage.current = null;
    };
  }, [bench]);

  const click = (hit: Hit) => {
    host.current?.focus({ preventScroll: true });
    const event = eventOf(hit);
    if (event) adjust({ event, link: null });
    else if ("t" in hit) seek(Math.max(0, Math.min(latest.current.end, hit.t)));
  };

  useStage(props);

  return (
    <div
      class="diagram"
      ref={host}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys move from event to event
      tabIndex={0}
      role="application"
      aria-label="Space-time diagram: arrow keys go from event to event, Enter selects"
      aria-describedby="spacetime-words"
      data-testid="spacetime"
      data-from={props.span[0]}
      data-to={props.span[1]}
      data-detail={picture ? picture.density === null : undefined}
      data-events={picture?.total}
      data-marks={picture?.marks.length}
      data-arrows={picture?.shown}
      data-arrows-of={picture?.of}
      data-seen={report.seen}
      data-drawn={report.drawn}
      data-took={report.took.toFixed(1)}
      data-flags={flags(props.landmarks).length}
      data-rows={picture?.peers.join(",")}
      onKeyDown={(event) => {
        if (!press(event, latest.current, stage.current, point)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <canvas ref={base} />
      <canvas ref={over} />
      {tip && (
        <Tooltip
          {...tip}
          width={host.current?.clientWidth ?? 0}
          height={host.current?.clientHeight ?? 0}
        />
      )}
    </div>
  );
}

function kindOf(bench: Bench, name: string): number {
  const kind = bench.kinds.indexOf(name);
  return kind < 0 ? bench.kinds.length : kind;
}

/** Tells the stage what the page knows. */
function useStage({ picture, span, end, landmarks, selected, cones, pinned, stage, bench }: Props) {
  useEffect(() => {
    if (picture) stage.current?.show(picture);
  }, [picture, bench]);
  useEffect(() => {
    if (!stage.current) return;
    stage.current.end = end;
    stage.current.setSpan(span);
  }, [span[0], span[1], end, bench]);
  useEffect(
    () => stage.current?.setLook({ theme: readTheme(theme.value === "dark") }),
    [theme.value, bench],
  );
  useEffect(
    () => stage.current?.setLook({ hidden: hiddenKinds.value }),
    [hiddenKinds.value, bench],
  );
  useEffect(() => stage.current?.setLook({ cones, landmarks, pinned }), [cones, landmarks, pinned]);
  useEffect(() => stage.current?.setLook({ peer: selectedPeer.value }), [selectedPeer.value]);
  const link = route.value.at === "run" ? route.value.link : null;
  useEffect(() => stage.current?.setLook({ link }), [link?.join(), bench]);
  useEffect(
    () =>
      stage.current?.setOverlay({
        selected: selected?.event ?? null,
        path: selected?.cones.path ?? [],
      }),
    [selected],
  );
  // Whoever follows the run is at its end.
  const now = cursor.value?.live ? runEnd.value : (cursor.value?.t ?? null);
  const at = wanted.value ?? now;
  useEffect(() => stage.current?.setOverlay({ cursor: at }), [at, bench]);
  const found = foundEvents.value;
  const looked = search.value?.results[search.value.at]?.[0].id ?? null;
  useEffect(() => stage.current?.setOverlay({ found, foundAt: looked }), [found, looked, bench]);
}

/** Room that a tooltip needs to the right and below, pixels; without it, it stands on the other side. */
const TIP_PX = { width: 240, height: 96 };

function Tooltip({ title, lines, at, width, height }: Tip & { width: number; height: number }) {
  const [x, y] = at;
  const across = x > width - TIP_PX.width ? `${x - 14}px) translateX(-100%` : `${x + 14}px`;
  const down = y > height - TIP_PX.height ? `${y - 12}px) translateY(-100%` : `${y + 14}px`;
  return (
    <div
      class="tip"
      data-testid="spacetime-tip"
      style={{ transform: `translateX(${across}) translateY(${down})` }}
    >
      <strong>{title}</strong>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}
