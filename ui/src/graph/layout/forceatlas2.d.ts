// The package ships no types for its inner step.
declare module "graphology-layout-forceatlas2/iterate" {
  /** One step of ForceAtlas2 over its matrices, in place. */
  export default function iterate(
    settings: Record<string, number | boolean>,
    nodes: Float32Array,
    edges: Float32Array,
  ): void;
}
