// What is written beside the pointer.

import type { Bench } from "../model/run";
import { bytes, exact, plural, span } from "../words/format";
import type { Branch } from "./layout/tree";
import type { Stage } from "./stage";
import { groupOfUnit, type LinkCard, type Unit } from "./talk";

export interface Tip {
  title: string;
  lines: string[];
  at: [number, number];
}

export function Tooltip({ title, lines, at, size }: Tip & { size: { width: number } }) {
  // At the right edge there is room only on the other side of the pointer.
  const flip = at[0] > size.width - 240 ? "translateX(-100%) translateX(-28px)" : "";
  return (
    <div
      class="tip"
      data-testid="graph-tip"
      style={{ transform: `translate(${at[0] + 14}px, ${at[1] + 14}px) ${flip}` }}
    >
      <strong>{title}</strong>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}

/** What a disc or cell is called. */
export function unitName(bench: Bench, stage: Stage, unit: Unit): string {
  if (unit > 0) return `Peer ${bench.peers.label(unit)}`;
  const group = groupOfUnit(unit);
  if (!bench.aggregated)
    return stage.report?.groups.find((card) => card.group === group)?.name ?? "Group";
  const [first, last] = bench.groups.range(group);
  return `Peers ${exact(first)} to ${exact(last)}`;
}

/** What is said of a disc or cell. */
export function tipOfUnit(
  stage: Stage,
  unit: Unit,
  at: [number, number],
  branches: readonly Branch[],
): Tip {
  const { bench } = stage;
  const title = unitName(bench, stage, unit);
  if (unit > 0) {
    const targets = bench.aggregated
      ? (bench.members.get(unit)?.[3] ?? [])
      : bench.peers.targets(unit);
    const lines = targets.map(([t, now, goal]) => `${bench.targets[t] ?? ""}: ${now}/${goal}`);
    return { title, at, lines: [...lines, ...heard(bench, unit, branches)] };
  }
  const card = bench.aggregated
    ? bench.groups.list[groupOfUnit(unit)]
    : stage.report?.groups.find((group) => unit === -1 - group.group);
  if (!card) return { title, at, lines: [] };
  const lines = [`${exact(card.done)} of ${plural(card.peers, "peer")} done`];
  const isOpen = bench.aggregated && bench.members.has(bench.groups.range(groupOfUnit(unit))[0]);
  if (!isOpen) lines.push(`${bench.aggregated ? "Zoom in" : "Click"} to see its peers`);
  return { title, at, lines };
}

function heard(bench: Bench, unit: Unit, branches: readonly Branch[]): string[] {
  const branch = branches.find((b) => b.peer === unit);
  if (!branch) return [];
  return [`First heard from peer ${bench.peers.label(branch.parent)} at ${span(branch.t)}`];
}

/** What is said of a link. */
export function tipOfLink(stage: Stage, link: LinkCard, at: [number, number]): Tip {
  const { bench } = stage;
  const [from, to] = [unitName(bench, stage, link.from), unitName(bench, stage, link.to)];
  const kinds = link.kinds.map(
    ([kind, count, size]) => `${bench.kinds[kind] || "message"}: ${exact(count)}, ${bytes(size)}`,
  );
  const lines = link.lost > 0 ? [...kinds, `${exact(link.lost)} lost`] : kinds;
  return { title: `${from} → ${to}: ${plural(link.count, "message")}`, lines, at };
}
