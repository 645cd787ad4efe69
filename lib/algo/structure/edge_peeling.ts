/** Takes edges off a graph, those in the fewest triangles first. */

import { copied, filled, type TaskContext, touched } from "../define.ts";

/** Links without loops and parallels; both of an edge have its number. */
export interface NumberedLinks {
  /** Where the row of each node begins; one more than there are nodes. */
  readonly offsets: Uint32Array;
  /** Node at the other end of each link: ascending in each row. */
  readonly targets: Uint32Array;
  /** Edge of each link. */
  readonly edges: Uint32Array;
  /** Number of edges. */
  readonly count: number;
  /** Smaller end of each edge. */
  readonly from: Uint32Array;
  /** Larger end of each edge. */
  readonly to: Uint32Array;
}

/** How many entries of a row are marked in the time that one is searched for. */
const MARKS_PER_SEARCH = 16;
/** No edge. */
const NONE = -1;

/**
 * Takes edges by ascending number of triangles, which makes that of the other edges of these smaller: what an edge has then is its
 * truss number, less 2.
 */
export class EdgePeeling {
  readonly #links: NumberedLinks;
  readonly #triangles: Uint32Array;
  readonly #context: TaskContext;
  /** Rows without some of the links whose edges were taken: each look at a row drops those that it meets. */
  readonly #ends: Uint32Array;
  readonly #isTaken: Uint8Array;
  /** Edges that are taken together, as lists by the end that has more links. */
  readonly #firstOf: Int32Array;
  readonly #nextOf: Int32Array;
  /** Edge from the end that is worked on to each node, plus 1. */
  readonly #marks: Uint32Array;
  /** Edges whose number has come down to that of the level. */
  #found: Uint32Array = new Uint32Array(1024);
  #foundCount = 0;
  #budget = 16_384;

  /** Of edges whose numbers of triangles are known. The rows and the numbers are changed. */
  constructor(links: NumberedLinks, triangles: Uint32Array, context: TaskContext) {
    const nodeCount = links.offsets.length - 1;
    this.#links = links;
    this.#triangles = triangles;
    this.#context = context;
    this.#ends = copied(links.offsets.subarray(1), new Uint32Array(nodeCount));
    this.#isTaken = touched(new Uint8Array(links.count));
    this.#firstOf = filled(new Int32Array(nodeCount), NONE);
    this.#nextOf = touched(new Int32Array(links.count));
    this.#marks = touched(new Uint32Array(nodeCount));
  }

  /** Takes all edges. */
  run(): void {
    const { count } = this.#links;
    const triangles = this.#triangles;
    const left = new Uint32Array(count);
    for (let edge = 0; edge < count; edge++) left[edge] = edge;
    let leftCount = count;
    for (let level = 0; leftCount > 0;) {
      // Those of this level are taken, and what comes down to it meanwhile; others stay.
      let kept = 0;
      let lowest = Infinity;
      this.#foundCount = 0;
      for (let at = 0; at < leftCount; at++) {
        if ((at & 65_535) === 0) this.#context.throwIfAborted();
        const edge = left[at] as number;
        if (this.#isTaken[edge] === 1) continue;
        const number = triangles[edge] as number;
        if (number <= level) {
          this.#push(edge);
        } else {
          left[kept++] = edge;
          if (number < lowest) lowest = number;
        }
      }
      this.#context.progress(leftCount - kept);
      leftCount = kept;
      if (this.#foundCount === 0) level = lowest;
      else this.#takeLevel(level);
    }
  }

  #push(edge: number): void {
    if (this.#foundCount === this.#found.length) {
      this.#found = copied(this.#found, new Uint32Array(2 * this.#foundCount));
    }
    this.#found[this.#foundCount++] = edge;
  }

  /** Takes the edges that were found, and those that are found thereby. Which is first changes nothing. */
  #takeLevel(level: number): void {
    const { offsets, from, to } = this.#links;
    const firstOf = this.#firstOf;
    const nextOf = this.#nextOf;
    let nodes = new Uint32Array(0);
    while (this.#foundCount > 0) {
      const count = this.#foundCount;
      if (nodes.length < count) nodes = new Uint32Array(2 * count);
      let nodeCount = 0;
      for (let at = 0; at < count; at++) {
        if ((at & 65_535) === 0) this.#context.throwIfAborted();
        const edge = this.#found[at] as number;
        const [a, b] = [from[edge] as number, to[edge] as number];
        const lengthA = (this.#ends[a] as number) - (offsets[a] as number);
        const lengthB = (this.#ends[b] as number) - (offsets[b] as number);
        const long = lengthA > lengthB ? a : b;
        if (firstOf[long] === NONE) nodes[nodeCount++] = long;
        nextOf[edge] = firstOf[long] as number;
        firstOf[long] = edge;
      }
      this.#foundCount = 0;
      for (let at = 0; at < nodeCount; at++) {
        const node = nodes[at] as number;
        const first = firstOf[node] as number;
        firstOf[node] = NONE;
        this.#takeAll(first, node, level);
      }
    }
  }

  /** Takes a list of edges that have an end in common. */
  #takeAll(first: number, node: number, level: number): void {
    const { offsets, targets, from, to } = this.#links;
    const nextOf = this.#nextOf;
    const start = offsets[node] as number;
    let work = 0;
    for (let edge = first; edge !== NONE; edge = nextOf[edge] as number) {
      const other = (from[edge] as number) + (to[edge] as number) - node;
      work += (this.#ends[other] as number) - (offsets[other] as number);
    }
    const isMarked = (this.#ends[node] as number) - start <= MARKS_PER_SEARCH * work;
    if (isMarked) this.#mark(node);
    for (let edge = first; edge !== NONE; edge = nextOf[edge] as number) {
      const other = (from[edge] as number) + (to[edge] as number) - node;
      this.#isTaken[edge] = 1;
      if (isMarked) {
        this.#marks[other] = 0;
        this.#takeMarked(other, level);
      } else {
        this.#takeSearched(node, other, level);
      }
    }
    if (!isMarked) return;
    const end = this.#ends[node] as number;
    for (let at = start; at < end; at++) this.#marks[targets[at] as number] = 0;
    this.#step(2 * (end - start));
  }

  /** Marks the other ends of a node's links that are left. Hot. */
  #mark(node: number): void {
    const { offsets, targets, edges } = this.#links;
    const marks = this.#marks;
    const isTaken = this.#isTaken;
    const end = this.#ends[node] as number;
    let kept = offsets[node] as number;
    for (let at = kept; at < end; at++) {
      const edge = edges[at] as number;
      if (isTaken[edge] === 1) continue;
      const target = targets[at] as number;
      targets[kept] = target;
      edges[kept] = edge;
      kept++;
      marks[target] = edge + 1;
    }
    this.#ends[node] = kept;
  }

  /** Takes the edge between the node whose links are marked and another one. Hot. */
  #takeMarked(other: number, level: number): void {
    const { offsets, targets, edges } = this.#links;
    const marks = this.#marks;
    const isTaken = this.#isTaken;
    const start = offsets[other] as number;
    const end = this.#ends[other] as number;
    let kept = start;
    for (let at = start; at < end; at++) {
      const second = edges[at] as number;
      if (isTaken[second] === 1) continue;
      const target = targets[at] as number;
      targets[kept] = target;
      edges[kept] = second;
      kept++;
      const mark = marks[target] as number;
      if (mark === 0) continue;
      this.#lower(second, level);
      this.#lower(mark - 1, level);
    }
    this.#ends[other] = kept;
    this.#step(1 + end - start);
  }

  /** Takes the edge between two nodes, of which the first one has many more links. Hot. */
  #takeSearched(node: number, other: number, level: number): void {
    const { offsets, targets, edges } = this.#links;
    const isTaken = this.#isTaken;
    const start = offsets[other] as number;
    const end = this.#ends[other] as number;
    const last = this.#ends[node] as number;
    let kept = start;
    // Both rows ascend.
    let low = offsets[node] as number;
    for (let at = start; at < end; at++) {
      const second = edges[at] as number;
      if (isTaken[second] === 1) continue;
      const target = targets[at] as number;
      targets[kept] = target;
      edges[kept] = second;
      kept++;
      let high = last;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((targets[middle] as number) < target) low = middle + 1;
        else high = middle;
      }
      if (low === last || targets[low] !== target) continue;
      const third = edges[low] as number;
      if (isTaken[third] === 1) continue;
      this.#lower(second, level);
      this.#lower(third, level);
    }
    this.#ends[other] = kept;
    this.#step(1 + MARKS_PER_SEARCH * (end - start));
  }

  /** A triangle of an edge has gone. */
  #lower(edge: number, level: number): void {
    const number = this.#triangles[edge] as number;
    if (number <= level) return;
    this.#triangles[edge] = number - 1;
    if (number - 1 === level) this.#push(edge);
  }

  #step(work: number): void {
    this.#budget -= work;
    if (this.#budget > 0) return;
    this.#context.throwIfAborted();
    this.#budget = 16_384;
  }
}
