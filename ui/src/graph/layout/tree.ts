// The tree of first deliveries: who began is in the middle, each ring outwards is one message further.

/** A branch: a peer, through whom it first heard something, and when. */
export interface Branch {
  peer: number;
  parent: number;
  /** Seconds of the run. */
  t: number;
}

/** Reads branches as they travel between threads. */
export function branchesOf(packed: Float64Array): Branch[] {
  const out: Branch[] = [];
  for (let i = 0; i + 2 < packed.length; i += 3)
    out.push({ peer: packed[i] ?? 0, parent: packed[i + 1] ?? 0, t: packed[i + 2] ?? 0 });
  return out;
}

/**
 * The same without circles. When several peers began, each may have heard first from another; then the one
 * of them that was reached first counts as a beginning.
 */
export function forest(branches: readonly Branch[]): Branch[] {
  const byPeer = new Map(branches.map((branch) => [branch.peer, branch]));
  const safe = new Set<number>();
  for (const { peer } of branches) {
    const way: number[] = [];
    let at: Branch | undefined = byPeer.get(peer);
    while (at && !safe.has(at.peer) && !way.includes(at.peer)) {
      way.push(at.peer);
      at = byPeer.get(at.parent);
    }
    const start = at ? way.indexOf(at.peer) : -1;
    if (start >= 0) byPeer.delete(earliest(way.slice(start), byPeer));
    for (const seen of way) safe.add(seen);
  }
  return [...byPeer.values()];
}

function earliest(circle: readonly number[], byPeer: ReadonlyMap<number, Branch>): number {
  const time = (peer: number) => byPeer.get(peer)?.t ?? Infinity;
  return circle.reduce((a, b) => (time(b) < time(a) ? b : a));
}

/** Who stands on the way from the beginning to a peer, the first first. */
export function wayTo(branches: readonly Branch[], peer: number): number[] {
  const parents = new Map(branches.map((branch) => [branch.peer, branch.parent]));
  const out: number[] = [];
  let at: number | undefined = peer;
  while (at !== undefined && !out.includes(at)) {
    out.unshift(at);
    at = parents.get(at);
  }
  return out;
}

/** A crowded ring fills so much of the way to the next one inwards. */
const BAND = 0.7;

interface Node {
  children: number[];
  depth: number;
  leaves: number;
}

/** Positions of these peers; those that nobody reached stand in a ring outside. */
export function radial(branches: readonly Branch[], peers: ArrayLike<number>): Float32Array {
  const { nodes, roots, order } = grow(branches, peers);
  for (const peer of [...order].reverse()) {
    const node = nodes.get(peer);
    if (!node) continue;
    const sum = node.children.reduce((all, child) => all + (nodes.get(child)?.leaves ?? 0), 0);
    node.leaves = Math.max(1, sum);
  }
  const angles = fan(nodes, roots);
  const deepest = order.reduce((most, peer) => Math.max(most, nodes.get(peer)?.depth ?? 0), 0);
  const middle = roots.length === 1 ? 0 : 1;
  const rings = deepest + middle;
  const stagger = staggered(nodes, angles, rings, middle);
  const out = new Float32Array(2 * peers.length);
  const outside: number[] = [];
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i] ?? 0;
    const node = nodes.get(peer);
    if (!node) {
      outside.push(i);
      continue;
    }
    const inwards = stagger.get(peer) ?? 0;
    const radius = rings > 0 ? (node.depth + middle - inwards) / rings : 0;
    const angle = (angles.get(peer) ?? 0) - Math.PI / 2;
    out.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i);
  }
  for (const [n, i] of outside.entries()) {
    const angle = (n / outside.length) * 2 * Math.PI - Math.PI / 2;
    out.set([1.25 * Math.cos(angle), 1.25 * Math.sin(angle)], 2 * i);
  }
  return out;
}

/** How far inwards each peer of a crowded ring stands, in rings: such a ring becomes a band. */
function staggered(
  nodes: Map<number, Node>,
  angles: Map<number, number>,
  rings: number,
  middle: number,
): Map<number, number> {
  const byDepth: number[][] = [];
  for (const [peer, { depth }] of nodes) {
    byDepth[depth] ??= [];
    byDepth[depth].push(peer);
  }
  const gap = Math.sqrt(Math.PI / Math.max(1, nodes.size));
  const out = new Map<number, number>();
  for (const [depth, ring] of byDepth.entries()) {
    const around = (2 * Math.PI * (depth + middle)) / Math.max(1, rings);
    const rows = Math.ceil((ring.length * gap) / Math.max(around, 1e-9));
    if (rows < 2 || around === 0) continue;
    ring.sort((a, b) => (angles.get(a) ?? 0) - (angles.get(b) ?? 0));
    for (const [i, peer] of ring.entries()) out.set(peer, ((i % rows) / rows) * BAND);
  }
  return out;
}

/** Nodes with their depth, breadth first from the roots. */
function grow(branches: readonly Branch[], peers: ArrayLike<number>) {
  const shown = new Set(Array.from(peers));
  const nodes = new Map<number, Node>();
  const node = (peer: number) => {
    const known = nodes.get(peer);
    if (known) return known;
    const fresh: Node = { children: [], depth: -1, leaves: 1 };
    nodes.set(peer, fresh);
    return fresh;
  };
  const reached = new Set<number>();
  for (const { peer, parent } of branches) {
    if (!shown.has(peer) || !shown.has(parent)) continue;
    node(parent).children.push(peer);
    node(peer);
    reached.add(peer);
  }
  const roots = [...nodes.keys()].filter((peer) => !reached.has(peer)).sort((a, b) => a - b);
  const order: number[] = [];
  let ring = roots;
  for (let depth = 0; ring.length > 0; depth++) {
    for (const peer of ring) node(peer).depth = depth;
    order.push(...ring);
    ring = ring.flatMap((peer) => node(peer).children);
  }
  for (const [peer, { depth }] of nodes) if (depth < 0) nodes.delete(peer);
  return { nodes, roots, order };
}

/** An angle for each node, in the middle of the share that its leaves have of the circle. */
function fan(nodes: Map<number, Node>, roots: readonly number[]): Map<number, number> {
  const all = roots.reduce((sum, root) => sum + (nodes.get(root)?.leaves ?? 0), 0);
  const angles = new Map<number, number>();
  const open: [readonly number[], number][] = [[roots, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [siblings, start] = next;
    let from = start;
    for (const peer of siblings) {
      const node = nodes.get(peer);
      if (!node) continue;
      const wide = (node.leaves / Math.max(1, all)) * 2 * Math.PI;
      angles.set(peer, from + wide / 2);
      open.push([node.children, from]);
      from += wide;
    }
  }
  return angles;
}
