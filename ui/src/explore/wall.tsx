// The wall of outcomes: a small mark for each seed, told apart by shape as well as by colour.

import { useEffect, useRef, useState } from "preact/hooks";
import { outcomeOf } from "../api/figures";

const SIZE = 12;

/** The shape of an outcome within a square of 12 by 12. */
const SHAPES: Record<string, { path: string; color: string; hollow?: boolean }> = {
  c: { path: "M2 2h8v8H2Z", color: "var(--high)" },
  t: { path: "M6 1.5L11 10.5H1Z", color: "var(--middle)" },
  v: { path: "M6 0.5L11.5 6L6 11.5L0.5 6Z", color: "var(--violation)" },
  f: { path: "M2 2L10 10M10 2L2 10", color: "var(--low)", hollow: true },
  s: { path: "M3 3h6v6H3Z", color: "var(--quiet)", hollow: true },
};

const WORDS: Record<string, string> = {
  ".": "not yet run",
  c: "completed",
  t: "not complete when its time was up",
  v: "violated a property",
  f: "failed",
  s: "stopped",
};

/** An outcome in words. */
export function outcomeWords(letter: string): string {
  return WORDS[letter] ?? "unknown";
}

/** How many seeds had each outcome, the most frequent first. */
export function tally(outcomes: string): [string, number][] {
  const counts = new Map<string, number>();
  for (const letter of outcomes) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => Number(a === ".") - Number(b === ".") || n - m);
}

export function Mark({ letter }: { letter: string }) {
  const shape = SHAPES[letter];
  if (!shape) return <circle cx="6" cy="6" r="1.2" fill="var(--line)" />;
  return (
    <path
      d={shape.path}
      fill={shape.hollow ? "none" : shape.color}
      stroke={shape.hollow ? shape.color : "none"}
      stroke-width="2"
    />
  );
}

interface Props {
  outcomes: string;
  first: number;
  /** The seed that is pointed out. */
  found: number | null;
  pick: (seed: number) => void;
}

export function Wall({ outcomes, first, found, pick }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(40);
  const [at, setAt] = useState(0);
  useEffect(() => {
    const of = host.current;
    if (!of) return;
    const look = new ResizeObserver(() =>
      setColumns(Math.max(10, Math.floor(of.clientWidth / SIZE))),
    );
    look.observe(of);
    return () => look.disconnect();
  }, []);
  const rows = Math.ceil(outcomes.length / columns);
  const under = (event: MouseEvent): number | null => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const scale = (columns * SIZE) / box.width;
    const column = Math.floor(((event.clientX - box.left) * scale) / SIZE);
    const place = Math.floor(((event.clientY - box.top) * scale) / SIZE) * columns + column;
    return place >= 0 && place < outcomes.length ? place : null;
  };
  const letter = outcomes[at] ?? ".";
  return (
    <div ref={host}>
      <svg
        class="wall"
        data-testid="wall"
        data-outcomes={outcomes}
        viewBox={`0 0 ${columns * SIZE} ${rows * SIZE}`}
        width={columns * SIZE}
        height={rows * SIZE}
        role="img"
        aria-label={`Outcomes of ${outcomes.length} seeds: ${tally(outcomes)
          .map(([one, n]) => `${n} ${outcomeWords(one)}`)
          .join(", ")}. Arrow keys go from seed to seed, Enter runs one.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys below go from seed to seed
        tabIndex={0}
        onMouseMove={(event) => setAt(under(event) ?? at)}
        onClick={(event) => {
          const place = under(event);
          if (place !== null) pick(first + place);
        }}
        onKeyDown={(event) => {
          const steps: Record<string, number> = {
            ArrowLeft: -1,
            ArrowRight: 1,
            ArrowUp: -columns,
            ArrowDown: columns,
          };
          const by = steps[event.key];
          if (by !== undefined) setAt(Math.max(0, Math.min(outcomes.length - 1, at + by)));
          else if (event.key === "Enter") pick(first + at);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        {[...outcomes].map((one, place) => (
          <g
            key={first + place}
            transform={`translate(${(place % columns) * SIZE} ${Math.floor(place / columns) * SIZE})`}
          >
            <Mark letter={one} />
            {(place === at || first + place === found) && (
              <rect
                width={SIZE}
                height={SIZE}
                fill="none"
                stroke={place === at ? "var(--accent)" : "var(--violation)"}
              />
            )}
          </g>
        ))}
      </svg>
      <p class="quiet" role="status" data-testid="wall-under">
        Seed {first + at}: {outcomeWords(letter)}
        {outcomeOf(letter) ? ". Click to run it and look." : ""}
      </p>
    </div>
  );
}
