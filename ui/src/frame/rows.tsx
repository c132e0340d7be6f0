// A list of which only the rows in sight exist, so that ten thousand cost no more than thirty.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Rows beyond the edge that exist already, for smooth scrolling. */
const SPARE = 8;

interface Props {
  count: number;
  /** Height of each row, pixels. */
  height: number;
  row: (index: number) => ComponentChildren;
  label: string;
  testid?: string;
  /** Keep the end in sight while rows are added, until somebody scrolls up. */
  follow?: boolean;
  /** Called when the first row comes into sight. */
  atTop?: (() => void) | undefined;
  /** A number that changes when rows were put before the first: the view stays where it was. */
  prepended?: number;
}

export function Rows({ count, height, row, label, testid, follow, atTop, prepended = 0 }: Props) {
  const host = useRef<HTMLElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const pinned = useRef(true);
  const before = useRef(prepended);
  useSize(host, (high) => setView((v) => ({ ...v, height: high })));
  useEffect(() => {
    const at = host.current;
    if (!at) return;
    if (prepended !== before.current) {
      at.scrollTop += (prepended - before.current) * height;
      before.current = prepended;
    } else if (follow && pinned.current) at.scrollTop = at.scrollHeight;
  }, [count, prepended, follow, height]);
  const first = Math.max(0, Math.floor(view.top / height) - SPARE);
  const last = Math.min(count, Math.ceil((view.top + view.height) / height) + SPARE);
  const scrolled = () => {
    const at = host.current;
    if (!at) return;
    pinned.current = at.scrollTop + at.clientHeight >= at.scrollHeight - height;
    setView({ top: at.scrollTop, height: at.clientHeight });
    if (at.scrollTop < height) atTop?.();
  };
  return (
    <section
      class="rows"
      ref={host}
      onScroll={scrolled}
      aria-label={label}
      data-testid={testid}
      data-count={count}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <div class="rows-all" style={{ height: `${count * height}px` }}>
        <ul class="rows-seen" style={{ transform: `translateY(${first * height}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, i) => row(first + i))}
        </ul>
      </div>
    </section>
  );
}

function useSize(of: RefObject<HTMLElement | null>, tell: (height: number) => void) {
  useEffect(() => {
    if (!of.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) tell(entry.contentRect.height);
    });
    watch.observe(of.current);
    return () => watch.disconnect();
  }, []);
}
