// Explorations and sweeps of this lab, above its runs: each leads to its wall or plot.

import { figures, type JobLine } from "../api/figures";
import { usePolled } from "../state/polled";
import { go, route } from "../state/route";

const AGAIN_MS = 3000;
/** Jobs that are listed; the lab tells the newest first. */
const SHOWN = 6;

export function JobList() {
  const { value } = usePolled(
    "jobs",
    () => figures.jobs(),
    AGAIN_MS,
    () => false,
  );
  if (!value || value.length === 0) return null;
  return (
    <ul class="gallery jobs" aria-label="Explorations and sweeps" data-testid="jobs">
      {value.slice(0, SHOWN).map((job) => (
        <li key={job.job}>
          <Entry job={job} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ job }: { job: JobLine }) {
  const at = route.value;
  const here = at.at === job.kind && at.job === job.job;
  return (
    <button
      type="button"
      class="entry"
      aria-current={here}
      data-testid={`job-${job.job}`}
      onClick={() => go({ at: job.kind, job: job.job })}
    >
      <span class="entry-title">
        <i class={`dot ${job.state}`} /> {job.kind === "sweep" ? "Sweep" : "Many seeds"} of{" "}
        {job.experiment}
      </span>
      <span class="quiet">{job.state}</span>
    </button>
  );
}
