// What an experiment is, in the middle of the page, before anything runs.

import type { Experiment } from "../api/types";
import { experiment } from "../state/draft";
import { experiments, labError } from "../state/gallery";
import { span } from "../words/format";
import { errorSentence } from "../words/sentences";

export function About() {
  const of = experiment.value;
  if (!of) return <Nothing />;
  return (
    <article class="about">
      <h1>
        {of.title || of.name} <span class="quiet">{of.name}</span>
      </h1>
      {of.broken ? (
        <p class="field-error">{errorSentence({ field: null, ...of.broken })}</p>
      ) : (
        <>
          <p class="lead">{of.about}</p>
          <Facts of={of} />
        </>
      )}
      {of.source && (
        <>
          <h2>{of.name}.star</h2>
          <Source text={of.source} mark={of.broken?.line ?? null} />
        </>
      )}
    </article>
  );
}

function Nothing() {
  const sentence = labError.value
    ? labError.value
    : experiments.value === null
      ? "Asking the lab for its experiments…"
      : "Choose an experiment on the left.";
  return <p class="empty">{sentence}</p>;
}

function Facts({ of }: { of: Experiment }) {
  return (
    <dl class="facts">
      <dt>protocol</dt>
      <dd>{of.protocol}</dd>
      {of.network && (
        <>
          <dt>network</dt>
          <dd>{of.network}</dd>
        </>
      )}
      <dt>faults</dt>
      <dd>{of.faults.length === 0 ? "none" : <Faults faults={of.faults} />}</dd>
      <dt>ends</dt>
      <dd>{of.stop}</dd>
      {of.checks && of.checks.length > 0 && (
        <>
          <dt>checks</dt>
          <dd>{of.checks.join(", ")}</dd>
        </>
      )}
    </dl>
  );
}

function Faults({ faults }: { faults: Experiment["faults"] }) {
  return (
    <ul class="faults">
      {faults.map((fault) => (
        <li key={`${fault.at_s} ${fault.text}`}>
          <span class="number quiet">{span(fault.at_s)}</span> {fault.text}
        </li>
      ))}
    </ul>
  );
}

function Source({ text, mark }: { text: string; mark: number | null }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre class="source" tabIndex={0}>
      {text.split("\n").map((row, i) => (
        <span key={i} class={mark === i + 1 ? "mark" : ""}>
          {row}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
