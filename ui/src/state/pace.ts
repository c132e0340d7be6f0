// Where a hand wants the cursor, asked of the lab no faster than it answers: the last wish wins.

/** After so long without an answer the next wish goes out all the same. */
const PATIENCE_MS = 400;

/** Sends one wish at a time and keeps only the newest of those that come meanwhile. */
export class Pace<Wanted> {
  private next: Wanted | undefined;
  private asked: Wanted | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: (wanted: Wanted) => void,
    /** Called when nothing is under way any more. */
    private readonly settled: () => void,
  ) {}

  /** Wants something, in place of what was wanted before. */
  want(wanted: Wanted): void {
    if (this.asked !== undefined) this.next = wanted;
    else this.ask(wanted);
  }

  private ask(wanted: Wanted): void {
    this.asked = wanted;
    this.send(wanted);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.answered(), PATIENCE_MS);
  }

  /** An answer came: now the newest wish goes out, if it is another one. */
  answered(): void {
    if (this.asked === undefined) return;
    clearTimeout(this.timer);
    const next = this.next;
    const other = next !== undefined && next !== this.asked;
    this.next = undefined;
    this.asked = undefined;
    if (other) this.ask(next);
    else this.settled();
  }

  /** Wants nothing any more. */
  forget(): void {
    clearTimeout(this.timer);
    this.next = undefined;
    this.asked = undefined;
  }
}
