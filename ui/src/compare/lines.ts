// The runs of a comparison, each at the same moment: a line to the lab for every run.

import { signal } from "@preact/signals";
import { lab } from "../api/client";
import { LiveLine } from "../api/live";
import { Bench } from "../model/run";

/** A run of a comparison as it was at the common moment. */
export class Compared {
  /** Grows whenever there is news. */
  readonly tick = signal(0);
  readonly error = signal<string | null>(null);
  bench: Bench | null = null;
  private line: LiveLine | null = null;
  private wanted: number | null = null;
  private closed = false;

  constructor(readonly id: string) {
    void this.open();
  }

  private async open(): Promise<void> {
    try {
      const run = await lab.run(this.id);
      if (this.closed) return;
      const bench = new Bench(run);
      this.bench = bench;
      this.line = new LiveLine(this.id, {
        hear: (word) => {
          bench.take(word);
          this.tick.value += 1;
        },
        changed: (now) => {
          if (now === "open") this.ask();
        },
        // The line is needed as long as somebody may move the cursor.
        complete: () => false,
      });
    } catch (error) {
      this.error.value = error instanceof Error ? error.message : String(error);
    }
  }

  /** Shows the run as it was at this moment; null for its end, or its present. */
  seek(t: number | null): void {
    this.wanted = t;
    this.ask();
  }

  private ask(): void {
    if (this.wanted !== null) this.line?.say({ type: "seek", t: this.wanted });
    else this.line?.say({ type: "live" });
  }

  /** Lets go of the line. */
  close(): void {
    this.closed = true;
    this.line?.close();
  }
}
