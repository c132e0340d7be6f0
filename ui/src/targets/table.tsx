// Every peer in a row, with a bar for each of its targets; sorted as wished.

import { useState } from "preact/hooks";
import { Rows } from "../frame/rows";
import { Status, statusWord } from "../model/peers";
import type { Bench } from "../model/run";
import { watchRun } from "../state/bench";
import { adjust, selectedPeer } from "../state/route";
import { exact } from "../words/format";
import { Bar } from "./bar";
import { type Column, type Order, sorted } from "./order";

const ROW_PX = 28;

export function PeerTable({ bench }: { bench: Bench }) {
  watchRun();
  const [order, setOrder] = useState<Order>({ by: "peer", down: false });
  const ids = sorted(bench, order);
  const sort = (by: Column) =>
    setOrder({ by, down: order.by === by ? !order.down : by !== "peer" });
  const columns = bench.targets.map((_, index) => index);
  return (
    <div class="table" style={{ "--targets": columns.length }}>
      <div class="table-head">
        <Head text="Peer" by="peer" order={order} sort={sort} />
        <Head text="Status" by="status" order={order} sort={sort} />
        {columns.map((target) => (
          <Head
            key={target}
            text={bench.targets[target] ?? ""}
            by={target}
            order={order}
            sort={sort}
          />
        ))}
      </div>
      <Rows
        count={ids.length}
        height={ROW_PX}
        label="Peers and their targets"
        testid="peer-rows"
        row={(i) => <PeerRow key={ids[i]} bench={bench} id={ids[i] ?? 0} columns={columns} />}
      />
    </div>
  );
}

interface HeadProps {
  text: string;
  by: Column;
  order: Order;
  sort: (by: Column) => void;
}

function Head({ text, by, order, sort }: HeadProps) {
  const here = order.by === by;
  return (
    <button
      type="button"
      class="table-sort"
      aria-pressed={here}
      title={`Sort by ${text.toLowerCase()}`}
      onClick={() => sort(by)}
    >
      {text} {here ? (order.down ? "↓" : "↑") : ""}
    </button>
  );
}

function PeerRow({ bench, id, columns }: { bench: Bench; id: number; columns: number[] }) {
  watchRun();
  const { peers } = bench;
  const status = statusWord(peers.status[id] ?? Status.Waiting);
  const cells = peers.targets(id);
  const select = () => adjust({ peer: selectedPeer.peek() === id ? null : id });
  return (
    <li class="table-row" aria-current={selectedPeer.value === id} data-peer={id}>
      <button type="button" class="row-button number" onClick={select}>
        {peers.label(id)}
      </button>
      <span class={`status ${status}`}>
        {status}
        {peers.done[id] === 1 ? " · done" : ""}
      </span>
      {columns.map((target) => {
        const cell = cells.find(([index]) => index === target);
        if (!cell) return <span key={target} class="quiet" />;
        const [, current, goal] = cell;
        return (
          <span key={target} class="bar-cell">
            <Bar
              share={goal > 0 ? current / goal : 1}
              label={`${bench.targets[target] ?? ""} of peer ${peers.label(id)}`}
            />
            <span class="number">
              {exact(current)}/{exact(goal)}
            </span>
          </span>
        );
      })}
    </li>
  );
}
