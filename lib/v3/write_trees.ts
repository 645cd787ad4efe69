/** The trees of the newest state of a graph, to write. */

import { ByteTreeWriter } from "./byte_writer.ts";
import { LinkTreeWriter } from "./link_tree_writer.ts";
import type { MutablePages, TreeRoot } from "./pages.ts";
import { RecordTreeWriter } from "./record_tree_writer.ts";
import { TREE } from "./state.ts";
import type { ReadTrees } from "./trees.ts";

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
  vectorIndexes!: ByteTreeWriter;
  vectors!: ByteTreeWriter;
  vectorLinks!: ByteTreeWriter;

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
    this.vectorIndexes = new ByteTreeWriter(pages, root(TREE.vectorIndexes));
    this.vectors = new ByteTreeWriter(pages, root(TREE.vectors));
    this.vectorLinks = new ByteTreeWriter(pages, root(TREE.vectorLinks));
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
      this.vectorIndexes.root,
      this.vectors.root,
      this.vectorLinks.root,
    ];
  }
}
