/**
 * The bank of `tests/v3/shared_bank.ts` with loads on top: batches of nodes with edges into the accounts, which come by ingest
 * and go by a transaction. Books of the accounts must balance, and of each load there is all or nothing.
 */

import { open } from "../../lib/graph/open.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { IngestRow } from "../../lib/graph/row_source.ts";
import { openAccounts, START_BALANCE } from "../v3/shared_bank.ts";

/** What an audit found. */
export interface Books {
  /** Commit that was read. */
  readonly lsn: number;
  /** What is wrong; undefined when nothing is. */
  readonly fault: string | undefined;
  /** A hash of all that was read: equal for equal states. */
  readonly print: number;
}

/** Key of a load: its value is the number of its nodes. */
const loadKey = (load: number): string => `load:${load}`;
const loadKind = (load: number): string => `Load${load}`;
/** Label of the nodes of all loads. */
const LOADED = "loaded";

/** Key of how many values there are that only take room. */
const BALLAST = "ballast";
const BALLAST_BYTES = 3_000;
/** An audit reads one of so many of them. */
const BALLAST_STEP = 7;

/** Makes a database with accounts 1 to `accounts`, and with so many values that only take room. */
export function makeBank(path: string, backend: "v3" | "sqlite", accounts: number, ballast = 0): void {
  using db = open(path, { backend, durability: "off" });
  openAccounts(db, accounts);
  db.transaction((tx) => {
    tx.kv.set(BALLAST, ballast);
    for (let at = 0; at < ballast; at++) setBallast(tx, at);
  });
}

/** Writes a value that only takes room, as it always is. */
export function setBallast(tx: GraphTransaction, at: number): void {
  tx.kv.set(`${BALLAST}:${at}`, new Uint8Array(BALLAST_BYTES).fill(at));
}

/** Rows of a load. After each `batch` of them its key is right, so they may be committed in batches of so many. */
export function* loadRows(load: number, batches: number, batch: number, accounts: number): Generator<IngestRow> {
  let nodes = 0;
  for (let at = 0; at < batches; at++) {
    for (let row = 0; row + 2 < batch; row += 2) {
      const ref = `${load}.${nodes}`;
      yield { node: { kind: loadKind(load), name: ref, labels: [LOADED] }, ref };
      yield { edge: { from: { ref }, to: 1 + (load * 31 + nodes) % accounts, type: "LOADS" } };
      nodes++;
    }
    if (batch % 2 === 0) yield { kv: { key: "filler", value: load } };
    yield { kv: { key: loadKey(load), value: nodes } };
  }
}

/** Removes a load, if it is there, with the edges of its nodes. */
export function removeLoad(tx: GraphTransaction, load: number): number {
  const ids = [...tx.nodeIds({ kind: loadKind(load) })];
  for (const id of ids) tx.deleteNode(id);
  tx.kv.delete(loadKey(load));
  return ids.length;
}

/** Reads everything, most of it in several ways that must agree. */
export function audit(graph: GraphReader, accounts: number): Books {
  const { lsn } = graph;
  let print = 0;
  const mix = (value: number) => {
    print = Math.imul(print ^ value, 0x01000193) >>> 0;
  };
  const books = (fault?: string): Books => ({ lsn, fault, print });

  let money = 0;
  let leaving = 0;
  let entering = 0;
  let count = 0;
  const loaded = new Map<string, number>();
  for (const { id, kind, data } of graph.nodes()) {
    mix(id);
    leaving += graph.degree(id);
    if (kind !== "Account") {
      loaded.set(kind, (loaded.get(kind) ?? 0) + 1);
      const [edge, more] = graph.edgesOf(id, { data: false, direction: "both" });
      // A transfer may have taken it away.
      if (more !== undefined) return books(`node ${id} of ${kind} has the edges ${edge?.id} and ${more.id}`);
      continue;
    }
    const { balance } = data as { balance: number };
    mix(balance);
    money += balance;
    count++;
    entering += graph.degree(id, { direction: "in" });
    const key = graph.kv.get(`balance:${id}`);
    if (key !== balance) return books(`account ${id} has ${balance}, its key ${key}`);
  }
  if (count !== accounts) return books(`${count} of ${accounts} accounts`);
  if (money !== accounts * START_BALANCE) return books(`${money} of ${accounts * START_BALANCE} in all`);
  const edges = graph.countEdges();
  if (leaving !== edges || entering !== edges) return books(`${leaving} leave, ${entering} enter, of ${edges} edges`);

  let listed = 0;
  for (const { id, from, to } of graph.edges({ data: false })) {
    mix(id);
    mix(from);
    mix(to);
    if (++listed % 7 !== 0) continue;
    if (!graph.neighbors(from).includes(to)) return books(`edge ${id}: ${to} is no neighbour of ${from}`);
    if (!graph.neighbors(to, { direction: "in" }).includes(from)) return books(`edge ${id} does not enter ${to}`);
  }
  if (listed !== edges) return books(`${listed} of ${edges} edges are listed`);
  return books(faultOfLoads(graph, loaded) ?? faultOfBallast(graph));
}

function faultOfBallast(graph: GraphReader): string | undefined {
  const ballast = graph.kv.get(BALLAST) as number;
  for (let at = graph.lsn % BALLAST_STEP; at < ballast; at += BALLAST_STEP) {
    const value = graph.kv.get(`${BALLAST}:${at}`) as Uint8Array | undefined;
    const isWhole = value?.length === BALLAST_BYTES && value[0] === at % 256 && value.at(-1) === at % 256;
    if (!isWhole) return `the value ${at} is ${value?.length} bytes from ${value?.[0]} to ${value?.at(-1)}`;
  }
  return undefined;
}

function faultOfLoads(graph: GraphReader, loaded: ReadonlyMap<string, number>): string | undefined {
  let nodes = 0;
  for (const { key, value } of graph.kv.scan({ prefix: "load:" })) {
    const kind = `Load${String(key).slice("load:".length)}`;
    const found = loaded.get(kind) ?? 0;
    if (found !== value || graph.countNodes({ kind }) !== value) return `${found} of ${value} nodes of ${kind}`;
    nodes += found;
  }
  const labelled = graph.countNodes({ label: LOADED });
  let all = 0;
  for (const found of loaded.values()) all += found;
  return all === nodes && labelled === nodes
    ? undefined
    : `${all} nodes of loads, ${labelled} labelled, ${nodes} in keys`;
}
