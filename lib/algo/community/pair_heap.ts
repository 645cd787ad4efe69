/** The best of many pairs. */

/** Pairs of dense indexes with a score: the best ones, up to a limit. Better is a larger score, then a smaller first, then second. */
export class PairHeap {
  /** Number of pairs. */
  size = 0;
  /** Score of each pair. */
  scores: Float64Array;
  /** First node of each pair. */
  first: Uint32Array;
  /** Second node of each pair. */
  second: Uint32Array;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
    const capacity = Math.min(limit, 1024);
    this.scores = new Float64Array(capacity);
    this.first = new Uint32Array(capacity);
    this.second = new Uint32Array(capacity);
  }

  /** Keeps a pair when it is among the best so far. Hot. */
  offer(score: number, first: number, second: number): void {
    if (this.size < this.#limit) {
      if (this.size === this.scores.length) this.#grow();
      this.#rise(score, first, second);
      return;
    }
    if (this.#limit === 0 || !this.#isWorse(0, score, first, second)) return;
    this.#sink(score, first, second);
  }

  /** The pairs from the best one on: sorts them, after which nothing may be offered. */
  sort(): void {
    const order = Array.from({ length: this.size }, (_, at) => at).sort((a, b) => {
      const [scoreA, scoreB] = [this.scores[a] as number, this.scores[b] as number];
      if (scoreA !== scoreB) return scoreB - scoreA;
      return (this.first[a] as number) - (this.first[b] as number) ||
        (this.second[a] as number) - (this.second[b] as number);
    });
    this.scores = Float64Array.from(order, (at) => this.scores[at] as number);
    const first = Uint32Array.from(order, (at) => this.first[at] as number);
    this.second = Uint32Array.from(order, (at) => this.second[at] as number);
    this.first = first;
  }

  /** Whether the pair at a place is worse than another one. */
  #isWorse(at: number, score: number, first: number, second: number): boolean {
    const own = this.scores[at] as number;
    if (own !== score) return own < score;
    const ownFirst = this.first[at] as number;
    return ownFirst !== first ? ownFirst > first : (this.second[at] as number) > second;
  }

  /** Adds a pair; the root is the worst one. */
  #rise(score: number, first: number, second: number): void {
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#isWorse(parent, score, first, second)) break;
      this.#copy(parent, at);
      at = parent;
    }
    this.#put(at, score, first, second);
  }

  /** Puts a pair in the place of the worst one. */
  #sink(score: number, first: number, second: number): void {
    let at = 0;
    for (let child = 1; child < this.size; child = 2 * at + 1) {
      const other = child + 1;
      if (
        other < this.size &&
        this.#isWorse(
          other,
          this.scores[child] as number,
          this.first[child] as number,
          this.second[child] as number,
        )
      ) child = other;
      if (!this.#isWorse(child, score, first, second)) break;
      this.#copy(child, at);
      at = child;
    }
    this.#put(at, score, first, second);
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.scores[from] as number, this.first[from] as number, this.second[from] as number);
  }

  #put(at: number, score: number, first: number, second: number): void {
    this.scores[at] = score;
    this.first[at] = first;
    this.second[at] = second;
  }

  #grow(): void {
    const capacity = Math.min(this.#limit, 2 * this.size);
    const [scores, first, second] = [new Float64Array(capacity), new Uint32Array(capacity), new Uint32Array(capacity)];
    scores.set(this.scores);
    first.set(this.first);
    second.set(this.second);
    [this.scores, this.first, this.second] = [scores, first, second];
  }
}
