/** Compares what an import made of a golden database with what its writer put in. */

import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import type { ReferenceLoss, ReferenceReport } from "../../lib/reference/report.ts";
import type { GoldenNode, GoldenTruth } from "../support/reference_golden.ts";
import { COUNTED_EDGES, COUNTED_NODES, countedOf, KEYS_WITHOUT_A_BYTE } from "./golden_exempt.ts";
import { edgeName, hexOf } from "./golden_files.ts";

/** One import of a golden database. */
export interface GoldenImport {
  readonly folder: string;
  readonly isSalvaged: boolean;
  readonly truth: GoldenTruth;
  readonly db: GraphBackend;
  readonly report: ReferenceReport;
  /** JSON text of the edges that the property sidecar has. */
  readonly properties: ReadonlyMap<string, string>;
  /** Digits of the keys that log and checkpoint mention. */
  readonly keysInFiles: ReadonlySet<string>;
}

/** Everything that is wrong with the import, in words; nothing is best. */
export function problemsOf(imported: GoldenImport): string[] {
  return [
    ...problemsOfNodes(imported),
    ...problemsOfEdges(imported),
    ...problemsOfKeys(imported),
    ...problemsOfCounts(imported),
    ...problemsOfNames(imported),
  ];
}

/** A loss names nothing that never was. */
function problemsOfNames({ truth, report }: GoldenImport): string[] {
  const problems: string[] = [];
  const ids = new Set<unknown>([...truth.nodes, ...truth.earlierNodes].map(({ id }) => id));
  for (const id of truth.deletedNodeIds) ids.add(id);
  const ends = new Set(truth.edges.map(({ from, to }) => `${from} -> ${to}`));
  const keys = new Set(truth.keys.map(({ hex }) => hex));
  for (const { node, edge, key, message } of report.losses) {
    if (node !== undefined && !ids.has(node)) problems.push(`no such node: ${message}`);
    if (edge !== undefined && !ends.has(`${edge.from} -> ${edge.to}`)) problems.push(`no such edge: ${message}`);
    if (key !== undefined && !keys.has(hexOfKey(key))) problems.push(`no such key: ${message}`);
  }
  return problems;
}

function hexOfKey(key: string | Uint8Array): string {
  return hexOf(typeof key === "string" ? new TextEncoder().encode(key) : key);
}

function problemsOfNodes({ folder, isSalvaged, truth, db, report }: GoldenImport): string[] {
  const problems: string[] = [];
  const losses = new Map<number, ReferenceLoss[]>();
  for (const loss of report.losses) {
    if (loss.node !== undefined && loss.code.startsWith("node-")) {
      losses.set(Number(loss.node), [...losses.get(Number(loss.node)) ?? [], loss]);
    }
  }
  const expected = new Set<number>();
  let unnamed = 0;
  for (const node of truth.nodes) {
    expected.add(node.id);
    const found = db.getNode(node.id);
    const named = losses.get(node.id);
    if (found !== undefined && textOf(node) === textOf(found)) continue;
    if (named === undefined) {
      if (found === undefined) unnamed++;
      else if (!isEarlier(truth, found)) problems.push(`node ${textOf(node)} became ${textOf(found)}`);
      else if (countedOf(COUNTED_NODES, folder) === 0) {
        problems.push(`node ${textOf(node)} is an earlier ${textOf(found)}`);
      } else unnamed++;
    } else if (found !== undefined && canonical(found.data) !== canonical(node.data)) {
      // An update that lost kind and name still has its data in the bytes.
      if (!isEarlier(truth, found)) problems.push(`node ${textOf(node)} has other data: ${textOf(found)}`);
    }
  }
  if (unnamed > countedOf(COUNTED_NODES, folder)) problems.push(`${unnamed} nodes are missing without a name`);
  if (unnamed > countOf(report, "node-count")) problems.push(`${unnamed} missing nodes are not counted`);
  let extra = 0;
  for (const node of db.nodes()) {
    if (expected.has(node.id)) continue;
    if (!isSalvaged) problems.push(`node ${textOf(node)} was deleted, or never there`);
    else if (isEarlier(truth, node) || truth.deletedNodeIds.includes(node.id)) extra++;
    else problems.push(`salvaged node ${textOf(node)} was never there`);
  }
  if (extra > report.salvaged.nodes) problems.push(`${extra} nodes of earlier states, ${report.salvaged.nodes} marked`);
  return problems;
}

/** Whether it is a state that an update, a delete or a reuse of the id replaced, or an insert that failed. */
function isEarlier(truth: GoldenTruth, found: GoldenNode): boolean {
  return truth.earlierNodes.some((node) => node.kind === found.kind && node.name === found.name);
}

function problemsOfEdges({ folder, isSalvaged, truth, db, report, properties }: GoldenImport): string[] {
  const problems: string[] = [];
  const rest = new Map<string, string[]>();
  for (const { from, to, type, data } of db.edges()) {
    const name = edgeName(from, to, type);
    rest.set(name, [...rest.get(name) ?? [], canonical(data)]);
  }
  const named = new Map<string, number>();
  let orphans = 0;
  for (const { code, edge, count = 1 } of report.losses) {
    if (edge !== undefined) {
      const name = edge.type === undefined
        ? `${edge.from} -> ${edge.to}`
        : edgeName(Number(edge.from), Number(edge.to), edge.type);
      named.set(name, (named.get(name) ?? 0) + count);
    } else if (code === "cluster-orphaned" && !isSalvaged) orphans += count;
  }
  let unnamed = 0;
  for (const { from, to, type } of truth.edges) {
    const name = edgeName(from, to, type);
    const found = rest.get(name)?.pop();
    if (found !== undefined) {
      const text = properties.get(name);
      const wanted = text === undefined ? "{}" : canonical(JSON.parse(text));
      if (found !== wanted) problems.push(`edge ${name} has ${found} instead of ${wanted}`);
    } else if (!take(named, name) && !take(named, `${from} -> ${to}`)) unnamed++;
  }
  for (const [name, left] of rest) {
    if (left.length > 0) problems.push(`edge ${name} is there ${left.length} times too often`);
  }
  const allowed = countedOf(COUNTED_EDGES, folder) + orphans;
  if (unnamed > allowed) problems.push(`${unnamed} edges are missing without a name, instead of ${allowed}`);
  if (unnamed > countOf(report, "edge-count") + orphans) problems.push(`${unnamed} missing edges are not counted`);
  return problems;
}

function take(counts: Map<string, number>, name: string): boolean {
  const left = counts.get(name) ?? 0;
  counts.set(name, left - 1);
  return left > 0;
}

function problemsOfKeys({ folder, truth, db, report, keysInFiles }: GoldenImport): string[] {
  const problems: string[] = [];
  const found = new Map<string, { readonly value: KeyValue; readonly expiresAt?: number }>();
  for (const entry of db.kv.scan({ prefix: new Uint8Array(0) })) found.set(hexOf(entry.key), entry);
  const lost = new Set<string>();
  for (const { key } of report.losses) {
    if (key !== undefined) lost.add(hexOfKey(key));
  }
  for (const { hex, key, value, ttlSeconds } of truth.keys) {
    const entry = found.get(hex);
    found.delete(hex);
    const name = JSON.stringify(new TextDecoder().decode(key));
    const isExempt = isKeyExempt(folder, key);
    if (isExempt && keysInFiles.has(hex)) problems.push(`key ${name} is exempt, but a file has it`);
    if (value === undefined || isExempt) {
      if (entry !== undefined) problems.push(`key ${name} is there`);
    } else if (entry === undefined) {
      if (!lost.has(hex)) problems.push(`key ${name} is missing`);
    } else if (canonical(entry.value) !== canonical(value)) problems.push(`key ${name} has another value`);
    else if ((entry.expiresAt === undefined) !== (ttlSeconds === undefined)) problems.push(`key ${name}: expiry`);
  }
  for (const hex of found.keys()) problems.push(`key ${hex} was never there`);
  return problems;
}

function isKeyExempt(folder: string, key: Uint8Array): boolean {
  const text = new TextDecoder().decode(key);
  return KEYS_WITHOUT_A_BYTE.some(({ folders, keys }) =>
    folders.includes(folder) && (keys === "all" || keys.includes(text))
  );
}

function problemsOfCounts({ db, report }: GoldenImport): string[] {
  const problems: string[] = [];
  const found = { nodes: db.countNodes(), edges: db.countEdges(), keyValues: db.kv.count() };
  for (const sort of ["nodes", "edges", "keyValues"] as const) {
    if (report[sort] !== found[sort]) {
      problems.push(`${report[sort]} ${sort} in the report, ${found[sort]} in the database`);
    }
    if (report.salvaged[sort] > report[sort]) problems.push(`more ${sort} salvaged than imported`);
  }
  if (report.lossCount < report.losses.length) problems.push("fewer losses counted than listed");
  return problems;
}

/** How many records the losses of a sort count. */
function countOf(report: ReferenceReport, code: ReferenceLoss["code"]): number {
  return report.losses.reduce((sum, loss) => loss.code === code ? sum + (loss.count ?? 1) : sum, 0);
}

function textOf({ id, kind, name, data }: GoldenNode): string {
  return `${id} ${JSON.stringify(kind)} ${JSON.stringify(name)} ${canonical(data)}`;
}

/** A value as text in which every difference shows, whatever the order of an object's keys. */
export function canonical(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : `${value}`;
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Uint8Array) return `bytes ${hexOf(value)}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}
