/**
 * The catalog: a byte tree from the name of a tree to its root (kind u8, level u8, page u32, birth u32), and under `state` what
 * else belongs to the commit (f64 each: LSN, time, nodes, edges, keys, next string number). A new index is a new name: where a
 * catalog lacks one that came later, that tree is empty.
 */

import { CorruptionError } from "../backend/errors.ts";
import { ByteTree } from "./byte_tree.ts";
import { ByteTreeWriter } from "./byte_writer.ts";
import { EMPTY_ROOT, type MutablePages, type Pages, type TreeRoot } from "./pages.ts";
import { FIRST_LATER_TREE, type GraphState, TREE_KINDS, TREE_NAMES } from "./state.ts";

/** Bytes of an entry that names a root. */
export const CATALOG_ROOT = { kind: 0, level: 1, pageId: 2, birth: 6, size: 10 } as const;

/** Bytes of the entry `state`. */
export const CATALOG_STATE = {
  lsn: 0,
  timeMs: 8,
  nodeCount: 16,
  edgeCount: 24,
  keyCount: 32,
  nextString: 40,
  size: 48,
} as const;

/** Numbers of the kinds of trees. */
export const TREE_KIND_CODES: Readonly<Record<"record" | "link" | "byte", number>> = { record: 1, link: 2, byte: 3 };

const UTF8 = new TextEncoder();
const STATE_KEY: Uint8Array = UTF8.encode("state");
const TREE_KEYS: readonly Uint8Array[] = TREE_NAMES.map((name) => UTF8.encode(`tree/${name}`));

function encodeRoot({ pageId, birth, level }: TreeRoot, kind: "record" | "link" | "byte"): Uint8Array {
  const bytes = new Uint8Array(CATALOG_ROOT.size);
  const view = new DataView(bytes.buffer);
  bytes[CATALOG_ROOT.kind] = TREE_KIND_CODES[kind];
  bytes[CATALOG_ROOT.level] = level;
  view.setUint32(CATALOG_ROOT.pageId, pageId, true);
  view.setUint32(CATALOG_ROOT.birth, birth, true);
  return bytes;
}

/** The state with a catalog that holds its roots. Pages are made and freed in the running transaction. */
export function writeCatalog(pages: MutablePages, state: GraphState): GraphState {
  if (state.catalogLsn === state.lsn && state.catalog.pageId !== 0) return state;
  const tree = new ByteTreeWriter(pages, state.catalog);
  state.roots.forEach((root, index) => {
    const key = TREE_KEYS[index] as Uint8Array;
    const value = encodeRoot(root, TREE_KINDS[index] as "record" | "link" | "byte");
    const old = tree.get(key);
    if (old === undefined && root.pageId === 0 && index >= FIRST_LATER_TREE) return;
    if (old === undefined || value.some((byte, at) => byte !== old[at])) tree.put(key, value);
  });
  const bytes = new Uint8Array(CATALOG_STATE.size);
  const view = new DataView(bytes.buffer);
  view.setFloat64(CATALOG_STATE.lsn, state.lsn, true);
  view.setFloat64(CATALOG_STATE.timeMs, state.timeMs, true);
  view.setFloat64(CATALOG_STATE.nodeCount, state.nodeCount, true);
  view.setFloat64(CATALOG_STATE.edgeCount, state.edgeCount, true);
  view.setFloat64(CATALOG_STATE.keyCount, state.keyCount, true);
  view.setFloat64(CATALOG_STATE.nextString, state.nextString, true);
  tree.put(STATE_KEY, bytes);
  return { ...state, catalog: tree.root, catalogLsn: state.lsn };
}

/**
 * The state that a catalog describes.
 *
 * @throws {CorruptionError} when it lacks an entry or one has another form
 */
export function readCatalog(pages: Pages, catalog: TreeRoot): GraphState {
  const tree = new ByteTree(pages, catalog);
  const bytes = tree.get(STATE_KEY);
  if (bytes?.length !== CATALOG_STATE.size) throw damaged("state", catalog);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lsn = view.getFloat64(CATALOG_STATE.lsn, true);
  return {
    lsn,
    timeMs: view.getFloat64(CATALOG_STATE.timeMs, true),
    nodeCount: view.getFloat64(CATALOG_STATE.nodeCount, true),
    edgeCount: view.getFloat64(CATALOG_STATE.edgeCount, true),
    keyCount: view.getFloat64(CATALOG_STATE.keyCount, true),
    nextString: view.getFloat64(CATALOG_STATE.nextString, true),
    roots: TREE_KEYS.map((key, index) => {
      const entry = tree.get(key);
      const kind = TREE_KINDS[index] as "record" | "link" | "byte";
      if (entry === undefined && index >= FIRST_LATER_TREE) return EMPTY_ROOT;
      if (entry?.length !== CATALOG_ROOT.size || entry[CATALOG_ROOT.kind] !== TREE_KIND_CODES[kind]) {
        throw damaged(TREE_NAMES[index] as string, catalog);
      }
      const entryView = new DataView(entry.buffer, entry.byteOffset, entry.length);
      return {
        pageId: entryView.getUint32(CATALOG_ROOT.pageId, true),
        birth: entryView.getUint32(CATALOG_ROOT.birth, true),
        level: entry[CATALOG_ROOT.level] as number,
      };
    }),
    catalog,
    catalogLsn: lsn,
  };
}

function damaged(name: string, catalog: TreeRoot): CorruptionError {
  return new CorruptionError(
    `the catalog at page ${catalog.pageId} is damaged: its entry ${name} is missing or wrong`,
    {
      code: "catalog-corrupt",
      value: catalog.pageId,
    },
  );
}
