// With whom a peer exchanged most.

import type { Bench } from "../model/run";
import { adjust } from "../state/route";
import { bytes, exact } from "../words/format";
import type { Partner } from "./partners";

const SHOWN = 6;

interface Props {
  title: string;
  list: Partner[];
  bench: Bench;
  /** The address of the link with a partner. */
  link: (partner: number) => [number, number];
}

export function Partners({ title, list, bench, link }: Props) {
  if (list.length === 0) return null;
  const most = list[0]?.count ?? 1;
  const count = list.reduce((sum, p) => sum + p.count, 0);
  const size = list.reduce((sum, p) => sum + p.bytes, 0);
  return (
    <section class="partners">
      <h3>
        {title} {list.length === 1 ? "1 peer" : `${exact(list.length)} peers`}
        <span class="number quiet">
          {exact(count)} · {bytes(size)}
        </span>
      </h3>
      <ul>
        {list.slice(0, SHOWN).map((partner) => (
          <li key={partner.peer} title={partner.lost ? `${exact(partner.lost)} lost` : undefined}>
            <button
              type="button"
              class="row-button number"
              onClick={() => adjust({ peer: partner.peer })}
            >
              {bench.peers.label(partner.peer)}
            </button>
            <i class="tally" style={{ transform: `scaleX(${partner.count / most})` }} />
            <button
              type="button"
              class="row-button number"
              title="Look into this link"
              onClick={() => adjust({ link: link(partner.peer) })}
            >
              {exact(partner.count)}
            </button>
          </li>
        ))}
      </ul>
      {list.length > SHOWN && <p class="quiet">and {exact(list.length - SHOWN)} more</p>}
    </section>
  );
}
