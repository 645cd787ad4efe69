/**
 * Histories of transactions over lists, and whether an isolation level allows them: the method of Elle (Kyle Kingsbury, Peter
 * Alvaro, 2020). Each value is appended once, so a list that was read tells the order of all writes before it.
 */

import type { Isolation } from "../../lib/graph/transaction_batch.ts";

/** What a transaction did with a list, in its order. */
export type ListOperation =
  | { readonly append: number; readonly list: number }
  | { readonly read: readonly number[]; readonly list: number };

/** A transaction that ran. Times are numbers of events, all different: which came before which. */
export interface Ran {
  readonly begin: number;
  /** When its caller was told. */
  readonly end: number;
  readonly isCommitted: boolean;
  /** What its last run did. */
  readonly operations: readonly ListOperation[];
}

/** What cannot have happened at the isolation level; undefined when all is well. */
export function anomalyOf(
  history: readonly Ran[],
  finalLists: readonly (readonly number[])[],
  isolation: Isolation,
): string | undefined {
  const writers = new Map<number, Written>();
  for (const [at, ran] of history.entries()) {
    for (const operation of ran.operations) {
      if ("append" in operation) writers.set(operation.append, { by: at, list: operation.list, isLast: true });
    }
    markIntermediate(ran, writers);
  }
  return faultOfLists(history, finalLists, writers) ?? faultOfReads(history, finalLists, writers) ??
    cycleOf(history, finalLists, writers, isolation);
}

/** An append: whose, and whether it was the transaction's last one to the list. */
interface Written {
  readonly by: number;
  readonly list: number;
  isLast: boolean;
}

function markIntermediate({ operations }: Ran, writers: ReadonlyMap<number, Written>): void {
  const last = new Map<number, Written>();
  for (const operation of operations) {
    if (!("append" in operation)) continue;
    const before = last.get(operation.list);
    if (before !== undefined) before.isLast = false;
    last.set(operation.list, writers.get(operation.append) as Written);
  }
}

/** Every value of a committed transaction is in its list once, and no other value is. */
function faultOfLists(
  history: readonly Ran[],
  finalLists: readonly (readonly number[])[],
  writers: ReadonlyMap<number, Written>,
): string | undefined {
  const seen = new Set<number>();
  for (const [list, values] of finalLists.entries()) {
    for (const value of values) {
      const written = writers.get(value);
      if (written?.list !== list) return `nobody appended ${value} to list ${list}`;
      if (!history[written.by]?.isCommitted) {
        return `${value} in list ${list} is of transaction ${written.by}, which failed`;
      }
      if (seen.has(value)) return `${value} is in list ${list} twice`;
      seen.add(value);
    }
  }
  for (const [value, { by, list }] of writers) {
    if (history[by]?.isCommitted && !seen.has(value)) {
      return `lost update: ${value} of transaction ${by} is not in list ${list}`;
    }
  }
  return undefined;
}

/** A transaction reads what others committed, whole, and behind it what it appended itself. */
function faultOfReads(
  history: readonly Ran[],
  finalLists: readonly (readonly number[])[],
  writers: ReadonlyMap<number, Written>,
): string | undefined {
  for (const [at, { operations }] of history.entries()) {
    const appended = new Map<number, number[]>();
    const seen = new Map<number, string>();
    for (const operation of operations) {
      const { list } = operation;
      const own = appended.get(list) ?? [];
      appended.set(list, own);
      if ("append" in operation) {
        own.push(operation.append);
        continue;
      }
      const { read } = operation;
      const others = read.slice(0, read.length - own.length);
      const what = `transaction ${at} read ${read.join(" ")} in list ${list}`;
      if (read.slice(others.length).join() !== own.join()) return `${what}, having appended ${own.join(" ")}`;
      const last = writers.get(others.at(-1) ?? -1);
      if (last !== undefined && !last.isLast) return `${what}: the middle of transaction ${last.by}`;
      const final = finalLists[list] as readonly number[];
      for (const [place, value] of others.entries()) {
        if (final[place] !== value) return `${what}, where ${final.join(" ")} was written`;
      }
      const before = seen.get(list);
      if (before !== undefined && before !== others.join()) return `${what}, before that ${before}`;
      seen.set(list, others.join());
    }
  }
  return undefined;
}

/** Reason for an order of two transactions. */
type Kind = "before" | "ww" | "wr" | "rw";

/**
 * An order that contradicts itself. Serializable: of writes, of reads after writes and of writes after reads, with the time of
 * the calls. Snapshot isolation allows those where two writes after reads follow each other (Andrea Cerone, Alexey Gotsman:
 * Analysing Snapshot Isolation, 2016): an order is that of the others, then at most one of those.
 */
function cycleOf(
  history: readonly Ran[],
  finalLists: readonly (readonly number[])[],
  writers: ReadonlyMap<number, Written>,
  isolation: Isolation,
): string | undefined {
  const orders = new Orders(2 * history.length);
  noteTimes(history, orders);
  for (const list of finalLists) {
    for (let at = 1; at < list.length; at++) {
      const [from, to] = [writerOf(list[at - 1]), writerOf(list[at])];
      if (from !== to) orders.add(from, to, "ww");
    }
  }
  for (const [reader, { operations, isCommitted }] of history.entries()) {
    if (!isCommitted) continue;
    for (const operation of operations) {
      if ("append" in operation) continue;
      const { list } = operation;
      const others = operation.read.filter((value) => writerOf(value) !== reader);
      if (others.length > 0) orders.add(writerOf(others.at(-1)), reader, "wr");
      const next = finalLists[list]?.[others.length];
      if (next !== undefined && writerOf(next) !== reader) orders.add(reader, writerOf(next), "rw");
    }
  }
  return (isolation === "serializable" ? orders : orders.composed()).cycle(history.length);

  function writerOf(value: number | undefined): number {
    return (writers.get(value ?? -1) as Written).by;
  }
}

/** Who was told before another one began comes first. One moment for each end, in a chain, instead of every pair. */
function noteTimes(history: readonly Ran[], orders: Orders): void {
  const ends = [...history.keys()].filter((at) => history[at]?.isCommitted).sort((a, b) => endOf(a) - endOf(b));
  const moment = (place: number) => history.length + place;
  for (const [place, at] of ends.entries()) {
    orders.add(at, moment(place), "before");
    if (place > 0) orders.add(moment(place - 1), moment(place), "before");
  }
  for (const at of ends) {
    const { begin } = history[at] as Ran;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endOf(ends[middle] as number) < begin) low = middle + 1;
      else high = middle;
    }
    if (low > 0) orders.add(moment(low - 1), at, "before");
  }

  function endOf(at: number): number {
    return (history[at] as Ran).end;
  }
}

interface Order {
  readonly to: number;
  readonly why: string;
}

/** What comes before what. */
class Orders {
  readonly #of: Order[][];
  readonly #reads: Order[][];

  constructor(size: number) {
    this.#of = Array.from({ length: size }, () => []);
    this.#reads = Array.from({ length: size }, () => []);
  }

  add(from: number, to: number, why: Kind): void {
    (why === "rw" ? this.#reads : this.#of)[from]?.push({ to, why });
  }

  /** Each order, and each followed by a write after a read; none of the latter alone. */
  composed(): Orders {
    const composed = new Orders(this.#of.length);
    for (const [from, orders] of this.#of.entries()) {
      for (const order of orders) {
        composed.#of[from]?.push(order);
        for (const { to } of this.#reads[order.to] as Order[]) {
          composed.#of[from]?.push({ to, why: `${order.why} ${order.to} rw` });
        }
      }
    }
    return composed;
  }

  /** A cycle, as text; those at and behind `moments` are no transactions. */
  cycle(moments: number): string | undefined {
    const size = this.#of.length;
    const NEW = 0;
    const OPEN = 1;
    const DONE = 2;
    const marks = new Uint8Array(size);
    for (let start = 0; start < size; start++) {
      if (marks[start] !== NEW) continue;
      const path = [{ at: start, next: 0, why: "" }];
      marks[start] = OPEN;
      for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
        const orders = [...this.#of[top.at] as Order[], ...this.#reads[top.at] as Order[]];
        const order = orders[top.next++];
        if (order === undefined) {
          marks[top.at] = DONE;
          path.pop();
        } else if (marks[order.to] === OPEN) {
          const cycle = path.slice(path.findIndex(({ at }) => at === order.to));
          const name = (at: number) => at < moments ? `${at}` : "time";
          return `cycle: ${
            cycle.map(({ at, why }, place) => `${place === 0 ? "" : `${why} `}${name(at)}`).join(" ")
          } ` +
            `${order.why} ${name(order.to)}`;
        } else if (marks[order.to] === NEW) {
          marks[order.to] = OPEN;
          path.push({ at: order.to, next: 0, why: order.why });
        }
      }
    }
    return undefined;
  }
}
