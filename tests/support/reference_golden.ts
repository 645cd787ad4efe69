/** Databases of the reference's native format, as its released versions wrote them, with what their writers put into them:
 * `fixtures/reference/v3/VERSION/SCENARIO/`, every file gzipped. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import { type ExpectedValue, parseExactly } from "./reference_fixture.ts";
import type { TempDir } from "./temp_dir.ts";

const ROOT = new URL("../fixtures/reference/v3/", import.meta.url);

/** A node that the writer inserted and did not delete, in its last state. */
export interface GoldenNode {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly data: JsonValue;
}

/** An edge that the writer inserted. `type` is empty for an edge without one. */
export interface GoldenEdge {
  readonly from: number;
  readonly to: number;
  readonly type: string;
  /** Undefined where expected.json does not keep it (scenario `pages`). */
  readonly data: JsonValue | undefined;
}

/** A key that the writer set or deleted, in its last state. */
export interface GoldenKey {
  /** The key's bytes in hexadecimal digits. */
  readonly hex: string;
  readonly key: Uint8Array;
  /** False for calls that never reach the log. */
  readonly isLogged: boolean;
  /** Undefined for a deleted key. */
  readonly value: KeyValue | undefined;
  readonly ttlSeconds: number | undefined;
}

/** What the writer's calls amount to. */
export interface GoldenTruth {
  readonly nodes: readonly GoldenNode[];
  readonly edges: readonly GoldenEdge[];
  readonly keys: readonly GoldenKey[];
  readonly deletedNodeIds: readonly number[];
  /** Earlier states of nodes: what an update, a delete or a second use of the id replaced. */
  readonly earlierNodes: readonly GoldenNode[];
}

/** Names of all databases, `VERSION/SCENARIO`. */
export const GOLDEN_FOLDERS: readonly string[] = readdirSync(ROOT).filter((name) => name !== "README.md").sort()
  .flatMap((version) => readdirSync(new URL(`${version}/`, ROOT)).sort().map((scenario) => `${version}/${scenario}`));

/** Name of the main file in every folder. */
export const MAIN_FILE = "db.graph";

/** Names of a database's files: the main file first, then its sidecars. */
export function goldenFileNames(folder: string): string[] {
  const names = readdirSync(new URL(`${folder}/`, ROOT)).map((name) => name.replace(/\.gz$/, ""));
  return names.filter((name) => name !== "expected.json").sort((a, b) =>
    Number(b === MAIN_FILE) - Number(a === MAIN_FILE) || (a < b ? -1 : 1)
  );
}

/** One file of a database, unpacked. */
export function goldenBytes(folder: string, name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(`${folder}/${name}.gz`, ROOT))));
}

/** Writes a database with all of its sidecars into a folder and returns the path of the main file. */
export function unpackGolden(folder: string, target: TempDir): string {
  for (const name of goldenFileNames(folder)) writeFileSync(target.path(name), goldenBytes(folder, name));
  return target.path(MAIN_FILE);
}

/** What was put into a database. */
export function goldenTruth(folder: string): GoldenTruth {
  const text = new TextDecoder().decode(goldenBytes(folder, "expected.json"));
  const { truth } = JSON.parse(text) as ExpectedFile;
  // Values of the store are integers of 64 bits, as text; the numbers in the graph are those of `JSON.parse`.
  const exact = (parseExactly(text) as unknown as ExpectedFile).truth.kv;
  return {
    nodes: truth.nodes.map(nodeOf),
    edges: truth.edges.map(edgeOf),
    keys: Object.entries(exact).map(([hex, entry]) => keyOf(hex, entry)),
    deletedNodeIds: truth.deleted_node_ids,
    earlierNodes: truth.log.flatMap((entry) => {
      const earlier = typeof entry === "object" ? entry.before ?? entry.earlier : undefined;
      return earlier ? [nodeOf(earlier)] : [];
    }),
  };
}

type NodeRow = readonly [id: number, kind: string, name: string, data: JsonValue] | GoldenNode;
type EdgeRow = readonly [from: number, to: number, type: string] | GoldenEdge;

interface ExpectedKey {
  readonly api?: "generic" | "native";
  readonly deleted?: boolean;
  readonly ttl_seconds?: number | null;
  readonly value?: GoldenValue;
}

type GoldenValue = ExpectedValue | { readonly type: "bytes"; readonly formula: string; readonly len: number };

interface ExpectedFile {
  readonly truth: {
    readonly nodes: readonly NodeRow[];
    readonly edges: readonly EdgeRow[];
    readonly deleted_node_ids: readonly number[];
    readonly kv: Readonly<Record<string, ExpectedKey>>;
    readonly log: readonly (string | { readonly before?: GoldenNode | null; readonly earlier?: GoldenNode })[];
  };
}

function nodeOf(row: NodeRow): GoldenNode {
  if ("id" in row) return { id: row.id, kind: row.kind, name: row.name, data: row.data };
  const [id, kind, name, data] = row;
  return { id, kind, name, data };
}

function edgeOf(row: EdgeRow): GoldenEdge {
  if ("from" in row) return { from: row.from, to: row.to, type: row.type, data: row.data };
  const [from, to, type] = row;
  return { from, to, type, data: undefined };
}

function keyOf(hex: string, entry: ExpectedKey): GoldenKey {
  return {
    hex,
    key: bytesOfHex(hex),
    isLogged: entry.api !== "native",
    value: entry.deleted || entry.value === undefined ? undefined : valueOf(entry.value),
    ttlSeconds: entry.ttl_seconds ?? undefined,
  };
}

function valueOf(value: GoldenValue): KeyValue {
  if ("formula" in value) return bytesOfFormula(value.formula, value.len);
  switch (value.type) {
    case "null":
      return null;
    case "bytes":
      return bytesOfHex(value.hex);
    case "integer":
      return integerOf(value.value);
    case "float":
      return value.bits_hex === undefined ? Number(value.value) : floatOfBits(value.bits_hex);
    default:
      return value.value as KeyValue;
  }
}

/** An integer as the store hands it out: a number when that is exact. */
function integerOf(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

function floatOfBits(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

/** `byte j = (A + B*j) mod M`. */
function bytesOfFormula(formula: string, length: number): Uint8Array {
  const parts = /^byte j = \((\d+) \+ (\d+)\*j\) mod (\d+)$/.exec(formula);
  if (parts === null) throw new Error(`no formula: ${formula}`);
  const [start, factor, modulus] = parts.slice(1).map(Number) as [number, number, number];
  return Uint8Array.from({ length }, (_, index) => (start + factor * index) % modulus);
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
