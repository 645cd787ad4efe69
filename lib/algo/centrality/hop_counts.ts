/** All shortest paths from a node, where each link counts one. */

import type { Projection } from "../../backend/projection.ts";
import { signed } from "../paths/hop_search.ts";
import { Levels, type PathCounts } from "./path_counts.ts";

/** Links looked at between two looks at the signal. */
const LINKS_PER_LOOK = 1 << 16;

/** Of more paths than this, one would be too small a part. */
const MAX_COUNT = 1e290;

/** Marks of nodes. */
const UNSEEN = 0;
/** In the level that is looked at. */
const FRONT = 1;
const DONE = 2;
/** In the next level. */
const NEXT = 3;

/**
 * Brandes, A faster algorithm for betweenness centrality, 2001, level by level. In undirected graphs it goes from the side of a
 * level that has fewer links: nodes that no path led to yet look back at the frontier when their links are fewer than those of the
 * frontier. On graphs with hubs that leaves out most links.
 */
export class HopCounts implements PathCounts {
  readonly order: Int32Array;
  readonly dependencies: Float64Array;
  readonly #offsets: Int32Array<SharedArrayBuffer>;
  readonly #targets: Int32Array<SharedArrayBuffer>;
  readonly #isUndirected: boolean;
  readonly #throwIfAborted: () => void;
  readonly #marks: Uint8Array;
  /** Number of shortest paths to each node. */
  readonly #counts: Float64Array;
  /** What each node gives to each path that leads to it. */
  readonly #shares: Float64Array;
  /** Where levels begin in `order`, and the number of links that leave them. */
  readonly #starts: Levels = new Levels();
  readonly #links: Levels = new Levels();
  #levels = 0;
  #reached = 0;

  constructor({ nodeCount, out, isUndirected }: Projection, throwIfAborted: () => void) {
    this.#offsets = signed(out.offsets);
    this.#targets = signed(out.targets);
    this.#isUndirected = isUndirected;
    this.#throwIfAborted = throwIfAborted;
    this.order = new Int32Array(nodeCount);
    this.dependencies = new Float64Array(nodeCount);
    this.#marks = new Uint8Array(nodeCount);
    this.#counts = new Float64Array(nodeCount);
    this.#shares = new Float64Array(nodeCount);
  }

  search(start: number): number {
    this.#forget();
    const order = this.order;
    const counts = this.#counts;
    const nodeCount = order.length;
    let unseen = this.#targets.length;
    order[0] = start;
    counts[start] = 1;
    let begin = 0;
    let end = 1;
    let level = 0;
    this.#reached = 1;
    for (; begin < end; level++) {
      const links = this.#mark(begin, end, FRONT);
      this.#starts.set(level, begin);
      this.#links.set(level, links);
      unseen -= links;
      let next: number;
      if (this.#isUndirected && unseen + (nodeCount >>> 3) < links) {
        next = this.#pull(end);
        this.#mark(begin, end, DONE);
      } else {
        this.#mark(begin, end, DONE);
        next = this.#push(begin, end);
      }
      begin = end;
      end = next;
      this.#reached = end;
    }
    this.#starts.set(level, end);
    this.#levels = level;
    this.#throwIfAborted();
    let most = 0;
    for (let at = 0; at < end; at++) {
      const count = counts[order[at] as number] as number;
      if (count > most) most = count;
    }
    return most < MAX_COUNT ? end : -1;
  }

  depend(links?: Float64Array): void {
    const last = this.#levels - 1;
    for (let level = last; level >= 0; level--) {
      const begin = this.#starts.get(level);
      const end = this.#starts.get(level + 1);
      if (level === last) {
        this.#settle(begin, end, 0);
      } else if (
        links === undefined && this.#isUndirected && 1.2 * this.#links.get(level + 1) < this.#links.get(level)
      ) {
        this.#pushBack(begin, end, this.#starts.get(level + 2));
      } else {
        const behind = this.#starts.get(level + 2);
        this.#mark(end, behind, FRONT);
        if (links === undefined) this.#pullBack(begin, end);
        else this.#pullBackLinks(begin, end, links);
        this.#mark(end, behind, DONE);
      }
    }
  }

  /** Unmarks what the last search reached. */
  #forget(): void {
    const order = this.order;
    for (let at = 0; at < this.#reached; at++) this.#marks[order[at] as number] = UNSEEN;
    this.#reached = 0;
  }

  /** Marks nodes; returns the number of links that leave them. */
  #mark(begin: number, end: number, mark: number): number {
    const order = this.order;
    const marks = this.#marks;
    const offsets = this.#offsets;
    this.#throwIfAborted();
    let links = 0;
    for (let at = begin; at < end; at++) {
      const node = order[at] as number;
      marks[node] = mark;
      links += (offsets[node + 1] as number) - (offsets[node] as number);
    }
    return links;
  }

  /** Follows the links of a level; returns where the next one ends. Hot. */
  #push(begin: number, end: number): number {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const order = this.order;
    const marks = this.#marks;
    const counts = this.#counts;
    let behind = end;
    let left = LINKS_PER_LOOK;
    for (let at = begin; at < end; at++) {
      const node = order[at] as number;
      const count = counts[node] as number;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        const mark = marks[target] as number;
        if (mark === DONE) continue;
        if (mark === UNSEEN) {
          marks[target] = NEXT;
          counts[target] = count;
          order[behind++] = target;
        } else {
          counts[target] = (counts[target] as number) + count;
        }
      }
      left -= 1 + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
    return behind;
  }

  /** Lets each node that was not seen yet look for neighbors in the frontier; returns where the next level ends. Hot. */
  #pull(end: number): number {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const order = this.order;
    const marks = this.#marks;
    const counts = this.#counts;
    const nodeCount = order.length;
    let behind = end;
    let left = LINKS_PER_LOOK;
    for (let node = 0; node < nodeCount; node++) {
      if (marks[node] !== UNSEEN) continue;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      let count = 0;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        if (marks[target] === FRONT) count += counts[target] as number;
      }
      if (count > 0) {
        marks[node] = NEXT;
        counts[node] = count;
        order[behind++] = node;
      }
      left -= 1 + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
    return behind;
  }

  /** Gives each node of a level what it gets from the marked ones behind it. Hot. */
  #pullBack(begin: number, end: number): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const order = this.order;
    const marks = this.#marks;
    const counts = this.#counts;
    const shares = this.#shares;
    const dependencies = this.dependencies;
    let left = LINKS_PER_LOOK;
    for (let at = begin; at < end; at++) {
      const node = order[at] as number;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      let sum = 0;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        if (marks[target] === FRONT) sum += shares[target] as number;
      }
      const count = counts[node] as number;
      const dependency = count * sum;
      dependencies[at] = dependency;
      shares[node] = (1 + dependency) / count;
      left -= 1 + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
  }

  /** The same, and notes what comes along each link. */
  #pullBackLinks(begin: number, end: number, values: Float64Array): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const order = this.order;
    const marks = this.#marks;
    const counts = this.#counts;
    const shares = this.#shares;
    let left = LINKS_PER_LOOK;
    for (let at = begin; at < end; at++) {
      const node = order[at] as number;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      const count = counts[node] as number;
      let sum = 0;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        if (marks[target] !== FRONT) continue;
        const share = shares[target] as number;
        sum += share;
        values[link] = (values[link] as number) + count * share;
      }
      const dependency = count * sum;
      this.dependencies[at] = dependency;
      shares[node] = (1 + dependency) / count;
      left -= 1 + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
  }

  /** Lets the nodes behind a level give to their neighbors in it: undirected links lead both ways. Hot. */
  #pushBack(begin: number, end: number, behind: number): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const order = this.order;
    const marks = this.#marks;
    const shares = this.#shares;
    for (let at = begin; at < end; at++) shares[order[at] as number] = 0;
    this.#mark(begin, end, FRONT);
    let left = LINKS_PER_LOOK;
    for (let at = end; at < behind; at++) {
      const node = order[at] as number;
      const share = shares[node] as number;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        if (marks[target] === FRONT) shares[target] = (shares[target] as number) + share;
      }
      left -= 1 + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
    this.#mark(begin, end, DONE);
    this.#settle(begin, end, 1);
  }

  /** Ends a level whose nodes' sums are in `shares`, or, with factor 0, are 0. */
  #settle(begin: number, end: number, factor: 0 | 1): void {
    const order = this.order;
    const counts = this.#counts;
    const shares = this.#shares;
    this.#throwIfAborted();
    for (let at = begin; at < end; at++) {
      const node = order[at] as number;
      const count = counts[node] as number;
      const dependency = factor === 0 ? 0 : count * (shares[node] as number);
      this.dependencies[at] = dependency;
      shares[node] = (1 + dependency) / count;
    }
  }
}
