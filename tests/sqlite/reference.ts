/** What the tests on reference databases share: opening a copy, and the records that the contract must give for it. */

import { assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { EdgeRecord, NodeRecord } from "../../lib/backend/schema.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { openRaw, type RawRow } from "../support/raw_sqlite.ts";
import {
  copyReference,
  type ExpectedAnswers,
  type ExpectedEdge,
  type ExpectedError,
  type ExpectedNode,
  type ExpectedValue,
  type Parsed,
  READ_MS,
} from "../support/reference_fixture.ts";
import { RUNTIME } from "../support/test.ts";
import type { TempDir } from "../support/temp_dir.ts";

/** The adapters that exist on this runtime. */
export const DRIVERS: readonly ("bun" | "node")[] = RUNTIME === "bun" ? ["bun", "node"] : ["node"];

/** What `SqliteBackend.open` takes. */
export type OpenOptions = NonNullable<Parameters<typeof SqliteBackend.open>[1]>;

/** Opens a database file at the time when the tests read the reference databases. */
export function openAt(path: string, options: OpenOptions = {}): GraphBackend {
  return SqliteBackend.open(path, { clock: () => READ_MS, ...options });
}

/** Opens a copy of a reference database. */
export function openReference(name: string, folder: TempDir, options: OpenOptions = {}): GraphBackend {
  return openAt(copyReference(name, folder), options);
}

/** SHA-256 of a file, in hexadecimal digits. */
export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Names in a folder, sorted. */
export function listing(folder: string): string[] {
  return readdirSync(folder).sort();
}

const UTF8 = new TextEncoder();

/** Order of two texts by the bytes of their UTF-8. */
export function byBytes(a: string, b: string): number {
  const [left, right] = [UTF8.encode(a), UTF8.encode(b)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at] as number) - (right[at] ?? -1);
}

/** Bytes of hexadecimal digits. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Hexadecimal digits of bytes, or of the UTF-8 of a text. */
export function toHex(bytes: Uint8Array | string): string {
  return Array.from(
    typeof bytes === "string" ? UTF8.encode(bytes) : bytes,
    (byte) => byte.toString(16).padStart(2, "0"),
  )
    .join("");
}

/** Whether the reference refused the call. */
export function isError(answer: unknown): answer is ExpectedError {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

/** Whether the reference found nothing. */
export function isAbsent(answer: unknown): answer is { readonly absent: true } {
  return typeof answer === "object" && answer !== null && "absent" in answer;
}

/** Throws unless the call throws `NotFoundError`. */
export function assertNotFound(call: () => unknown, about?: string): void {
  assertThrows(call, NotFoundError, "", about);
}

/**
 * The labels that a node must list, from the rows of an unopened database: each once, in byte order, without its kind and
 * without the kind that it had before an update (node 12 was a `File`).
 */
export function expectedLabels(rows: readonly RawRow[], node: ExpectedNode): string[] {
  const labels = new Set(
    rows.filter((row) => row["entity_id"] === BigInt(node.id)).map((row) => row["label"] as string),
  );
  labels.delete(node.kind);
  if (node.id === 12 && node.kind === "Updated") labels.delete("File");
  return [...labels].sort(byBytes);
}

/** A node as the contract must give it. */
export function expectedNode(node: ExpectedNode, labels: readonly string[]): NodeRecord<string, Parsed> {
  return {
    id: node.id,
    kind: node.kind,
    name: node.name,
    ...(node.file_path === null ? {} : { filePath: node.file_path }),
    ...(labels.length === 0 ? {} : { labels }),
    data: node.data,
  };
}

/** An edge as the contract must give it. */
export function expectedEdge(edge: ExpectedEdge): EdgeRecord<string, Parsed> {
  return { id: edge.id, from: edge.from_id, to: edge.to_id, type: edge.edge_type, data: edge.data };
}

/** Every node of a reference database as the contract must give it. Reads the labels from an unopened copy. */
export function expectedNodes(name: string, answers: ExpectedAnswers, folder: TempDir): NodeRecord<string, Parsed>[] {
  using raw = openRaw(copyReference(name, folder, `${name}.untouched.db`));
  const labels = raw.table("graph_labels");
  return answers.nodes.map((node) => expectedNode(node, expectedLabels(labels, node)));
}

/** A value as the contract must give it. */
export function expectedValue(value: ExpectedValue): unknown {
  switch (value.type) {
    case "null":
      return null;
    case "bytes":
      return fromHex(value.hex);
    case "integer":
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : BigInt(value.value);
    case "float":
      return typeof value.value === "number" ? value.value : NaN;
    default:
      return value.value;
  }
}
