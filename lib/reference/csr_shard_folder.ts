/** A folder of shard files with its `manifest.json`, read shard by shard. */

import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CorruptionError, NotFoundError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { type CsrShard, readCsrShard } from "./csr_shard.ts";

/** A shard as the manifest has it. */
export interface CsrManifestShard {
  /** Id. */
  readonly shardId: number;
  /** Smallest source that it may have. */
  readonly sourceStart: number;
  /** The sources are smaller than this. */
  readonly sourceEnd: number;
  /** Number of edges. */
  readonly edgeCount: number;
  /** The file's name, inside the folder. */
  readonly fileName: string;
}

/** What the manifest says. */
export interface CsrManifest {
  /** Version of the manifest. */
  readonly version: number;
  /** Edges of all shards. */
  readonly totalEdges: number;
  /** Sources of all shards. */
  readonly totalSources: number;
  /** The shards in the order of the manifest. */
  readonly shards: readonly CsrManifestShard[];
}

/** The file that lists the shards. */
export const CSR_MANIFEST_NAME = "manifest.json";

/**
 * Reads a manifest. Members that are not listed above are ignored.
 *
 * @param text its JSON
 * @throws {CorruptionError} when it is no JSON, a member is missing, or a file name leads out of the folder
 */
export function readCsrManifest(text: string): CsrManifest {
  const manifest = objectOf(parse(text), "the manifest");
  const shards = manifest["shards"];
  if (!Array.isArray(shards)) throw damage("shards is no list");
  return {
    version: countOf(manifest, "version"),
    totalEdges: countOf(manifest, "total_edges"),
    totalSources: countOf(manifest, "total_sources"),
    shards: shards.map((shard, index) => shardOf(objectOf(shard, `shard ${index}`))),
  };
}

/**
 * The shards of a folder one after the other, each checked against the manifest.
 *
 * @throws {NotFoundError} when the manifest or a shard file is missing
 * @throws {CorruptionError} when a file is damaged, or its id, range or number of edges is not the manifest's
 */
export function* readCsrFolder(folder: string): Generator<CsrShard, undefined, undefined> {
  const manifest = readCsrManifest(new TextDecoder().decode(readWhole(join(folder, CSR_MANIFEST_NAME))));
  for (const expected of manifest.shards) {
    const path = join(folder, expected.fileName);
    const shard = readCsrShard(readWhole(path), path);
    checkShard(shard, expected, path);
    yield shard;
  }
}

function checkShard(shard: CsrShard, expected: CsrManifestShard, path: string): void {
  const pairs: readonly (readonly [what: string, found: number | undefined, expected: number])[] = [
    ["id", shard.shardId, expected.shardId],
    ["first source", shard.sourceStart, expected.sourceStart],
    ["end of sources", shard.sourceEnd, expected.sourceEnd],
    ["number of edges", shard.sources.length, expected.edgeCount],
  ];
  for (const [what, found, wanted] of pairs) {
    if (found !== wanted) throw damage(`${path} has ${found} as ${what}, the manifest has ${wanted}`);
  }
}

function shardOf(shard: Readonly<Record<string, unknown>>): CsrManifestShard {
  const fileName = shard["file_name"];
  if (typeof fileName !== "string" || fileName === "" || fileName === ".." || basename(fileName) !== fileName) {
    throw damage(`the file name ${JSON.stringify(fileName)} is not one of a file in the folder`);
  }
  return {
    shardId: countOf(shard, "shard_id"),
    sourceStart: countOf(shard, "source_start"),
    sourceEnd: countOf(shard, "source_end"),
    edgeCount: countOf(shard, "edge_count"),
    fileName,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptionError("the manifest of the shards is no JSON", { code: "reference-csr-manifest", cause });
  }
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw damage(`${what} is no object`);
}

function countOf(members: Readonly<Record<string, unknown>>, name: string): number {
  const value = members[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw damage(`${name} is ${JSON.stringify(value)} instead of a count`);
}

function readWhole(path: string): Uint8Array {
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return readFileSync(path);
  } catch (error) {
    throw fileError("read", path, error);
  }
  throw new NotFoundError(`there is no file ${path}`, { code: "file-not-found", field: "path", value: path });
}

function damage(problem: string): CorruptionError {
  return new CorruptionError(`the manifest of the shards does not fit: ${problem}`, { code: "reference-csr-manifest" });
}
