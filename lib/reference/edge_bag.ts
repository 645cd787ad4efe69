/** Edges from elsewhere than their sources' own lists, grouped by source. Nodes are positions in `NodeIds`. */

const MIRROR = 0;

/** A growing table, sorted once. */
export class EdgeBag {
  /** Origin of edges that the other end's list has. Others are numbered from 1: lists that no tree reaches. */
  static readonly MIRROR: number = MIRROR;
  #count = 0;
  #from = new Int32Array(16);
  #to = new Int32Array(16);
  #type = new Int32Array(16);
  #weight = new Float32Array(16);
  #origin = new Int32Array(16);
  /** Rows by source, then origin, then as added. */
  #order = new Uint32Array(0);
  #next = 0;

  /** Number of edges. */
  get count(): number {
    return this.#count;
  }

  /** Adds an edge. */
  add(from: number, to: number, type: number, weight: number, origin: number): void {
    if (this.#count === this.#from.length) this.#grow();
    const row = this.#count++;
    this.#from[row] = from;
    this.#to[row] = to;
    this.#type[row] = type;
    this.#weight[row] = weight;
    this.#origin[row] = origin;
  }

  #grow(): void {
    const size = this.#from.length * 2;
    const larger = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(size);
      copy.set(column);
      return copy;
    };
    this.#from = larger(this.#from);
    this.#to = larger(this.#to);
    this.#type = larger(this.#type);
    this.#origin = larger(this.#origin);
    const weight = new Float32Array(size);
    weight.set(this.#weight);
    this.#weight = weight;
  }

  /** Sorts, also what was added since; edges of sources before `first` are not handed out any more. */
  sort(first: number): void {
    this.#order = new Uint32Array(this.#count);
    for (let row = 0; row < this.#count; row++) this.#order[row] = row;
    this.#order.sort((one, other) =>
      (this.#from[one] as number) - (this.#from[other] as number) ||
      (this.#origin[one] as number) - (this.#origin[other] as number) || one - other
    );
    this.#next = 0;
    while (this.#next < this.#count && this.nextSource() < first) this.#next++;
  }

  /** Source of the next edges, or -1. */
  nextSource(): number {
    return this.#next < this.#count ? this.#from[this.#order[this.#next] as number] as number : -1;
  }

  /** Hands out the edges of a source, which come in ascending order. */
  take(from: number, use: (to: number, type: number, weight: number, origin: number) => void): void {
    for (; this.nextSource() === from; this.#next++) {
      const row = this.#order[this.#next] as number;
      use(
        this.#to[row] as number,
        this.#type[row] as number,
        this.#weight[row] as number,
        this.#origin[row] as number,
      );
    }
  }
}
