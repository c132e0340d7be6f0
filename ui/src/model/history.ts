// The course of a run as this page saw it, for the small charts under the picture.

/** Samples kept; when there are more, every second one goes. */
const SAMPLES_MAX = 480;

/** The counters at one time of the run. */
export interface Sample {
  /** Run time, seconds. */
  t: number;
  sent: number;
  done: number;
}

/** A bounded list of samples whose spacing doubles when it is full. */
export class History {
  samples: Sample[] = [];
  private spacing = 0;

  /** Adds a sample, unless it is closer to the one before the last than the spacing. */
  take(sample: Sample): void {
    const last = this.samples.at(-1);
    const before = this.samples.at(-2);
    if (last && sample.t < last.t) return;
    if (last && before && sample.t - before.t < Math.max(this.spacing, 1e-9))
      this.samples[this.samples.length - 1] = sample;
    else this.samples.push(sample);
    if (this.samples.length > SAMPLES_MAX) this.thin();
  }

  private thin(): void {
    const first = this.samples[0]?.t ?? 0;
    const last = this.samples.at(-1)?.t ?? 0;
    this.samples = this.samples.filter((_, i) => i % 2 === 0 || i === this.samples.length - 1);
    this.spacing = (last - first) / (SAMPLES_MAX / 2);
  }

  /** Messages a second of run time, at the end of each interval between samples. */
  rates(): { t: number; value: number }[] {
    const out: { t: number; value: number }[] = [];
    for (let i = 1; i < this.samples.length; i++) {
      const a = this.samples[i - 1];
      const b = this.samples[i];
      if (a && b && b.t > a.t) out.push({ t: b.t, value: (b.sent - a.sent) / (b.t - a.t) });
    }
    return out;
  }
}
