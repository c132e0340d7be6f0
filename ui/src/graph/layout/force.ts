// The page's end of the force layout: hands peers and links to a worker, hears positions.

/** What the worker is told. */
export interface ToForce {
  /** Where peers stand at first (x, y, ...). */
  points?: Float32Array;
  /** Links (from, to, weight, ...), by index of peer. */
  links?: Float32Array;
  /** A peer that is being dragged. */
  pin?: { index: number; x: number; y: number; held: boolean };
}

/** What the worker says. */
export interface FromForce {
  points: Float32Array;
  /** Has the picture come to rest? */
  resting: boolean;
}

/** ForceAtlas2 works in a larger space than the circle's. */
const SPREAD = 100;

/** One picture's force layout. */
export class Force {
  private readonly worker: Worker;

  constructor(points: Float32Array, moved: (points: Float32Array, resting: boolean) => void) {
    this.worker = new Worker(new URL("./force.worker.ts", import.meta.url), { type: "module" });
    this.worker.onmessage = (event: MessageEvent<FromForce>) =>
      moved(
        event.data.points.map((v) => v / SPREAD),
        event.data.resting,
      );
    this.tell({ points: points.map((v) => v * SPREAD) });
  }

  private tell(word: ToForce): void {
    this.worker.postMessage(word);
  }

  /** Tells of the links that pull peers together. */
  link(links: Float32Array): void {
    this.tell({ links });
  }

  /** Tells where a dragged peer is held, or let go. */
  pin(index: number, x: number, y: number, held: boolean): void {
    this.tell({ pin: { index, x: x * SPREAD, y: y * SPREAD, held } });
  }

  /** Ends the worker. */
  end(): void {
    this.worker.terminate();
  }
}
