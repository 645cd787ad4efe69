/** Nodes by their keys, the smallest first. */

/** Children of each entry: a node's are in one line of the cache, and the tree is half as deep as with two. */
const ARITY = 4;

/** A heap of nodes with keys that may change; of equal keys the smaller node is first. */
export class NodeHeap {
  /** Number of nodes in it. */
  size = 0;
  readonly #nodes: Int32Array;
  readonly #keys: Float64Array;
  /** Place of each node in the heap, plus 1; 0: not in it. */
  readonly #places: Int32Array;

  /** For dense indexes below a count. */
  constructor(nodeCount: number) {
    this.#nodes = new Int32Array(nodeCount);
    this.#keys = new Float64Array(nodeCount);
    this.#places = new Int32Array(nodeCount);
  }

  /** Smallest key; Infinity when it is empty. */
  get smallest(): number {
    return this.size === 0 ? Infinity : this.#keys[this.#nodes[0] as number] as number;
  }

  /** Puts a node in, or makes the key of one that is in it smaller. Hot. */
  put(node: number, key: number): void {
    const nodes = this.#nodes;
    const keys = this.#keys;
    const places = this.#places;
    let at = (places[node] as number) - 1;
    if (at < 0) at = this.size++;
    keys[node] = key;
    while (at > 0) {
      const parent = (at - 1) / ARITY | 0;
      const other = nodes[parent] as number;
      const otherKey = keys[other] as number;
      if (otherKey < key || otherKey === key && other < node) break;
      nodes[at] = other;
      places[other] = at + 1;
      at = parent;
    }
    nodes[at] = node;
    places[node] = at + 1;
  }

  /** Takes the node with the smallest key; -1 when it is empty. Hot. */
  take(): number {
    if (this.size === 0) return -1;
    const nodes = this.#nodes;
    const keys = this.#keys;
    const places = this.#places;
    const first = nodes[0] as number;
    places[first] = 0;
    const size = --this.size;
    if (size === 0) return first;
    // The last one sinks from the top.
    const node = nodes[size] as number;
    const key = keys[node] as number;
    let at = 0;
    for (;;) {
      const begin = ARITY * at + 1;
      if (begin >= size) break;
      const end = Math.min(begin + ARITY, size);
      let best = begin;
      let bestNode = nodes[begin] as number;
      let bestKey = keys[bestNode] as number;
      for (let child = begin + 1; child < end; child++) {
        const other = nodes[child] as number;
        const otherKey = keys[other] as number;
        if (otherKey > bestKey || otherKey === bestKey && other > bestNode) continue;
        best = child;
        bestNode = other;
        bestKey = otherKey;
      }
      if (bestKey > key || bestKey === key && bestNode > node) break;
      nodes[at] = bestNode;
      places[bestNode] = at + 1;
      at = best;
    }
    nodes[at] = node;
    places[node] = at + 1;
    return first;
  }

  /** Takes all out. O(size). */
  clear(): void {
    for (let at = 0; at < this.size; at++) this.#places[this.#nodes[at] as number] = 0;
    this.size = 0;
  }
}
