/** Edges whose number is not known beforehand. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import { GeneratedGraph } from "./generated_graph.ts";
import { MAX_EDGES } from "./params.ts";

/** A growing list of edges. */
export class EdgeList {
  readonly #call: string;
  #from: Uint32Array;
  #to: Uint32Array;
  #count = 0;

  /** A list with room for about so many edges. */
  constructor(call: string, expected: number) {
    this.#call = call;
    const room = Math.min(MAX_EDGES, Math.max(16, Math.ceil(expected)));
    this.#from = new Uint32Array(room);
    this.#to = new Uint32Array(room);
  }

  /** Appends an edge. Hot. */
  add(from: number, to: number): void {
    if (this.#count === this.#from.length) this.#grow();
    this.#from[this.#count] = from;
    this.#to[this.#count++] = to;
  }

  #grow(): void {
    if (this.#count >= MAX_EDGES) {
      throw new InvalidArgumentError(`${this.#call}: more than ${MAX_EDGES} edges; make the graph smaller`, {
        code: "invalid-parameter",
      });
    }
    const room = Math.min(MAX_EDGES, 2 * this.#count);
    this.#from = grown(this.#from, room);
    this.#to = grown(this.#to, room);
  }

  /** The graph of these edges. */
  graph(nodeCount: number): GeneratedGraph {
    return new GeneratedGraph(nodeCount, this.#from.slice(0, this.#count), this.#to.slice(0, this.#count));
  }
}

function grown(list: Uint32Array, room: number): Uint32Array {
  const larger = new Uint32Array(room);
  larger.set(list);
  return larger;
}
