/** Databases that released versions of the Rust program wrote, and the answers that it gave: `fixtures/reference/sqlite/`. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { TempDir } from "./temp_dir.ts";

const FOLDER = new URL("../fixtures/reference/sqlite/", import.meta.url);

/** What `JSON.parse` makes of a text when integers beyond 2^53 become bigint. */
export type Parsed = null | boolean | number | bigint | string | Parsed[] | { [key: string]: Parsed };

/** One database of the fixture. */
export interface ReferenceFile {
  /** Name without `.db`. */
  readonly name: string;
  /** Schema version that the file has. */
  readonly schema: number;
  /** Whether it has rows in `kv_store`. */
  readonly hasKeyValues: boolean;
  /** Highest node id and highest edge id that were ever used in it. */
  readonly lastIds: readonly [node: number, edge: number];
}

/** The databases that hold the common content. */
export const FULL_FILES: readonly ReferenceFile[] = [
  { name: "sqlite-2.0.7", schema: 3, hasKeyValues: false, lastIds: [43, 85] },
  { name: "sqlite-2.0.7-kv", schema: 3, hasKeyValues: true, lastIds: [43, 85] },
  { name: "sqlite-2.2.3", schema: 4, hasKeyValues: true, lastIds: [43, 85] },
  { name: "sqlite-3.2.5", schema: 6, hasKeyValues: true, lastIds: [43, 85] },
  { name: "sqlite-3.9.0", schema: 10, hasKeyValues: true, lastIds: [43, 85] },
  { name: "wal-3.2.5", schema: 6, hasKeyValues: true, lastIds: [44, 87] },
];

/** The database that was written without migrations. */
export const BASE_FILE: ReferenceFile = { name: "nomigrations-3.2.5", schema: 1, hasKeyValues: false, lastIds: [3, 1] };

/** The databases without content. */
export const EMPTY_FILES: readonly ReferenceFile[] = [
  { name: "empty-2.0.7", schema: 3, hasKeyValues: false, lastIds: [0, 0] },
  { name: "empty-2.2.3", schema: 4, hasKeyValues: false, lastIds: [0, 0] },
  { name: "empty-3.2.5", schema: 6, hasKeyValues: false, lastIds: [0, 0] },
  { name: "empty-3.9.0", schema: 10, hasKeyValues: false, lastIds: [0, 0] },
];

/** Every database of the fixture. */
export const REFERENCE_FILES: readonly ReferenceFile[] = [...FULL_FILES, BASE_FILE, ...EMPTY_FILES];

/** The database with this name. */
export function referenceFile(name: string): ReferenceFile {
  const file = REFERENCE_FILES.find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`the fixture has no database ${name}`);
  return file;
}

/** When the tests read the files: a year after they were written, long before `ttl.long` ends. */
export const READ_MS: number = Date.UTC(2027, 10, 21);

/** Copies a database (with its log, where it has one) into a folder and returns its path there. */
export function copyReference(name: string, folder: TempDir, as = `${name}.db`): string {
  const path = folder.path(as);
  writeFileSync(path, bytesOf(`${name}.db`));
  if (name === "wal-3.2.5") writeFileSync(`${path}-wal`, bytesOf(`${name}.db-wal`));
  return path;
}

/** A file of the fixture, unpacked. */
export function bytesOf(name: string): Uint8Array {
  const packed = new URL(`${name}.gz`, FOLDER);
  return existsSync(packed) ? gunzipSync(readFileSync(packed)) : readFileSync(new URL(name, FOLDER));
}

/** Parses JSON without rounding: integers beyond 2^53 become bigint. */
export function parseExactly(text: string): Parsed {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
  return parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || !/^-?\d+$/.test(source)) return value;
    return Number.isSafeInteger(value) ? value : BigInt(source);
  }) as Parsed;
}

/** A value with every difference visible to `assertEquals`, which takes 0 for −0. */
export function exactly(value: unknown): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "the number -0" : value;
  if (Array.isArray(value)) return value.map(exactly);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exactly(member)]));
}

/** A node as expected.json has it. */
export interface ExpectedNode {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly file_path: string | null;
  readonly data: Parsed;
}

/** An edge as expected.json has it. */
export interface ExpectedEdge {
  readonly id: number;
  readonly from_id: number;
  readonly to_id: number;
  readonly edge_type: string;
  readonly data: Parsed;
}

/** A refused call. */
export interface ExpectedError {
  readonly error: string;
}

/** A value of the key-value store as expected.json has it. */
export type ExpectedValue =
  | { readonly type: "null" }
  | { readonly type: "bytes"; readonly hex: string }
  | { readonly type: "string" | "integer"; readonly value: string }
  | { readonly type: "float"; readonly value: number | string; readonly bits_hex?: string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "json"; readonly value: Parsed };

type Ids = readonly number[];
type Way = "out" | "in";

/** The answers about a full database that the contract has a call for. */
export interface ExpectedAnswers {
  readonly nodes: readonly ExpectedNode[];
  readonly entity_ids: Ids;
  readonly get_node_absent: readonly { readonly id: number; readonly answer: unknown }[];
  readonly edges: readonly ExpectedEdge[];
  readonly edges_absent_up_to_90: Readonly<Record<string, string>>;
  readonly neighbors: {
    readonly answers: readonly (Readonly<Record<string, Ids>> & {
      readonly node: number;
      readonly degree_out_in: readonly [number, number];
    })[];
  };
  readonly bfs: readonly { readonly start: number; readonly depth: number; readonly answer: Ids | ExpectedError }[];
  readonly bfs_filtered?: readonly {
    readonly start: number;
    readonly depth: number;
    readonly direction: Way;
    readonly types: readonly string[];
    readonly answer: Ids | ExpectedError;
  }[];
  readonly k_hop: readonly {
    readonly start: number;
    readonly depth: number;
    readonly direction: Way;
    readonly types?: readonly string[];
    readonly answer: Ids | ExpectedError;
  }[];
  readonly shortest_path: readonly {
    readonly from: number;
    readonly to: number;
    readonly answer: Ids | null | ExpectedError;
  }[];
  readonly shortest_path_filtered?: readonly {
    readonly from: number;
    readonly to: number;
    readonly types: readonly string[];
    readonly answer: Ids | null | ExpectedError;
  }[];
  readonly chain_query: readonly {
    readonly start: number;
    readonly steps: readonly { readonly direction: Way; readonly type: string | null }[];
    readonly answer: Ids;
  }[];
  readonly pattern_search: readonly {
    readonly start: number;
    readonly pattern: {
      readonly root: ExpectedNodePattern | null;
      readonly legs: readonly (ExpectedNodePattern & { readonly direction: Way; readonly type: string | null })[];
    };
    readonly answer: readonly Ids[] | ExpectedError;
  }[];
  readonly query_nodes_by_kind: readonly { readonly kind: string; readonly answer: Ids | ExpectedError }[];
  readonly query_nodes_by_name_pattern: readonly { readonly pattern: string; readonly answer: Ids | ExpectedError }[];
  readonly find_entities_by_kind?: readonly { readonly kind: string; readonly answer: Ids }[];
  readonly find_entity_by_kind_and_name?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly answer: number | null;
  }[];
  readonly entities_by_label: readonly { readonly label: string; readonly answer: Ids | ExpectedError }[];
  readonly entities_by_property: readonly { readonly key: string; readonly value: string }[];
  readonly match_triples: readonly {
    readonly start_label: string | null;
    readonly end_label: string | null;
    readonly type: string;
    readonly answer_start_edge_end: readonly (readonly [number, number, number])[];
  }[];
  readonly kv: {
    readonly kv_get: readonly {
      readonly key_hex: string;
      readonly key_name: string;
      readonly answer: ExpectedValue | ExpectedError | { readonly absent: true };
    }[];
  };
}

/** What a node of a pattern is asked for. */
export interface ExpectedNodePattern {
  readonly kind?: string;
  readonly name_prefix?: string;
}

/** Everything in `NAME.expected.json`. */
export function expectedFile(name: string): Parsed {
  return parseExactly(new TextDecoder().decode(bytesOf(`${name}.expected.json`)));
}

/** The answers about a full database. */
export function expectedAnswers(name: string): ExpectedAnswers {
  return (expectedFile(name) as unknown as { answers: ExpectedAnswers }).answers;
}

/** The right answer where the program's own is wrong: the entry of corrections.json whose `answer` is this. */
export function correction<T>(name: string, answer: string): T {
  const corrections = parseExactly(new TextDecoder().decode(bytesOf("corrections.json"))) as unknown as {
    files: Record<string, { answer: string; right: unknown }[]>;
  };
  const found = corrections.files[`${name}.db`]?.find((entry) => entry.answer === answer);
  if (found === undefined) throw new Error(`corrections.json has no "${answer}" for ${name}`);
  return found.right as T;
}
