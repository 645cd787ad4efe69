/** Generators of graphs. Equal parameters make equal graphs on every runtime. */
export { barabasiAlbert, type BarabasiAlbertParams } from "./barabasi_albert.ts";
export { erdosRenyi, type ErdosRenyiParams } from "./erdos_renyi.ts";
export { GeneratedGraph, type GeneratedProjection, type GeneratedRows, type WeightsParams } from "./generated_graph.ts";
export { kronecker, type KroneckerParams } from "./kronecker.ts";
export {
  chain,
  complete,
  cycle,
  grid,
  type GridParams,
  type ShapeParams,
  star,
  tree,
  type TreeParams,
} from "./shapes.ts";
export { stochasticBlock, type StochasticBlockParams } from "./stochastic_block.ts";
export { wattsStrogatz, type WattsStrogatzParams } from "./watts_strogatz.ts";
