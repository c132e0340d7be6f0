// A run as the page knows it, in a form that another thread takes over and follows from there.

import type { CursorRow, Frame, Hello, PeerRow, Run } from "../api/types";
import type { Edge } from "./edges";
import { Bench } from "./run";

/** Numbers of one kind on one link: from, to, kind, community, count, bytes, lost, last. */
const PER_CELL = 8;

/** Everything that a picture needs to know of a run. */
export interface Snapshot {
  hello: Hello;
  frame: Frame;
  /** All links, packed: copying a hundred thousand small lists would hold up the page. */
  links: Float64Array;
  cursor: CursorRow | null;
  run: Run;
}

/** What the page knows now. */
export function snapshot(bench: Bench): Snapshot {
  const { aggregated, communities, kinds, targets, peers, groups, t } = bench;
  const hello: Hello = {
    ...{ type: "hello", run: bench.run, peers: aggregated ? bench.run.peers : peers.size },
    ...{ aggregated, communities, kinds, targets },
  };
  const frame: Frame = {
    ...{ type: "frame", t, peers: rows(bench), members: [...bench.members.values()] },
    labels: peers.allLabels(),
    groups: groups.list.filter(Boolean).map((g) => {
      return [g.index, g.peers, g.up, g.done, g.met, g.current, g.goal];
    }),
    positions: [...bench.positions].map(([peer, [x, y]]) => [peer, x, y]),
    edges_hidden: bench.edges.hidden,
  };
  return { hello, frame, links: pack(bench.edges.list), cursor: bench.cursor, run: bench.run };
}

function rows({ peers }: Bench): PeerRow[] {
  const out: PeerRow[] = [];
  for (let id = 1; id <= peers.size; id++)
    out.push([
      id,
      peers.status[id] ?? 0,
      peers.done[id] ?? 0,
      [...peers.targets(id)],
      [...peers.communities(id)],
      peers.pid[id] ?? 0,
    ]);
  return out;
}

function pack(edges: readonly Edge[]): Float64Array {
  const cells = edges.reduce((sum, edge) => sum + edge.kinds.length, 0);
  const out = new Float64Array(cells * PER_CELL);
  let at = 0;
  for (const { from, to, community, last, kinds } of edges)
    for (const { kind, count, bytes, lost } of kinds) {
      out.set([from, to, kind, community, count, bytes, lost, last], at);
      at += PER_CELL;
    }
  return out;
}

/** The same run, on this thread. */
export function revive({ hello, frame, links, cursor, run }: Snapshot): Bench {
  const bench = new Bench(run);
  bench.take(hello);
  for (let at = 0; at < links.length; at += PER_CELL) {
    const n = (i: number) => links[at + i] ?? 0;
    bench.edges.take([n(0), n(1), n(2), n(3), n(4), n(5), n(6)], n(7));
  }
  bench.take(frame);
  bench.cursor = cursor;
  return bench;
}
