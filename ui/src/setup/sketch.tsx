// Draws the small picture of an experiment.

import type { Experiment } from "../api/types";
import { sketchOf } from "./drawing";

const WIDE = 52;
const HIGH = 40;
const EDGE = 3;

export function SketchPicture({ of }: { of: Experiment }) {
  const { peers, links, split, churn } = sketchOf(of);
  const x = (share: number) => EDGE + share * (WIDE - 2 * EDGE);
  const y = (share: number) => EDGE + share * (HIGH - 2 * EDGE);
  return (
    <svg
      class="sketch"
      viewBox={`0 0 ${WIDE} ${HIGH}`}
      width={WIDE}
      height={HIGH}
      aria-hidden="true"
      data-testid={`sketch-${of.name}`}
      data-peers={peers.length}
      data-links={links.length}
    >
      {links.map(({ from, to, lost }) => {
        const [a, b] = [peers[from], peers[to]];
        if (!a || !b) return null;
        return (
          <path
            key={`${from} ${to}`}
            class={lost ? "lost-link" : "link"}
            d={`M${x(a.x)} ${y(a.y)}L${x(b.x)} ${y(b.y)}`}
          />
        );
      })}
      {split && <path class="split" d={`M${WIDE / 2} 0V${HIGH}`} />}
      {peers.map((peer, i) => (
        <circle
          key={i}
          class={peer.down || (churn && i % 4 === 2) ? "down" : "peer"}
          cx={x(peer.x)}
          cy={y(peer.y)}
          r={2.4}
        />
      ))}
    </svg>
  );
}
