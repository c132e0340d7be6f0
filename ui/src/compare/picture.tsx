// A small picture of a run at a moment: its peers on a ring, as far as they are, and who has talked.

import { useEffect, useRef } from "preact/hooks";
import { progressColor, readPalette } from "../graph/colors";
import { Status } from "../model/peers";
import type { Bench } from "../model/run";
import { theme } from "../state/preferences";
import { exact, plural, span } from "../words/format";
import type { Compared } from "./lines";

/** Links that are drawn, the busiest first; the words below count all. */
const LINKS_MAX = 1200;
/** Peers that are drawn one by one. */
const PEERS_MAX = 4000;

function draw(canvas: HTMLCanvasElement, of: Bench, dark: boolean): number {
  const ratio = devicePixelRatio || 1;
  const size = canvas.clientWidth;
  canvas.width = size * ratio;
  canvas.height = size * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return 0;
  pen.scale(ratio, ratio);
  const colors = readPalette(dark);
  const many = of.peers.size;
  const middle = size / 2;
  const radius = middle - 10;
  const place = (id: number): [number, number] => {
    const turn = ((id - 1) / Math.max(1, many)) * 2 * Math.PI - Math.PI / 2;
    return [middle + radius * Math.cos(turn), middle + radius * Math.sin(turn)];
  };
  const links = [...of.edges.list].sort((a, b) => b.count - a.count).slice(0, LINKS_MAX);
  const most = Math.max(1, links[0]?.count ?? 1);
  pen.strokeStyle = colors.quiet;
  for (const link of links) {
    pen.globalAlpha = 0.08 + 0.4 * (Math.log1p(link.count) / Math.log1p(most));
    pen.beginPath();
    pen.moveTo(...place(link.from));
    pen.lineTo(...place(link.to));
    pen.stroke();
  }
  pen.globalAlpha = 1;
  const disc = Math.max(1, Math.min(6, (radius * 2.4) / Math.max(1, many)));
  for (let id = 1; id <= Math.min(many, PEERS_MAX); id += 1) {
    const status = of.peers.status[id];
    const share = of.peers.progress[id] ?? -1;
    pen.beginPath();
    pen.arc(...place(id), disc, 0, 2 * Math.PI);
    pen.fillStyle = share < 0 ? colors.quiet : progressColor(share, colors);
    pen.strokeStyle = pen.fillStyle;
    if (status === Status.Up || status === Status.Paused) pen.fill();
    else pen.stroke();
  }
  return links.length;
}

export function RunPicture({ of, title }: { of: Compared; title: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tick = of.tick.value;
  const bench = of.bench;
  const dark = theme.value === "dark";
  useEffect(() => {
    if (!canvas.current || !bench || bench.aggregated) return;
    const drawn = draw(canvas.current, bench, dark);
    canvas.current.dataset["links"] = String(drawn);
  }, [tick, bench, dark]);
  if (of.error.value) return <p class="empty">{of.error.value}</p>;
  if (!bench) return <p class="empty">Opening {title}…</p>;
  const links = bench.edges.list.length + bench.edges.hidden;
  const words = [
    `${plural(bench.size, "peer")}, ${exact(bench.done)} done`,
    `${plural(links, "link")}, ${plural(bench.run.messages.sent, "message")}`,
  ];
  return (
    <figure class="compare-picture" data-t={bench.cursor?.t ?? bench.t} data-done={bench.done}>
      {bench.aggregated ? (
        <p class="empty">More peers than a small picture can show: open the run.</p>
      ) : (
        <canvas ref={canvas} role="img" aria-label={`${title}: ${words.join("; ")}`} />
      )}
      <figcaption class="quiet">
        at {span(bench.cursor?.t ?? bench.t)}: {words.join("; ")}
      </figcaption>
    </figure>
  );
}
