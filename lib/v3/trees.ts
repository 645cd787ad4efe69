/** The trees of one state of a graph, to read. */

import { ByteTree } from "./byte_tree.ts";
import { LinkTree } from "./link_tree.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { RecordTree } from "./record_tree.ts";
import { TREE } from "./state.ts";

/** Trees to read. */
export interface ReadTrees {
  readonly nodes: RecordTree;
  readonly edges: RecordTree;
  readonly outgoing: LinkTree;
  readonly incoming: LinkTree;
  readonly terms: LinkTree;
  readonly names: ByteTree;
  readonly strings: RecordTree;
  readonly texts: ByteTree;
  readonly keyValues: ByteTree;
  readonly expiries: ByteTree;
  readonly vectorIndexes: ByteTree;
  readonly vectors: ByteTree;
  readonly vectorLinks: ByteTree;
}

/** The trees that a state's roots name. */
export function readTrees(pages: Pages, roots: readonly TreeRoot[]): ReadTrees {
  const root = (tree: number): TreeRoot => roots[tree] as TreeRoot;
  return {
    nodes: new RecordTree(pages, root(TREE.nodes)),
    edges: new RecordTree(pages, root(TREE.edges)),
    outgoing: new LinkTree(pages, root(TREE.outgoing)),
    incoming: new LinkTree(pages, root(TREE.incoming)),
    terms: new LinkTree(pages, root(TREE.terms)),
    names: new ByteTree(pages, root(TREE.names)),
    strings: new RecordTree(pages, root(TREE.strings)),
    texts: new ByteTree(pages, root(TREE.texts)),
    keyValues: new ByteTree(pages, root(TREE.keyValues)),
    expiries: new ByteTree(pages, root(TREE.expiries)),
    vectorIndexes: new ByteTree(pages, root(TREE.vectorIndexes)),
    vectors: new ByteTree(pages, root(TREE.vectors)),
    vectorLinks: new ByteTree(pages, root(TREE.vectorLinks)),
  };
}
