// Messages and bytes by kind.

import { kindColor } from "../graph/colors";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { theme } from "../state/preferences";
import { bytes, exact } from "../words/format";

export function Kinds({ bench }: { bench: Bench }) {
  watchRun();
  const { messages } = bench.run;
  const dark = theme.value === "dark";
  return (
    <table class="kinds">
      <thead>
        <tr>
          <th scope="col">Messages</th>
          <th scope="col" class="number">
            sent
          </th>
          <th scope="col" class="number">
            bytes
          </th>
        </tr>
      </thead>
      <tbody>
        {bench.kinds.map((name, kind) => {
          const of = bench.kindCounts[kind];
          return of ? (
            <tr key={name}>
              <th scope="row">
                <i class="swatch" style={{ background: kindColor(kind, dark) }} />{" "}
                {name || "message"}
              </th>
              <td class="number">{exact(of.sent)}</td>
              <td class="number">{bytes(of.bytes)}</td>
            </tr>
          ) : null;
        })}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">all</th>
          <td class="number">{exact(messages.sent)}</td>
          <td class="number">{bytes(messages.bytes)}</td>
        </tr>
        <tr>
          <th scope="row" class="quiet">
            lost on the way
          </th>
          <td class="number quiet">{exact(messages.dropped)}</td>
          <td />
        </tr>
      </tfoot>
    </table>
  );
}
