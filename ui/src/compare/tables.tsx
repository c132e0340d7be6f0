// What runs amount to, and in which parameters they differ.

import type { Comparison, Total } from "../api/figures";
import { inUnit } from "../plot/units";
import { significant } from "../words/format";
import { runLetter } from "./looks";

function cell(value: number | null, unit: string): string {
  return value === null ? "–" : inUnit(value, unit);
}

function Ratio({ of, place }: { of: Total; place: number }) {
  const ratio = of.ratios[place] ?? null;
  if (place === 0 || ratio === null) return null;
  return <span class="quiet"> ×{significant(ratio)}</span>;
}

export function Totals({ of }: { of: Comparison }) {
  return (
    <section>
      <h2>Totals, and their ratios to run A</h2>
      <table class="figures-table" data-testid="compare-totals">
        <thead>
          <tr>
            <th scope="col" />
            {of.runs.map((run, place) => (
              <th scope="col" key={run.id}>
                {runLetter(place)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.totals.map((total) => (
            <tr key={total.name} data-total={total.name}>
              <th scope="row">{total.name}</th>
              {total.values.map((value, place) => (
                <td key={of.runs[place]?.id} class="number" data-value={value}>
                  {cell(value, total.unit)}
                  <Ratio of={total} place={place} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function words(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function Differing({ of }: { of: Comparison }) {
  if (of.parameters.length === 0)
    return <p class="quiet">The runs were given the same parameters and settings.</p>;
  return (
    <section>
      <h2>Where they were asked for different things</h2>
      <table class="figures-table" data-testid="compare-parameters">
        <thead>
          <tr>
            <th scope="col" />
            {of.runs.map((run, place) => (
              <th scope="col" key={run.id}>
                {runLetter(place)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.parameters.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {values.map((value, place) => (
                <td key={of.runs[place]?.id} class="number">
                  {words(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
