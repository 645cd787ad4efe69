/** Check of the edges: their records, both adjacency trees, their ends. */

import { MAX_ID } from "../backend/limits.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import type { Content } from "./check_content.ts";
import { Fingerprint } from "./check_fingerprint.ts";
import { EdgeReader } from "./edge_record.ts";
import { LinkCursor, type LinkTree } from "./link_tree.ts";
import { RecordCursor } from "./record_tree.ts";

/** What can be checked of the edges. */
export interface SoundAdjacency {
  readonly outgoing: boolean;
  readonly incoming: boolean;
  readonly nodes: boolean;
}

/** Checks the edges against what can be read. */
export function checkEdges(content: Content, sound: SoundAdjacency): void {
  const check = new EdgeCheck(content);
  check.records();
  content.expectCount("edge-count", "edges", content.counts.edgeCount, content.entries.edges);
  if (sound.outgoing) content.pass("outgoing edges", () => check.adjacency(true, sound.nodes));
  if (sound.incoming) content.pass("incoming edges", () => check.adjacency(false, sound.nodes));
}

class EdgeCheck {
  readonly #content: Content;
  readonly #edge: EdgeReader;
  /** What the adjacency trees must hold. */
  readonly #outgoing = new Fingerprint();
  readonly #incoming = new Fingerprint();
  #isComplete = true;

  constructor(content: Content) {
    this.#content = content;
    this.#edge = new EdgeReader(content.pages, content.strings);
  }

  /** Goes through the edges and notes what the adjacency trees must hold. */
  records(): void {
    const content = this.#content;
    const { pages, trees, findings } = content;
    const edge = this.#edge;
    const cursor = new RecordCursor(pages, trees.edges.root);
    for (cursor.seek(-1); cursor.next();) {
      content.step();
      const { id } = cursor;
      if (id < 1 || id > MAX_ID || id >= content.nextEdgeId) {
        findings.error("invalid-id", "edges with an id that was never given", `edge ${id}`);
      }
      if (!content.attempt(`edge ${id}`, () => edge.open(cursor.bytes, cursor.at, cursor.end))) {
        this.#isComplete = false;
        continue;
      }
      this.#outgoing.addNumbers(edge.from, edge.to, id, edge.type);
      this.#incoming.addNumbers(edge.to, edge.from, id, edge.type);
      content.attempt(`edge ${id}`, () => {
        content.strings.text(edge.type);
        const text = edge.dataText();
        if (text !== "{}") parseStoredData(text, "edge", id);
      });
    }
  }

  /** Goes through one adjacency tree: its nodes must exist, and it must hold what the edges say. */
  adjacency(isOutgoing: boolean, areNodesSound: boolean): void {
    const content = this.#content;
    const { pages, trees, findings } = content;
    const cursor = new LinkCursor(pages, (isOutgoing ? trees.outgoing : trees.incoming).root);
    const nodes = new RecordCursor(pages, trees.nodes.root);
    nodes.seek(-1);
    let hasNode = nodes.next();
    const found = new Fingerprint();
    while (cursor.nextRun()) {
      const { a } = cursor;
      for (let at = cursor.start; at < cursor.end; at++) {
        content.step();
        found.addNumbers(a, cursor.b(at), cursor.c(at), cursor.type(at));
      }
      if (!areNodesSound) continue;
      // Both come in ascending ids.
      while (hasNode && nodes.id < a) hasNode = nodes.next();
      if (hasNode && nodes.id === a) continue;
      findings.error(
        "dangling-edge",
        isOutgoing ? "edges that leave a node that does not exist" : "edges that enter a node that does not exist",
        `node ${a}, edge ${cursor.c(cursor.start)}`,
        cursor.end - cursor.start,
      );
    }
    if (this.#isComplete && !found.equals(isOutgoing ? this.#outgoing : this.#incoming)) this.#findLinks(isOutgoing);
  }

  #findLinks(isOutgoing: boolean): void {
    const { pages, trees, findings, entries } = this.#content;
    const edge = this.#edge;
    const tree = isOutgoing ? trees.outgoing : trees.incoming;
    const side = isOutgoing ? "outgoing" : "incoming";
    const cursor = new RecordCursor(pages, trees.edges.root);
    let present = 0;
    for (cursor.seek(-1); cursor.next();) {
      edge.open(cursor.bytes, cursor.at, cursor.end);
      const { from, to, type } = edge;
      const a = isOutgoing ? from : to;
      const b = isOutgoing ? to : from;
      const place = `edge ${cursor.id} from ${from} to ${to}`;
      if (!tree.has(a, b, cursor.id)) {
        findings.error("link-missing", `edges that the ${side} edges of their node lack`, place);
        continue;
      }
      present++;
      if (tree.type(tree.start) === type) continue;
      findings.error("link-type", `edges that have another type among the ${side} edges of their node`, place);
    }
    if (entries[side] !== present) this.#findExcess(tree, isOutgoing, side);
  }

  #findExcess(tree: LinkTree, isOutgoing: boolean, side: string): void {
    const { pages, trees, findings } = this.#content;
    const edge = this.#edge;
    const cursor = new LinkCursor(pages, tree.root);
    while (cursor.nextRun()) {
      for (let at = cursor.start; at < cursor.end; at++) {
        const from = isOutgoing ? cursor.a : cursor.b(at);
        const to = isOutgoing ? cursor.b(at) : cursor.a;
        const id = cursor.c(at);
        if (trees.edges.find(id)) {
          edge.open(pages.bytes, trees.edges.at, trees.edges.end);
          if (edge.from === from && edge.to === to) continue;
        }
        findings.error(
          "link-excess",
          `entries among ${side} edges that belong to no edge`,
          `edge ${id} from ${from} to ${to}`,
        );
      }
    }
  }
}
