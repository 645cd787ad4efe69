/** The trees of one state of a graph. */

import { ByteTree } from "./byte_tree.ts";
import { ByteTreeWriter } from "./byte_writer.ts";
import { LinkTree } from "./link_tree.ts";
import { LinkTreeWriter } from "./link_tree_writer.ts";
import type { MutablePages, Pages, TreeRoot } from "./pages.ts";
import { RecordTree } from "./record_tree.ts";
import { RecordTreeWriter } from "./record_tree_writer.ts";
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
  };
}

/** Trees of the newest state, which change with the running transaction. The object stays, the trees are replaced. */
export class WriteTrees implements ReadTrees {
  readonly #pages: MutablePages;
  nodes!: RecordTreeWriter;
  edges!: RecordTreeWriter;
  outgoing!: LinkTreeWriter;
  incoming!: LinkTreeWriter;
  terms!: LinkTreeWriter;
  names!: ByteTreeWriter;
  strings!: RecordTreeWriter;
  texts!: ByteTreeWriter;
  keyValues!: ByteTreeWriter;
  expiries!: ByteTreeWriter;

  constructor(pages: MutablePages, roots: readonly TreeRoot[]) {
    this.#pages = pages;
    this.reset(roots);
  }

  /** Goes (back) to a state. */
  reset(roots: readonly TreeRoot[]): void {
    const pages = this.#pages;
    const root = (tree: number): TreeRoot => roots[tree] as TreeRoot;
    this.nodes = new RecordTreeWriter(pages, root(TREE.nodes));
    this.edges = new RecordTreeWriter(pages, root(TREE.edges));
    this.outgoing = new LinkTreeWriter(pages, root(TREE.outgoing));
    this.incoming = new LinkTreeWriter(pages, root(TREE.incoming));
    this.terms = new LinkTreeWriter(pages, root(TREE.terms));
    this.names = new ByteTreeWriter(pages, root(TREE.names));
    this.strings = new RecordTreeWriter(pages, root(TREE.strings));
    this.texts = new ByteTreeWriter(pages, root(TREE.texts));
    this.keyValues = new ByteTreeWriter(pages, root(TREE.keyValues));
    this.expiries = new ByteTreeWriter(pages, root(TREE.expiries));
  }

  /** One root per tree, in the order of `TREE`. */
  roots(): TreeRoot[] {
    return [
      this.nodes.root,
      this.edges.root,
      this.outgoing.root,
      this.incoming.root,
      this.terms.root,
      this.names.root,
      this.strings.root,
      this.texts.root,
      this.keyValues.root,
      this.expiries.root,
    ];
  }
}
