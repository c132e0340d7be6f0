// Which peers have rows: those that a person named, or those that the lab chose first, in its order.

/** The most rows at once. */
export const ROWS_MAX = 400;

/** Peers out of words: "1-5, 8". Null when the words name none; an error tells the part that is not understood. */
export function readPeers(text: string, last: number): number[] | null | Error {
  const peers = new Set<number>();
  for (const part of text.split(/[,\s]+/).filter(Boolean)) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    const [from, to] = [Number(range?.[1]), Number(range?.[2] ?? range?.[1])];
    if (!range || from < 1 || to < from)
      return new Error(`"${part}" is not a peer: write numbers and ranges, such as 1-5, 8`);
    if (to > last) return new Error(`there is no peer ${to}: this run has ${last}`);
    for (let peer = from; peer <= to; peer++) {
      peers.add(peer);
      if (peers.size > ROWS_MAX) return new Error(`more than ${ROWS_MAX} rows cannot be drawn`);
    }
  }
  return peers.size > 0 ? [...peers] : null;
}

/** Peers as words, runs of three or more as ranges. */
export function writePeers(peers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < peers.length; ) {
    let end = i;
    while (peers[end + 1] === (peers[end] ?? 0) + 1) end += 1;
    if (end - i >= 2) parts.push(`${peers[i]}-${peers[end]}`);
    else for (let k = i; k <= end; k++) parts.push(String(peers[k]));
    i = end + 1;
  }
  return parts.join(", ");
}

/** Those rows and these beside them, in the order in which they came. */
export function joined(rows: readonly number[], more: readonly number[]): number[] {
  const known = new Set(rows);
  return [...rows, ...more.filter((peer) => peer > 0 && !known.has(peer))].slice(0, ROWS_MAX);
}
