// The experiments to choose from.

import type { Experiment } from "../api/types";
import { choose, chosen } from "../state/draft";
import { experiments, labError } from "../state/gallery";
import { teaches } from "./drawing";
import { SketchPicture } from "./sketch";

export function Gallery() {
  const all = experiments.value;
  if (all === null)
    return <p class="panel-note">{labError.value ?? "Asking the lab for its experiments…"}</p>;
  if (all.length === 0)
    return (
      <p class="panel-note">
        The lab has no experiment. Put a file such as experiments/mine.star beside it, then reload
        this page.
      </p>
    );
  return (
    <ul class="gallery" aria-label="Experiments">
      {all.map((of) => (
        <li key={of.name}>
          <Entry of={of} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ of }: { of: Experiment }) {
  return (
    <button
      type="button"
      class="entry pictured"
      data-testid={`experiment-${of.name}`}
      aria-current={chosen.value === of.name}
      title={of.broken ? of.broken.message : of.about}
      onClick={() => choose(of.name)}
    >
      {of.broken ? <span class="sketch" /> : <SketchPicture of={of} />}
      <span class="entry-words">
        <span class="entry-title">{of.title || of.name}</span>
        {of.broken ? (
          <span class="broken">broken</span>
        ) : (
          <span class="entry-about">{teaches(of.about)}</span>
        )}
      </span>
    </button>
  );
}
