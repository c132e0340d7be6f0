// What is wrong with the network at a moment, from the run's plan: who is apart from whom, which links are
// cut or worse. The same rules as the simulator's and the real link layer's.

import type { Conditions, Fault, Peers, Timed } from "../api/faults";
import { secondsOf } from "../words/faults";
import { resolve, type Sides, sidesOf } from "./partition";

/** Is a peer, by its number, one of those that are meant? */
export type Among = (peer: number) => boolean;

/** The network's faults in force. */
export interface Weather {
  /** The partition; null when there is none. */
  sides: Sides | null;
  /** Links on which everything is lost, one way. */
  cuts: { from: Among; to: Among }[];
  /** Links with conditions of their own, or with the network's again; the last that means a link holds. */
  links: { from: Among; to: Among; conditions: Conditions | null }[];
  /** What holds on all other links; null when the plan does not say. */
  everywhere: Conditions | null;
  /** Has a fault made it other than it was at the beginning? */
  isOther: boolean;
}

/** What holds on one link, one way. */
export interface LinkWeather {
  /** Are its ends on different sides of a partition? */
  apart: boolean;
  cut: boolean;
  /** Conditions of its own. */
  own: Conditions | null;
}

const CALM: Weather = { sides: null, cuts: [], links: [], everywhere: null, isOther: false };

/** Some peers as a question; `size` is the number of the run's peers. */
function among(peers: Peers, size: number): Among {
  if (peers === "all") return () => true;
  const numbers = new Set(resolve(peers, size) ?? []);
  return (peer) => numbers.has(peer);
}

function after(weather: Weather, fault: Fault, size: number): Weather {
  if (fault === "heal") return { ...weather, sides: null, cuts: [], links: [] };
  if ("partition" in fault)
    return { ...weather, sides: size > 0 ? sidesOf(fault.partition.groups, size) : null };
  if ("conditions" in fault) return { ...weather, everywhere: fault.conditions, isOther: true };
  if ("cut" in fault) {
    const [from, to] = [among(fault.cut.from, size), among(fault.cut.to, size)];
    const back = fault.cut.both ? [{ from: to, to: from }] : [];
    return { ...weather, cuts: [...weather.cuts, { from, to }, ...back] };
  }
  if ("link" in fault) {
    const [from, to] = [among(fault.link.from, size), among(fault.link.to, size)];
    const link = { from, to, conditions: fault.link.conditions };
    return { ...weather, links: [...weather.links, link] };
  }
  return weather;
}

/** What holds from one peer to another. */
export function weatherOn(weather: Weather, from: number, to: number): LinkWeather {
  const { sides, cuts, links } = weather;
  const on = (link: { from: Among; to: Among }) => link.from(from) && link.to(to);
  return {
    apart: sides !== null && sides.of[from] !== sides.of[to],
    cut: cuts.some(on),
    own: links.findLast(on)?.conditions ?? null,
  };
}

/** Knows the weather at the moment that is looked at. */
export class WeatherBook {
  weather = CALM;
  private plan: unknown;
  private size = -1;
  private faults: Timed[] = [];
  /** How many faults lie before the moment. */
  private past = -1;

  /** Looks at a moment of a run of so many peers (0: nobody asks for single ones); true when it is other. */
  look(plan: unknown, t: number, size: number): boolean {
    if (plan !== this.plan || size !== this.size) {
      const faults = (plan as { faults?: Timed[] } | null | undefined)?.faults ?? [];
      // The sort is stable: those of one moment stay as they stand in the plan.
      this.faults = [...faults].sort((a, b) => secondsOf(a.at) - secondsOf(b.at));
      [this.plan, this.size, this.past] = [plan, size, -1];
    }
    const next = this.faults.findIndex((timed) => secondsOf(timed.at) > t);
    const past = next < 0 ? this.faults.length : next;
    if (past === this.past) return false;
    this.past = past;
    const network = (plan as { network?: { conditions?: Conditions } } | null | undefined)?.network;
    this.weather = { ...CALM, everywhere: network?.conditions ?? null };
    for (const { fault } of this.faults.slice(0, past))
      this.weather = after(this.weather, fault, size);
    return true;
  }
}
