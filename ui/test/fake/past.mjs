// The past of a scripted run, for tests of the page alone: any moment, folded from the lines so far.

/** Peers, links and counts right after the first `n` lines. */
function fold(of, n) {
  const { script, run, lines } = of;
  const rows = Array.from({ length: run.peers }, (_, i) => [i + 1, 0, 0, [], [0], 0]);
  const edges = new Map();
  const names = script.names();
  const messages = { sent: 0, delivered: 0, dropped: 0, bytes: 0 };
  for (const line of lines.slice(0, n)) {
    const row = rows[line.peer - 1];
    if (line.kind === "started" || line.kind === "restarted") row[1] = 1;
    if (line.kind === "crashed") row[1] = 2;
    if (line.kind === "progress") row[3] = [[0, line.value, line.goal]];
    if (line.kind === "delivered") messages.delivered += 1;
    if (line.kind === "dropped") messages.dropped += 1;
    if (line.kind !== "sent") continue;
    messages.sent += 1;
    messages.bytes += line.bytes;
    const kind = names.kinds.indexOf(line.name);
    const key = `${line.peer} ${line.other} ${kind}`;
    const edge = edges.get(key) ?? [line.peer, line.other, kind, 0, 0, 0, 0, 0];
    edge[4] += 1;
    edge[5] += line.bytes;
    edge[7] = Math.floor(line.t * 1e6);
    edges.set(key, edge);
  }
  return { peers: rows, edges: [...edges.values()], messages, names };
}

/** One page's cursor over one run; `tell` sends it a word. */
export class Cursor {
  constructor(of, tell) {
    Object.assign(this, { of, tell, n: null, speed: 0 });
  }

  /** Lines that happened up to a moment. */
  upTo(t) {
    return this.of.lines.filter((line) => line.t <= t + 1e-12).length;
  }

  /** Does what the page asks. */
  hear(wish) {
    clearInterval(this.timer);
    const last = this.of.lines.length;
    const at = this.n ?? last;
    this.speed = 0;
    if (wish.type === "live") return this.follow();
    if (wish.type === "seek" && wish.event)
      this.n = 1 + this.of.lines.findIndex((line) => line.id === wish.event);
    else if (wish.type === "seek") this.n = this.upTo(wish.t);
    else if (wish.type === "step") this.n = Math.max(0, Math.min(last, at + wish.by));
    else if (wish.type === "play") this.play(wish.speed, at);
    else if (wish.type === "pause") this.n = at;
    this.t = wish.type === "seek" && wish.t !== undefined ? wish.t : this.time();
    this.show();
  }

  time() {
    return this.of.lines[this.n - 1]?.t ?? 0;
  }

  follow() {
    this.n = null;
    this.show();
  }

  play(speed, from) {
    this.n = from;
    this.speed = speed;
    let t = this.time();
    this.timer = setInterval(() => {
      t += 0.05 * speed;
      this.n = this.upTo(t);
      this.t = t;
      if (this.n >= this.of.lines.length) {
        clearInterval(this.timer);
        this.speed = 0;
        if (this.of.run.state !== "ended") this.n = null;
      }
      this.show();
    }, 50);
  }

  /** The cursor as frames carry it. */
  row() {
    const of = this.of.lines.length;
    const n = this.n ?? of;
    const event = this.of.lines[n - 1] ?? null;
    const live = this.n === null;
    return { t: live ? this.of.script.t : this.t, n, of, event, speed: this.speed, live };
  }

  /** Sends a fresh start and the state at the cursor. */
  show() {
    const { run } = this.of;
    const { names, messages, peers, edges } = fold(this.of, this.n ?? this.of.lines.length);
    const past = this.n !== null;
    this.tell({ type: "hello", run, peers: run.peers, aggregated: false, past, ...names });
    this.tell({
      type: "frame",
      t: this.row().t,
      run: { messages },
      peers,
      edges,
      cursor: this.row(),
    });
  }

  end() {
    clearInterval(this.timer);
  }
}

/** The course of a run in columns. */
export function timeline({ run, lines, script }, width) {
  const to = script.t;
  const dt = to / width || 1;
  const empty = () => new Array(width).fill(0);
  const out = { sent: empty(), delivered: empty(), dropped: empty(), met: empty(), done: empty() };
  const marks = [];
  for (const line of lines) {
    const column = Math.min(width - 1, Math.floor(line.t / dt));
    if (out[line.kind] && line.kind !== "done") out[line.kind][column] += 1;
    if (line.kind === "progress" && line.value === line.goal) out.met[column] += 1;
    const kind = { crashed: "crash", restarted: "restart" }[line.kind];
    if (kind) marks.push({ ...line, kind, event: line.id });
  }
  for (let i = 1; i < width; i++) out.met[i] += out.met[i - 1];
  const live = run.state !== "ended";
  return {
    from: 0,
    to,
    live,
    recorded: true,
    total: lines.length,
    dt,
    ...out,
    marks,
    marks_hidden: 0,
  };
}
