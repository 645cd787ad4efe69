/** Bringing an engine from a copy of one state to a copy of another one, by what differs between the two. */

import { byteDifferences } from "./byte_entries.ts";
import { ByteTree } from "./byte_tree.ts";
import type { ByteTreeWriter } from "./byte_writer.ts";
import { diffStates } from "./diff.ts";
import { EdgeReader } from "./edge_record.ts";
import type { Engine } from "./engine.ts";
import { NODE_FLAG, NodeReader } from "./node_record.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { RecordCursor, RecordTree } from "./record_tree.ts";
import { type GraphState, TREE } from "./state.ts";
import type { StringTable } from "./string_table.ts";
import { varintLength } from "./varint.ts";

const UTF8 = new TextEncoder();

/** Bytes of a pointer to a chain, which stands behind the chain's length at the end of a record. */
const CHAIN_POINTER_SIZE = 8;

/**
 * Changes an engine that holds a copy of `from` into one that holds a copy of `to`, within a transaction of it.
 *
 * @param pages pages of the two states
 * @param strings their kinds, types and labels
 * @param onChanged called for every difference
 */
export function applyDifference(
  pages: Pages,
  strings: StringTable,
  from: GraphState,
  to: GraphState,
  target: Engine,
  onChanged: () => void,
): void {
  const { writer } = target;
  copyStrings(pages, strings, from, to, target);
  const root = (tree: number): TreeRoot => to.roots[tree] as TreeRoot;
  const nodes = new NodeCopier(pages, strings, root(TREE.nodes), target);
  const edges = new EdgeCopier(pages, strings, root(TREE.edges), target);
  const values = new ByteTree(pages, root(TREE.keyValues));
  // At time 0 no key has expired: what is stored is compared, not what is shown.
  for (const difference of diffStates(pages, { ...from, timeMs: 0 }, { ...to, timeMs: 0 })) {
    if (difference.type === "kv") {
      const key = typeof difference.key === "string" ? UTF8.encode(difference.key) : difference.key;
      const value = values.get(key);
      if (value === undefined) writer.replayDeletedValue(key);
      else writer.replayValue(key, value);
    } else if (difference.type === "node") nodes.apply(difference.id);
    else if (difference.type === "edge") edges.apply(difference.id);
    else break;
    onChanged();
  }
  // Nodes that were deleted have taken their vectors with them; what the trees then hold is the same, byte for byte.
  writer.flush();
  for (const name of VECTOR_TREES) {
    copyEntries(pages, from.roots[TREE[name]], to.roots[TREE[name]], target.trees[name], onChanged);
  }
  writer.nextString = to.nextString;
}

const VECTOR_TREES = ["vectorIndexes", "vectors", "vectorLinks"] as const;

/** Brings a copy of one tree to a copy of another one. */
function copyEntries(
  pages: Pages,
  from: TreeRoot | undefined,
  to: TreeRoot | undefined,
  target: ByteTreeWriter,
  onChanged: () => void,
): void {
  const source = new ByteTree(pages, to as TreeRoot);
  for (const { key } of byteDifferences(pages, from as TreeRoot, to as TreeRoot)) {
    const value = source.get(key);
    if (value === undefined) target.delete(key);
    else target.put(key, value);
    onChanged();
  }
}

/** Strings are only ever added. */
function copyStrings(pages: Pages, strings: StringTable, from: GraphState, to: GraphState, target: Engine): void {
  const cursor = new RecordCursor(pages, to.roots[TREE.strings] as TreeRoot);
  for (cursor.seek(from.nextString - 1); cursor.next();) target.writer.putString(cursor.id, strings.text(cursor.id));
}

/** Makes nodes of the target those of a state. */
class NodeCopier {
  readonly #tree: RecordTree;
  readonly #pages: Pages;
  readonly #node: NodeReader;
  readonly #target: Engine;

  constructor(pages: Pages, strings: StringTable, root: TreeRoot, target: Engine) {
    this.#tree = new RecordTree(pages, root);
    this.#pages = pages;
    this.#node = new NodeReader(pages, strings);
    this.#target = target;
  }

  apply(id: number): void {
    const { writer, trees } = this.#target;
    if (!this.#tree.find(id)) {
      // Its edges go with it, and are gone when their own turn comes.
      writer.deleteNode(id, () => {});
      return;
    }
    const record = this.#plainRecord();
    if (trees.nodes.find(id)) writer.replayNodeUpdate(id, record, 0, record.length);
    else writer.replayNode(id, record, 0, record.length);
  }

  /** The record that was found, without overflow: a copy. */
  #plainRecord(): Uint8Array {
    const node = this.#node;
    const { bytes } = this.#pages;
    const { at, end } = this.#tree;
    const flags = bytes[at] as number;
    node.open(bytes, at, end);
    if ((flags & NODE_FLAG.overflow) !== 0) return node.bytes;
    if ((flags & NODE_FLAG.dataOverflow) === 0) return bytes.slice(at, end);
    const head = bytes.slice(at, end);
    const data = node.dataBytes();
    const headSize = head.length - varintLength(data.length) - CHAIN_POINTER_SIZE;
    const record = new Uint8Array(headSize + data.length);
    record.set(head.subarray(0, headSize));
    record[0] = flags & ~NODE_FLAG.dataOverflow;
    record.set(data, headSize);
    return record;
  }
}

/** Makes edges of the target those of a state. */
class EdgeCopier {
  readonly #tree: RecordTree;
  readonly #pages: Pages;
  readonly #edge: EdgeReader;
  readonly #old: EdgeReader;
  readonly #target: Engine;

  constructor(pages: Pages, strings: StringTable, root: TreeRoot, target: Engine) {
    this.#tree = new RecordTree(pages, root);
    this.#pages = pages;
    this.#edge = new EdgeReader(pages, strings);
    this.#old = new EdgeReader(target.pager, target.strings);
    this.#target = target;
  }

  apply(id: number): void {
    const { writer, trees, pager } = this.#target;
    const isOld = trees.edges.find(id);
    if (isOld) this.#old.open(pager.bytes, trees.edges.at, trees.edges.end);
    if (!this.#tree.find(id)) {
      if (isOld) writer.deleteEdge(id);
      return;
    }
    this.#edge.open(this.#pages.bytes, this.#tree.at, this.#tree.end);
    const { from, to, type } = this.#edge;
    const data = this.#edge.dataBytes();
    if (isOld && this.#old.from === from && this.#old.to === to) {
      writer.replayEdgeUpdate(id, type, data, 0, data.length);
      return;
    }
    // An import that replaced everything may have given the id to another edge.
    if (isOld) writer.deleteEdge(id);
    writer.replayEdge(id, from, to, type, data, 0, data.length);
  }
}
