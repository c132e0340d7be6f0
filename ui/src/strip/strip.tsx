// The strip at the bottom: when. Everything above it shows the moment of its cursor.

import { bench, watchRun } from "../state/bench";
import { Band } from "./band";
import { Scrubber } from "./scrubber";
import { Transport } from "./transport";

export function Strip() {
  const of = bench.value;
  if (!of) return null;
  watchRun();
  return (
    <section class="strip" aria-label="Course of the run">
      <Transport />
      <div class="strip-course">
        <Band of={of} />
        <Scrubber of={of} />
      </div>
    </section>
  );
}
