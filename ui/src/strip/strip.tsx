// The strip at the bottom: when. Run time, and the course of the run as this page has seen it.

import type { Bench } from "../model/run";
import { bench, watchRun } from "../state/bench";
import { bytes, count, exact, rate, span } from "../words/format";
import { Spark } from "./spark";

export function Strip() {
  const of = bench.value;
  if (!of) return null;
  watchRun();
  const { run } = of;
  const rates = of.history.rates();
  // One sample is no course.
  const samples = of.history.samples.length > 1 ? of.history.samples : [];
  const done = samples.map((s) => ({ t: s.t, value: s.done }));
  return (
    <section class="strip" aria-label="Course of the run">
      <div class="strip-figures">
        <Figure
          name="run time"
          value={span(run.virtual_seconds)}
          title={`${span(run.wall_seconds)} of wall time`}
          testid="run-time"
        />
        <Figure
          name="messages"
          value={count(run.messages.sent)}
          title={`${exact(run.messages.sent)} sent, ${exact(run.messages.delivered)} delivered`}
          testid="messages-sent"
          data={run.messages.sent}
        />
        <Figure
          name="bytes"
          value={bytes(run.messages.bytes)}
          title={`${exact(run.messages.bytes)} bytes`}
          testid="messages-bytes"
          data={run.messages.bytes}
        />
        <Figure
          name="lost"
          value={count(run.messages.dropped)}
          title={`${exact(run.messages.dropped)} messages lost`}
          testid="messages-dropped"
          data={run.messages.dropped}
        />
      </div>
      <Spark
        title="messages a second"
        points={rates}
        span={of.t}
        max={Math.max(1, ...rates.map((p) => p.value))}
        value={(v) => rate(v)}
        steps
        ended={run.state === "ended"}
      />
      <Spark
        title="peers done"
        points={done}
        span={of.t}
        max={Math.max(1, sizeOf(of))}
        value={(v) => exact(v)}
        tone="high"
        ended={run.state === "ended"}
      />
    </section>
  );
}

function sizeOf(of: Bench): number {
  return of.size;
}

interface FigureProps {
  name: string;
  value: string;
  title: string;
  testid: string;
  data?: number;
}

function Figure({ name, value, title, testid, data }: FigureProps) {
  return (
    <div class="figure" title={title}>
      <span class="quiet">{name}</span>
      <span class="number figure-value" data-testid={testid} data-value={data}>
        {value}
      </span>
    </div>
  );
}
