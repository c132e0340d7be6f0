// The places of a network, when its plan has some: regions, or the sites of a latency matrix.

import type { Span } from "../api/faults";

/** Sites beyond are too many to be told apart in a picture, or to place within a second. */
const SITES_MAX = 400;

/** Where peers are: number p at site (p - 1) % sites. */
export interface Sites {
  names: string[];
  /** One-way latency between each two, seconds, row after row. */
  latency: Float64Array;
}

interface Regions {
  names: string[];
  latency: Span[];
}

interface Matrix {
  sites: number;
  round_trip_us: number[];
}

const seconds = (span: Span) => span.secs + span.nanos / 1e9;

/** The sites of a run's plan; null when its network has none, or too many. */
export function sitesOf(plan: unknown): Sites | null {
  const latency = (
    plan as { network?: { latency?: { regions?: Regions; matrix?: Matrix } } } | null
  )?.network?.latency;
  if (latency?.regions) {
    const { names, latency: spans } = latency.regions;
    return { names, latency: Float64Array.from(spans, seconds) };
  }
  if (!latency?.matrix || latency.matrix.sites > SITES_MAX) return null;
  const { sites, round_trip_us } = latency.matrix;
  return {
    names: Array.from({ length: sites }, (_, i) => `Site ${i + 1}`),
    latency: Float64Array.from(round_trip_us, (us) => us / 2e6),
  };
}

/** The site of a peer. */
export function siteOf(sites: Sites, peer: number): number {
  return (peer - 1) % sites.names.length;
}
