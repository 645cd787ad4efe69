/** Check of vector indexes, vectors and link records. */

import { Buffer } from "node:buffer";
import { MAX_VECTOR_DIMENSION } from "../backend/limits.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { Content } from "./check_content.ts";
import { readFloat64 } from "./vector_cursor.ts";
import { decodeNextIndex, decodeVectorIndex } from "./vector_index_record.ts";
import {
  indexOfKey,
  LINK_KEY_SIZE,
  nodeOfKey,
  partOfKey,
  VECTOR_HEAD_SIZE,
  VECTOR_KEY_SIZE,
  vectorBytes,
} from "./vector_key.ts";

/** Which of the trees can be read, besides that of indexes. */
export interface SoundVectors {
  readonly nodes: boolean;
  readonly vectors: boolean;
  readonly vectorLinks: boolean;
}

/** Checks what the readable trees hold. */
export function checkVectors(content: Content, sound: SoundVectors): void {
  const indexes = checkIndexes(content);
  if (sound.vectors) content.pass("vectors", () => new VectorCheck(content, indexes, sound.nodes).run());
  if (sound.vectorLinks) content.pass("links of vectors", () => checkLinks(content, indexes));
}

/** Checks the indexes. Returns them by number. */
function checkIndexes(content: Content): Map<number, StoredVectorIndex> {
  const { trees, findings } = content;
  const indexes = new Map<number, StoredVectorIndex>();
  let next = 0;
  const cursor = new ByteCursor(trees.vectorIndexes);
  for (cursor.seek(NO_KEY); cursor.next();) {
    content.step();
    const key = cursor.key();
    content.attempt("number of the next vector index", () => {
      if (key.length === 0) next = decodeNextIndex(cursor.value());
    });
    if (key.length === 0) continue;
    content.attempt(`vector index ${show(key)}`, () => {
      const index = decodeVectorIndex(key, cursor.value());
      if (indexes.has(index.number) || index.number >= next) {
        findings.error("vector-index-corrupt", "vector indexes with the number of another one", show(key));
      } else indexes.set(index.number, index);
    });
  }
  return indexes;
}

/** Goes through the parts of all vectors. */
class VectorCheck {
  readonly #content: Content;
  readonly #indexes: ReadonlyMap<number, StoredVectorIndex>;
  readonly #areNodesSound: boolean;
  readonly #counts = new Map<number, number>();
  readonly #numbers = new Float32Array(vectorBytes(MAX_VECTOR_DIMENSION) / 4);
  readonly #bytes = new Uint8Array(this.#numbers.buffer);
  /** The vector whose parts come. */
  #index = 0;
  #nodeId = 0;
  #parts = 0;
  #length = 0;
  #isBroken = false;

  constructor(content: Content, indexes: ReadonlyMap<number, StoredVectorIndex>, areNodesSound: boolean) {
    this.#content = content;
    this.#indexes = indexes;
    this.#areNodesSound = areNodesSound;
  }

  run(): void {
    const content = this.#content;
    const cursor = new ByteCursor(content.trees.vectors);
    for (cursor.seek(NO_KEY); cursor.next();) {
      content.step();
      const key = cursor.key();
      if (key.length === VECTOR_KEY_SIZE) this.#part(key, cursor.value());
      else content.findings.error("vector-corrupt", "entries among the vectors that are no vectors", show(key));
    }
    this.#finish();
    for (const { number, definition: { name }, count } of this.#indexes.values()) {
      const where = `vectors in index ${JSON.stringify(name)}`;
      content.expectCount("vector-count", where, count, this.#counts.get(number) ?? 0);
    }
  }

  #part(key: Uint8Array, value: Uint8Array): void {
    const index = indexOfKey(key, 0);
    const nodeId = nodeOfKey(key, 0);
    if (this.#parts === 0 || index !== this.#index || nodeId !== this.#nodeId) {
      this.#finish();
      this.#index = index;
      this.#nodeId = nodeId;
      this.#parts = this.#length = 0;
      this.#isBroken = false;
    }
    if (partOfKey(key, 0) !== this.#parts || this.#length + value.length > this.#bytes.length) this.#isBroken = true;
    else this.#bytes.set(value, this.#length);
    this.#length += value.length;
    this.#parts++;
  }

  /** Checks a vector whose parts are complete. */
  #finish(): void {
    if (this.#parts === 0) return;
    const { findings, trees } = this.#content;
    const number = this.#index;
    const nodeId = this.#nodeId;
    const index = this.#indexes.get(number);
    const place = `node ${nodeId}, index ${index === undefined ? number : JSON.stringify(index.definition.name)}`;
    if (index === undefined) {
      findings.error("vector-index-missing", "vectors of an index that is not there", place);
      return;
    }
    this.#counts.set(number, (this.#counts.get(number) ?? 0) + 1);
    if (this.#isBroken || this.#length !== vectorBytes(index.definition.dimension)) {
      findings.error("vector-corrupt", "vectors that have not as many numbers as their index says", place);
    } else if (!this.#isSound()) {
      findings.error("vector-corrupt", "vectors with a number that is not finite, or of no commit", place);
    }
    if (this.#areNodesSound && !trees.nodes.find(nodeId)) {
      findings.error("vector-node-missing", "vectors of nodes that are not there", place);
    }
  }

  #isSound(): boolean {
    const lsn = readFloat64(this.#bytes, 0);
    if (!Number.isSafeInteger(lsn) || lsn < 0) return false;
    for (let at = VECTOR_HEAD_SIZE / 4; at < this.#length / 4; at++) {
      if (!Number.isFinite(this.#numbers[at])) return false;
    }
    return true;
  }
}

function checkLinks(content: Content, indexes: ReadonlyMap<number, StoredVectorIndex>): void {
  const cursor = new ByteCursor(content.trees.vectorLinks);
  for (cursor.seek(NO_KEY); cursor.next();) {
    content.step();
    const key = cursor.key();
    if (key.length === LINK_KEY_SIZE && indexes.has(indexOfKey(key, 0))) continue;
    // An index in memory is made of the vectors where its links make no sense.
    content.findings.warning("vector-link-excess", "links of vectors of an index that is not there", show(key));
  }
}

const NO_KEY = new Uint8Array(0);

function show(key: Uint8Array): string {
  return `0x${Buffer.from(key.subarray(0, 32)).toString("hex")}${key.length > 32 ? "…" : ""}`;
}
