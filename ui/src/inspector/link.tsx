// A selected link: what went over it, by kind and direction, and what can be done to it.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { followPlan } from "../graph/plan";
import type { Edge } from "../model/edges";
import type { Bench } from "../model/run";
import { WeatherBook } from "../model/weather";
import { watchRun } from "../state/bench";
import { adjust } from "../state/route";
import { bytes, exact, span } from "../words/format";
import { LinkHands } from "./breaking";
import { Latest } from "./latest";
import { useLinkTimes } from "./linktimes";
import { Now, Took } from "./linkwords";

export function LinkPanel({ bench, link }: { bench: Bench; link: [number, number] }) {
  watchRun();
  const [from, to] = link;
  const there = bench.edges.list.filter((e) => e.from === from && e.to === to);
  const back = bench.edges.list.filter((e) => e.from === to && e.to === from);
  const times = useLinkTimes(bench, from, to);
  const book = useMemo(() => new WeatherBook(), [bench]);
  useEffect(() => followPlan(bench), [bench]);
  book.look(bench.run.plan, bench.now, bench.size);
  const { weather } = book;
  return (
    <div data-testid="link" data-from={from} data-to={to}>
      <p>
        <PeerName bench={bench} peer={from} /> and <PeerName bench={bench} peer={to} />
      </p>
      <Direction bench={bench} from={from} to={to} edges={there}>
        <Now weather={weather} from={from} to={to} />
        <Took times={times?.there ?? null} from={from} to={to} />
      </Direction>
      <Direction bench={bench} from={to} to={from} edges={back}>
        <Now weather={weather} from={to} to={from} />
        <Took times={times?.back ?? null} from={to} to={from} />
      </Direction>
      <LinkHands link={link} />
      <Latest bench={bench} peer={from} other={to} />
    </div>
  );
}

function PeerName({ bench, peer }: { bench: Bench; peer: number }) {
  return (
    <button type="button" class="row-button" onClick={() => adjust({ peer })}>
      Peer {bench.peers.label(peer)}
    </button>
  );
}

interface DirectionProps {
  bench: Bench;
  from: number;
  to: number;
  edges: Edge[];
  /** What holds on it, and how long its messages took. */
  children: ComponentChildren;
}

function Direction({ bench, from, to, edges, children }: DirectionProps) {
  const sum = (of: (edge: Edge) => number) => edges.reduce((total, edge) => total + of(edge), 0);
  const count = sum((e) => e.count);
  const last = Math.max(...edges.map((e) => e.last));
  const kinds = new Map<number, { count: number; bytes: number; lost: number }>();
  for (const cell of edges.flatMap((edge) => edge.kinds)) {
    const known = kinds.get(cell.kind) ?? { count: 0, bytes: 0, lost: 0 };
    known.count += cell.count;
    known.bytes += cell.bytes;
    known.lost += cell.lost;
    kinds.set(cell.kind, known);
  }
  return (
    <section
      class="direction"
      data-testid="direction"
      data-from={from}
      data-to={to}
      data-count={count}
      data-last={last}
    >
      <h3>
        {bench.peers.label(from)} → {bench.peers.label(to)}
        <span class="number quiet">
          {exact(count)} · {bytes(sum((e) => e.bytes))}
        </span>
      </h3>
      {children}
      {count === 0 ? (
        <p class="quiet">No message this way.</p>
      ) : (
        <>
          <ul class="pairs">
            {[...kinds].map(([kind, cell]) => (
              <li key={kind}>
                <span>{bench.kinds[kind] ?? "message"}</span>
                <span class="number">
                  {exact(cell.count)} <span class="quiet">{bytes(cell.bytes)}</span>
                  {cell.lost > 0 && <span class="lost"> {exact(cell.lost)} lost</span>}
                </span>
              </li>
            ))}
          </ul>
          {Number.isFinite(last) && <p class="quiet number">last at {span(last)}</p>}
        </>
      )}
    </section>
  );
}
