/** What differs between two states of a graph, record by record. */

import type { Difference, LongCallOptions } from "../../backend/care.ts";
import type { GraphReader } from "../../backend/graph_reader.ts";
import { equalJson } from "../../backend/json.ts";
import type { AnySchema, EdgeId, EdgeRecord, NodeId, NodeRecord, Schema } from "../../backend/schema.ts";
import { checkObject } from "../../backend/validate.ts";
import { callHere } from "../../task/direct_call.ts";
import type { TaskContext } from "../define.ts";
import { invalid } from "../params.ts";

/** How to compare. */
export interface DiffGraphsOptions extends LongCallOptions {
  /**
   * Records that may differ, as `db.diff(fromLsn, toLsn)` of a V3 database gives them: then only these are read. They must be those
   * between the two states. Default: all records of both.
   */
  readonly differences?: Iterable<Difference> | undefined;
}

/** A node that is in both states. */
export interface ChangedNode {
  /** Its id. */
  readonly id: NodeId;
  /** What differs. */
  readonly fields: readonly ("kind" | "name" | "filePath" | "labels" | "data")[];
}

/** An edge that is in both states. */
export interface ChangedEdge {
  /** Its id. */
  readonly id: EdgeId;
  /** What differs. */
  readonly fields: readonly ("type" | "data")[];
}

/** What differs; all of it in ascending ids. */
export interface GraphDiff {
  /** Whether nothing differs. */
  readonly isEqual: boolean;
  /** Nodes of the second state only. */
  readonly addedNodes: readonly NodeId[];
  /** Nodes of the first state only. */
  readonly removedNodes: readonly NodeId[];
  /** Nodes of both that differ. */
  readonly changedNodes: readonly ChangedNode[];
  /** Edges of the second state only. */
  readonly addedEdges: readonly EdgeId[];
  /** Edges of the first state only. */
  readonly removedEdges: readonly EdgeId[];
  /** Edges of both that differ. */
  readonly changedEdges: readonly ChangedEdge[];
}

/**
 * Compares two states of a graph, or two graphs with the same ids: snapshots, transactions or databases. Key-values do not count.
 *
 * Progress counts records. O(n + m) with all their data, or O(d log n) for d `differences`.
 *
 * @throws {InvalidArgumentError} for bad options
 *
 * @example
 * ```ts ignore
 * using before = db.snapshot({ tag: "release" });
 * using after = db.snapshot();
 * const { addedNodes, changedNodes } = diffGraphs(before, after, { differences: db.diff(before.lsn, after.lsn) });
 * ```
 */
export function diffGraphs<S extends Schema = AnySchema>(
  before: GraphReader<S>,
  after: GraphReader<S>,
  options: DiffGraphsOptions = {},
): GraphDiff {
  // Records are compared member by member: a schema makes no difference.
  return compare(before as unknown as GraphReader, after as unknown as GraphReader, options);
}

function compare(before: GraphReader, after: GraphReader, options: DiffGraphsOptions): GraphDiff {
  const { signal, onProgress, differences, ...unknown } = checkObject(options, CALL, "options") as DiffGraphsOptions;
  for (const [field, value] of Object.entries(unknown)) {
    throw invalid(CALL, field, value, "is no option; there are differences, signal, onProgress");
  }
  return callHere(CALL, { signal, onProgress }, (context) => {
    const chosen = differences === undefined ? undefined : chosenIds(differences);
    const ids = (some: ReadonlySet<number>): number[] => [...some].sort((a, b) => a - b);
    const nodes = chosen === undefined ? merge(before.nodes(), after.nodes(), changedNode, context) : merge(
      records(ids(chosen.nodes), (id) => before.getNode(id)),
      records(ids(chosen.nodes), (id) => after.getNode(id)),
      changedNode,
      context,
    );
    const edges = chosen === undefined ? merge(before.edges(), after.edges(), changedEdge, context) : merge(
      records(ids(chosen.edges), (id) => before.getEdge(id)),
      records(ids(chosen.edges), (id) => after.getEdge(id)),
      changedEdge,
      context,
    );
    return {
      isEqual: nodes.isEqual && edges.isEqual,
      addedNodes: nodes.added,
      removedNodes: nodes.removed,
      changedNodes: nodes.changed,
      addedEdges: edges.added,
      removedEdges: edges.removed,
      changedEdges: edges.changed,
    };
  });
}

const CALL = "diffGraphs";
/** Records that are compared between two looks whether it is to end. */
const CHECK_EVERY = 1_024;

function chosenIds(differences: Iterable<Difference>): { readonly nodes: Set<number>; readonly edges: Set<number> } {
  const [nodes, edges] = [new Set<number>(), new Set<number>()];
  for (const difference of differences) {
    if (difference.type === "node") nodes.add(difference.id);
    if (difference.type === "edge") edges.add(difference.id);
  }
  return { nodes, edges };
}

function* records<R>(ids: readonly number[], get: (id: number) => R | undefined): IterableIterator<R> {
  for (const id of ids) {
    const record = get(id);
    if (record !== undefined) yield record;
  }
}

interface Merged<F> {
  readonly isEqual: boolean;
  readonly added: number[];
  readonly removed: number[];
  readonly changed: { readonly id: number; readonly fields: readonly F[] }[];
}

/** Compares records that come in ascending ids. */
function merge<R extends { readonly id: number }, F>(
  before: IterableIterator<R>,
  after: IterableIterator<R>,
  differing: (before: R, after: R) => F[],
  context: TaskContext,
): Merged<F> {
  const [added, removed]: [number[], number[]] = [[], []];
  const changed: { id: number; fields: F[] }[] = [];
  let one = before.next();
  let other = after.next();
  let read = 0;
  while (one.done !== true || other.done !== true) {
    if (read % CHECK_EVERY === 0) context.throwIfAborted();
    read++;
    const id = one.done === true ? Infinity : one.value.id;
    const otherId = other.done === true ? Infinity : other.value.id;
    if (id < otherId) removed.push(id);
    if (otherId < id) added.push(otherId);
    if (one.done !== true && other.done !== true && id === otherId) {
      const fields = differing(one.value, other.value);
      if (fields.length > 0) changed.push({ id, fields });
    }
    if (id <= otherId) one = before.next();
    if (otherId <= id) other = after.next();
    context.progress(1);
  }
  return { isEqual: added.length + removed.length + changed.length === 0, added, removed, changed };
}

function changedNode(before: NodeRecord, after: NodeRecord): ChangedNode["fields"][number][] {
  const fields: ChangedNode["fields"][number][] = [];
  if (before.kind !== after.kind) fields.push("kind");
  if (before.name !== after.name) fields.push("name");
  if (before.filePath !== after.filePath) fields.push("filePath");
  if (!equalJson(before.labels ?? [], after.labels ?? [])) fields.push("labels");
  if (!equalJson(before.data, after.data)) fields.push("data");
  return fields;
}

function changedEdge(before: EdgeRecord, after: EdgeRecord): ChangedEdge["fields"][number][] {
  const fields: ChangedEdge["fields"][number][] = [];
  if (before.type !== after.type) fields.push("type");
  if (!equalJson(before.data, after.data)) fields.push("data");
  return fields;
}
