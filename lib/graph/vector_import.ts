/** Vectors of a file into an index: transactions of some thousand rows, in constant memory. */

import type { Progress } from "../backend/care.ts";
import { GraphError, InvalidArgumentError, NotFoundError } from "../backend/errors.ts";
import type { GraphBackend, GraphTransaction } from "../backend/graph_backend.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import type { NodeId } from "../backend/schema.ts";
import type { VectorIndexInfo } from "../backend/vector.ts";
import { checkVector } from "../backend/vector_input.ts";
import type { SkippedRow } from "./ingest.ts";
import { UnreadableRow } from "./row_source.ts";
import type { VectorOwner, VectorRow, VectorSource } from "./vector_source.ts";

/** Most rows of a transaction, and most bytes of their vectors. */
const BATCH_ROWS = 4096;
const BATCH_BYTES = 4 * 1024 * 1024;

/** How far an import of vectors has come: `done` of `total` bytes. */
export interface VectorImportProgress extends Progress {
  /** Rows read. */
  readonly rows: number;
}

/** How to import vectors. */
export interface VectorImportOptions {
  /** Makes nodes that are missing, of the kind and name of the row. */
  readonly isCreating?: boolean | undefined;
  /** Checks all rows and writes nothing: the database may be open for reading only. */
  readonly isDryRun?: boolean | undefined;
  /** Called for every bad row, which is then left out. Without it a bad row ends the import. */
  readonly onSkip?: ((row: SkippedRow, reason: GraphError) => void) | undefined;
  /** Called after every transaction. */
  readonly onProgress?: ((progress: VectorImportProgress) => void) | undefined;
}

/** What an import of vectors wrote. */
export interface VectorImportResult {
  /** Vectors set. */
  readonly vectors: number;
  /** Nodes made. */
  readonly created: number;
  /** Rows left out. */
  readonly skipped: number;
}

/**
 * Gives nodes the vectors of a file. A node's vector that is there already is replaced, so an import that was broken off can
 * be repeated.
 *
 * Nodes are found as they were before the transaction, besides those that it made by kind and name.
 *
 * @throws {InvalidArgumentError} for a bad row, with its place in the file; the transactions before it stay
 * @throws {NotFoundError} for a row whose node does not exist
 */
export function importVectors(
  db: GraphBackend,
  index: VectorIndexInfo,
  source: VectorSource,
  options: VectorImportOptions = {},
): VectorImportResult {
  const run = new VectorImport(index, options);
  for (const batch of batches(source, Math.max(1, Math.min(BATCH_ROWS, BATCH_BYTES / (4 * index.dimension))))) {
    if (options.isDryRun === true) run.check(db, batch);
    else db.transaction((tx) => run.write(tx, batch));
    run.commit();
    options.onProgress?.({ phase: "import", done: source.bytesRead, total: source.sizeBytes, rows: run.rows });
  }
  return run.result;
}

/** A node that a row names and that does not exist yet. */
interface MissingNode {
  readonly kind: string;
  readonly name: string;
}

interface PlacedRow {
  readonly row: VectorRow | UnreadableRow;
  readonly number: number;
  readonly file: string;
  readonly unit: "line" | "row";
  readonly place: number;
}

/** Read before they are written: what reads ids of nodes may not do so within the transaction. */
function* batches(source: VectorSource, size: number): Generator<PlacedRow[], void, undefined> {
  let batch: PlacedRow[] = [];
  let number = 0;
  for (const row of source) {
    const { unit, number: place } = source.place;
    batch.push({ row, number: ++number, file: source.file, unit, place });
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

class VectorImport {
  readonly #index: VectorIndexInfo;
  readonly #options: VectorImportOptions;
  /** Nodes that would have been made, when nothing is written. */
  readonly #unmade = new Set<string>();
  /** What stays whatever comes, and what the running transaction adds to it. */
  #done: VectorImportResult = { vectors: 0, created: 0, skipped: 0 };
  #vectors = 0;
  #created = 0;
  #skipped = 0;

  constructor(index: VectorIndexInfo, options: VectorImportOptions) {
    this.#index = index;
    this.#options = options;
  }

  get result(): VectorImportResult {
    return this.#done;
  }

  get rows(): number {
    return this.#done.vectors + this.#done.skipped;
  }

  write(tx: GraphTransaction, batch: readonly PlacedRow[]): void {
    // All nodes are looked for before anything is written: a look between two writes makes V3 bring its indexes up to date.
    const owners = batch.map(({ row }) => this.#lookUp(tx, row));
    const made = new Map<string, NodeId>();
    this.#each(batch, ({ vector }, at) => {
      const owner = owners[at] as NodeId | MissingNode | GraphError;
      if (owner instanceof GraphError) throw owner;
      // Checked before a node is made for it.
      const checked = checkVector(vector, this.#index, "import", "vector");
      tx.setVector(this.#index.name, typeof owner === "number" ? owner : this.#make(tx, owner, made), checked);
    });
  }

  check(graph: GraphReader, batch: readonly PlacedRow[]): void {
    this.#each(batch, (row) => {
      const owner = this.#lookUp(graph, row);
      if (owner instanceof GraphError) throw owner;
      checkVector(row.vector, this.#index, "import", "vector");
      if (typeof owner === "number") return;
      const before = this.#unmade.size;
      this.#unmade.add(keyOf(owner));
      this.#created += this.#unmade.size - before;
    });
  }

  commit(): void {
    const { vectors, created, skipped } = this.#done;
    this.#done = {
      vectors: vectors + this.#vectors,
      created: created + this.#created,
      skipped: skipped + this.#skipped,
    };
    this.#vectors = this.#created = this.#skipped = 0;
  }

  #each(batch: readonly PlacedRow[], take: (row: VectorRow, at: number) => void): void {
    for (const [at, placed] of batch.entries()) {
      const { row } = placed;
      try {
        if (row instanceof UnreadableRow) throw row.reason;
        take(row, at);
        this.#vectors++;
      } catch (error) {
        if (!isRowError(error)) throw error;
        if (this.#options.onSkip === undefined) throw this.#placed(error, placed);
        this.#skipped++;
        const value = row instanceof UnreadableRow ? row.text : row;
        const { number, file, unit, place } = placed;
        this.#options.onSkip({ row: number, file, ...(unit === "line" ? { line: place } : undefined), value }, error);
      }
    }
  }

  #make(tx: GraphTransaction, node: MissingNode, made: Map<string, NodeId>): NodeId {
    const key = keyOf(node);
    const before = made.get(key);
    if (before !== undefined) return before;
    const nodeId = tx.insertNode(node);
    this.#created++;
    made.set(key, nodeId);
    return nodeId;
  }

  /** The node of a row, what it is to be, or what is wrong with the row. */
  #lookUp(graph: GraphReader, row: VectorRow | UnreadableRow): NodeId | MissingNode | GraphError {
    if (row instanceof UnreadableRow) return row.reason;
    try {
      return this.#find(graph, row.owner);
    } catch (error) {
      if (isRowError(error)) return error;
      throw error;
    }
  }

  #find(graph: GraphReader, owner: VectorOwner): NodeId | MissingNode {
    if ("nodeId" in owner) {
      if (graph.hasNode(owner.nodeId)) return owner.nodeId;
      throw missing(`there is no node ${owner.nodeId}`, "nodeId", owner.nodeId);
    }
    const { kind, name } = owner;
    const [nodeId, another] = graph.nodeIds({ kind, name, limit: 2 });
    const shown = `${kind === undefined ? "" : `${kind} `}${JSON.stringify(name)}`;
    if (another !== undefined) {
      throw new InvalidArgumentError(
        `several nodes are called ${shown}; give ${kind === undefined ? "kind" : "nodeId"}`,
        {
          code: "ambiguous-node",
          field: "name",
          value: name,
        },
      );
    }
    if (nodeId !== undefined) return nodeId;
    if (this.#options.isCreating !== true) throw missing(`there is no node ${shown}`, "name", name);
    if (kind !== undefined) return { kind, name };
    throw new InvalidArgumentError(`there is no node ${shown}, and no kind to make it; give kind`, {
      code: "invalid-row",
      field: "kind",
    });
  }

  #placed(error: InvalidArgumentError | NotFoundError, { file, unit, place }: PlacedRow): GraphError {
    const { code, field, value, message } = error;
    const { vectors } = this.#done;
    const behind = vectors === 0 ? "" : ` (${vectors} vectors of earlier rows are written)`;
    const ErrorClass = error instanceof NotFoundError ? NotFoundError : InvalidArgumentError;
    return new ErrorClass(`${file} ${unit} ${place}: ${message}${this.#options.isDryRun === true ? "" : behind}`, {
      code,
      cause: error,
      ...(field === undefined ? undefined : { field }),
      ...(value === undefined ? undefined : { value }),
    });
  }
}

function keyOf({ kind, name }: MissingNode): string {
  return JSON.stringify([kind, name]);
}

function isRowError(error: unknown): error is InvalidArgumentError | NotFoundError {
  return error instanceof InvalidArgumentError || error instanceof NotFoundError;
}

function missing(problem: string, field: string, value: unknown): NotFoundError {
  return new NotFoundError(problem, { code: "node-not-found", field, value });
}
