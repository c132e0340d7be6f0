// A scripted flood, for tests of the page alone: what a lab would send of a run, without a lab.
// It is no simulator: peers pass messages on in rounds, some are lost, one crashes and returns.

/** A small seeded generator (mulberry32), so that every test sees the same run. */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const KINDS = ["rumor", "digest", "request"];
const GROUPS = 1024;

export class Flood {
  constructor({ peers, goal, seed, communities = ["flood"], loss = 0.05 }) {
    Object.assign(this, { peers, goal, communities, loss });
    this.random = random(seed);
    this.aggregated = peers > 20000;
    this.has = new Uint32Array(peers + 1);
    this.status = new Uint8Array(peers + 1);
    this.done = new Uint8Array(peers + 1);
    this.has[1] = goal;
    this.t = 0;
    this.sent = this.lost = this.bytes = this.events = 0;
    this.kinds = KINDS.map(() => [0, 0]);
    this.total = new Map();
    this.line = 0;
    this.met = 1;
  }

  /** One round of `seconds`; the frame that tells of it. */
  step(seconds) {
    this.t += seconds;
    this.fresh = new Map();
    this.changed ??= new Set();
    this.log = [];
    if (this.status[1] === 0) this.boot();
    this.faults();
    const tries = Math.min(this.peers * 3, 30000);
    for (let i = 0; i < tries; i++) this.talk();
    if (this.met === this.peers) this.finish();
    return this.frame();
  }

  boot() {
    for (let p = 1; p <= this.peers; p++) {
      this.status[p] = 1;
      this.changed.add(p);
      if (p <= 40) this.note(p, "started", {});
    }
  }

  faults() {
    if (this.peers < 5) return;
    if (!this.crashed && this.t > 0.6) {
      this.crashed = 3;
      this.status[3] = 2;
      this.changed.add(3);
      this.note(3, "crashed", { text: "kill -9" });
      this.status[5] = 3;
      this.changed.add(5);
    }
    if (this.crashed === 3 && this.t > 1.4) {
      this.crashed = 4;
      this.status[3] = this.status[5] = 1;
      this.changed.add(3).add(5);
      this.note(3, "restarted", { text: "with what its disk held" });
    }
  }

  talk() {
    const from = 1 + Math.floor(this.random() * this.peers);
    const to = 1 + ((from + Math.floor(this.random() ** 2 * (this.peers - 1))) % this.peers);
    if (from === to || this.status[from] !== 1 || this.has[from] === 0) return;
    const kind = this.random() < 0.8 ? 0 : this.random() < 0.6 ? 1 : 2;
    const bytes = kind === 0 ? 96 : 32;
    const lost = this.random() < this.loss || this.status[to] !== 1;
    this.count(from, to, kind, bytes, lost);
    if (lost || kind !== 0 || this.has[to] >= this.goal) return;
    this.has[to] = Math.min(
      this.goal,
      this.has[to] + 1 + Math.floor(this.random() * this.goal * 0.02),
    );
    this.changed.add(to);
    this.note(to, "progress", { name: "messages", value: this.has[to], goal: this.goal });
    if (this.has[to] === this.goal) this.met += 1;
  }

  count(from, to, kind, bytes, lost) {
    this.sent += 1;
    this.bytes += bytes;
    this.lost += lost ? 1 : 0;
    this.events += lost ? 2 : 3;
    this.kinds[kind][0] += 1;
    this.kinds[kind][1] += bytes;
    const community = from % this.communities.length;
    const key = `${from} ${to} ${kind} ${community}`;
    for (const map of [this.fresh, this.total]) {
      const row = map.get(key) ?? [from, to, kind, community, 0, 0, 0];
      row[4] += 1;
      row[5] += bytes;
      row[6] += lost ? 1 : 0;
      if (map === this.fresh || this.total.size < 40000) map.set(key, row);
    }
    this.note(from, "sent", { other: to, name: KINDS[kind], bytes });
    if (lost) this.note(from, "dropped", { other: to, name: KINDS[kind], bytes, text: "loss" });
    else this.note(to, "delivered", { other: from, name: KINDS[kind], bytes });
  }

  note(peer, kind, more) {
    this.line += 1;
    this.log.push({
      id: String(BigInt(peer) * 2n ** 40n + BigInt(this.line)),
      t: this.t,
      peer,
      community: this.communities[0],
      kind,
      other: null,
      name: "",
      value: 0,
      goal: 0,
      bytes: 0,
      text: "",
      cause: null,
      ...more,
    });
  }

  finish() {
    this.ended = true;
    for (let p = 1; p <= this.peers; p++) {
      this.done[p] = 1;
      this.changed.add(p);
    }
  }

  row(p) {
    const has = this.has[p];
    const communities = this.communities.map((_, i) => i);
    return [
      p,
      this.status[p],
      this.done[p],
      [[0, has, this.goal]],
      communities,
      this.aggregated ? 0 : 4000 + p,
    ];
  }

  groups() {
    const each = Math.ceil(this.peers / GROUPS);
    const out = [];
    for (let g = 0; g * each < this.peers; g++) {
      const row = [g, 0, 0, 0, 0, 0, 0];
      for (let p = g * each + 1; p <= Math.min(this.peers, (g + 1) * each); p++) {
        row[1] += 1;
        row[2] += this.status[p] === 1 ? 1 : 0;
        row[3] += this.done[p];
        row[4] += this.has[p] >= this.goal ? 1 : 0;
        row[5] += this.has[p];
        row[6] += this.goal;
      }
      out.push(row);
    }
    return out;
  }

  state() {
    return {
      virtual_seconds: this.t,
      wall_seconds: this.t,
      events: this.events,
      messages: {
        sent: this.sent,
        delivered: this.sent - this.lost,
        dropped: this.lost,
        bytes: this.bytes,
      },
      targets: { messages: { met: this.met, peers: this.peers } },
    };
  }

  names() {
    return { communities: this.communities, kinds: KINDS, targets: ["messages"] };
  }

  frame() {
    const edges = [...this.fresh.values()].sort((a, b) => b[4] - a[4]);
    // What does not fit waits for the next frame; the last one holds all the rest.
    const told = [...this.changed].slice(0, this.ended ? this.peers : 1500);
    for (const p of told) this.changed.delete(p);
    return {
      type: "frame",
      t: this.t,
      run: this.state(),
      dict: this.names(),
      ...(this.aggregated ? { groups: this.groups() } : { peers: told.map((p) => this.row(p)) }),
      edges: edges.slice(0, 2000),
      edges_hidden: Math.max(0, edges.length - 2000),
      kinds: this.kinds.map(([sent, bytes], i) => [i, sent, bytes]),
      log: this.log.slice(-40),
      log_skipped: Math.max(0, this.log.length - 40),
    };
  }

  /** A frame that brings a page that comes late to the present. */
  whole() {
    const edges = [...this.total.values()].sort((a, b) => b[4] - a[4]);
    return {
      ...this.frame(),
      ...(this.aggregated
        ? {}
        : { peers: Array.from({ length: this.peers }, (_, i) => this.row(i + 1)) }),
      edges: edges.slice(0, 2000),
      edges_hidden: Math.max(0, edges.length - 2000),
    };
  }
}
