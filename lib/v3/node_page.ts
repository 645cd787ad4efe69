/** Pages of nodes in ascending ids that pass a filter, found through the index that fits. */

import type { CheckedNodeFilter } from "../backend/record_input.ts";
import type { NodeShapeWanted, Page } from "../backend/store.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { LinkTree } from "./link_tree.ts";
import { idOfNameKey, MAX_INDEXED_NAME, namePrefix } from "./name_key.ts";
import type { NodeReader } from "./node_record.ts";
import type { ReadParts } from "./read_store.ts";
import { startsWith } from "./read_store.ts";
import { RecordCursor } from "./record_tree.ts";
import { KIND_ROLE, LABEL_ROLE, termOf } from "./state.ts";

/** Matches of a name or name prefix that are collected and sorted; when there are more, all nodes are looked at in order. */
const MAX_COLLECTED = 4096;

const UTF8 = new TextEncoder();

/** A filter with the numbers of its strings. */
interface NodeTest {
  readonly kind: number | undefined;
  readonly label: number | undefined;
  readonly name: string | undefined;
  readonly matches: ((name: string) => boolean) | undefined;
}

/** The page of nodes after an id. */
export function nodePage<T>(
  parts: ReadParts,
  node: NodeReader,
  filter: CheckedNodeFilter,
  wanted: NodeShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  const { strings } = parts;
  const kind = filter.kind === undefined ? undefined : strings.number(filter.kind);
  const label = filter.label === undefined ? undefined : strings.number(filter.label);
  const none: Page<T, number> = { items: [], next: undefined };
  if ((filter.kind !== undefined && kind === undefined) || (filter.label !== undefined && label === undefined)) {
    return none;
  }
  const { glob } = filter;
  const test: NodeTest = {
    kind,
    label,
    name: filter.name,
    matches: glob === undefined ? undefined : (name) => glob.matches(name),
  };
  const found = filter.name !== undefined
    ? idsByName(parts, UTF8.encode(filter.name), true, kind)
    : glob !== undefined && glob.prefix !== ""
    ? idsByName(parts, UTF8.encode(glob.prefix), glob.isLiteral, kind)
    : undefined;
  if (found !== undefined) return pageOfIds<T>(parts, node, found, test, wanted, after, size);
  if (kind !== undefined || label !== undefined) return pageOfTerm<T>(parts, node, test, wanted, after, size);
  return pageOfAll<T>(parts, node, test, wanted, after, size);
}

/** Ids of the nodes whose name is, or begins with, a text, ascending; undefined when there are very many. */
function idsByName(
  parts: ReadParts,
  name: Uint8Array,
  isWhole: boolean,
  kind: number | undefined,
): number[] | undefined {
  // A name that was cut off in the index is found by what is left of it, and tested later.
  const isCut = name.length > MAX_INDEXED_NAME;
  const prefix = isWhole ? namePrefix(name, isCut ? undefined : kind) : name.subarray(0, MAX_INDEXED_NAME);
  const ids: number[] = [];
  const cursor = new ByteCursor(parts.trees.names);
  for (cursor.seek(prefix); cursor.next();) {
    const key = cursor.key();
    if (!startsWith(key, prefix)) break;
    if (ids.length === MAX_COLLECTED) return undefined;
    ids.push(idOfNameKey(key));
  }
  return ids.sort((a, b) => a - b);
}

function pageOfIds<T>(
  parts: ReadParts,
  node: NodeReader,
  ids: readonly number[],
  test: NodeTest,
  wanted: NodeShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  const items: T[] = [];
  const { nodes } = parts.trees;
  let last = 0;
  for (const id of ids) {
    if (id <= after || id === last) continue;
    last = id;
    if (!nodes.find(id)) continue;
    node.open(parts.pages.bytes, nodes.at, nodes.end);
    if (!passes(node, test)) continue;
    items.push(shape<T>(node, id, wanted));
    if (items.length === size) return { items, next: id };
  }
  return { items, next: undefined };
}

function passes(node: NodeReader, { kind, label, name, matches }: NodeTest): boolean {
  if (kind !== undefined && node.kind !== kind) return false;
  if (label !== undefined && node.kind !== label && !node.labels().includes(label)) return false;
  if (name === undefined && matches === undefined) return true;
  const found = node.name();
  return (name === undefined || found === name) && (matches === undefined || matches(found));
}

function shape<T>(node: NodeReader, id: number, wanted: NodeShapeWanted): T {
  if (wanted === "id") return id as T;
  return (wanted === "header" ? node.header(id) : node.record(id)) as T;
}

function pageOfAll<T>(
  parts: ReadParts,
  node: NodeReader,
  test: NodeTest,
  wanted: NodeShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  const items: T[] = [];
  const needsRecord = wanted !== "id" || test.matches !== undefined || test.name !== undefined ||
    test.kind !== undefined || test.label !== undefined;
  const cursor = new RecordCursor(parts.pages, parts.trees.nodes.root);
  for (cursor.seek(after); cursor.next();) {
    if (needsRecord) {
      node.open(cursor.bytes, cursor.at, cursor.end);
      if (!passes(node, test)) continue;
    }
    items.push(shape<T>(node, cursor.id, wanted));
    if (items.length === size) return { items, next: cursor.id };
  }
  return { items, next: undefined };
}

/** Ids of a term, ascending, a batch at a time. */
class TermIds {
  readonly #tree: LinkTree;
  readonly #term: number;
  readonly #batch: number;
  #ids: number[] = [];
  #at = 0;
  #after: number;
  #isEnd = false;

  constructor(tree: LinkTree, term: number, after: number, batch: number) {
    this.#tree = tree;
    this.#term = term;
    this.#after = after;
    this.#batch = batch;
  }

  /** The next id, or Infinity. */
  get head(): number {
    if (this.#at === this.#ids.length && !this.#isEnd) this.#fill();
    return this.#ids[this.#at] ?? Infinity;
  }

  /** Goes behind the next id. */
  skip(): void {
    this.#at++;
  }

  #fill(): void {
    this.#ids = [];
    this.#at = 0;
    const tree = this.#tree;
    tree.seek(this.#term, this.#after + 1, 0);
    while (this.#ids.length < this.#batch && tree.nextRun()) {
      for (let at = tree.start; at < tree.end; at++) this.#ids.push(tree.b(at));
    }
    const last = this.#ids.at(-1);
    if (last === undefined) this.#isEnd = true;
    else this.#after = last;
  }
}

function pageOfTerm<T>(
  parts: ReadParts,
  node: NodeReader,
  test: NodeTest,
  wanted: NodeShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  const { terms, nodes } = parts.trees;
  const { kind, label } = test;
  const batch = Math.min(size, MAX_COLLECTED);
  const byKind = new TermIds(terms, termOf(kind ?? label as number, KIND_ROLE), after, batch);
  // A label is found as a label and as a kind.
  const byLabel = kind === undefined
    ? new TermIds(terms, termOf(label as number, LABEL_ROLE), after, batch)
    : undefined;
  const isTold = test.name === undefined && test.matches === undefined && (kind === undefined || label === undefined);
  const items: T[] = [];
  for (;;) {
    const first = byKind.head;
    const second = byLabel?.head ?? Infinity;
    const id = Math.min(first, second);
    if (id === Infinity) return { items, next: undefined };
    if (first === id) byKind.skip();
    if (second === id) byLabel?.skip();
    if (wanted !== "id" || !isTold) {
      if (!nodes.find(id)) continue;
      node.open(parts.pages.bytes, nodes.at, nodes.end);
      if (!isTold && !passes(node, test)) continue;
    }
    items.push(shape<T>(node, id, wanted));
    if (items.length === size) return { items, next: id };
  }
}

/** Smallest id of a node with this kind and name, or undefined. */
export function findNode(parts: ReadParts, node: NodeReader, kind: string, name: string): number | undefined {
  const filter: CheckedNodeFilter = { kind, name, glob: undefined, label: undefined };
  return nodePage<number>(parts, node, filter, "id", 0, 1).items[0];
}
