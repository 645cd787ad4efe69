/** Finding the node that a user means: by id, by name, or by kind and name. */

import { ConflictError, NotFoundError } from "../backend/errors.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import type { AnySchema, NodeHeaderOf, NodeId, NodeOf } from "../backend/schema.ts";
import { toJsonText } from "./json_text.ts";
import { printable, shorten } from "./table.ts";

/** A node without its `data`. */
export type NodeHeader = NodeHeaderOf<AnySchema>;

const CANDIDATES = 10;

/** A name that several nodes have. The message lists the first of them. */
export class AmbiguousNodeError extends ConflictError {
  /** The nodes that have the name; at most 11. */
  readonly candidates: readonly NodeHeader[];

  /** Lists the nodes from which the user may choose. */
  constructor(text: string, candidates: readonly NodeOf<AnySchema>[]) {
    const shown = candidates.slice(0, CANDIDATES).map(({ id, kind, name, data }) =>
      `  ${id}  ${printable(`${kind}:${name}  ${shorten(toJsonText(data), 80)}`)}`
    );
    const more = candidates.length > CANDIDATES ? "\n  ..." : "";
    super(`several nodes are called ${JSON.stringify(text)}; give the id of one:\n${shown.join("\n")}${more}`, {
      code: "ambiguous-node",
      field: "node",
      value: text,
    });
    this.candidates = candidates;
  }
}

/**
 * The node that a text names: an id (digits only), else a name, else `KIND:NAME`. A name of digits is written `:1984`.
 *
 * @throws {NotFoundError} when there is no such node
 * @throws {AmbiguousNodeError} when several have the name
 */
export function findNode(graph: GraphReader, text: string): NodeHeader {
  if (/^\d+$/.test(text)) {
    const id = Number(text);
    const node = Number.isSafeInteger(id) && id > 0 ? graph.getNode(id, { data: false }) : undefined;
    if (node !== undefined) return node;
    throw new NotFoundError(`there is no node ${text}; for a node with this name write :${text}`, {
      code: "node-not-found",
      field: "node",
      value: text,
    });
  }
  const colon = text.indexOf(":");
  let found = colon === 0 ? [] : named(graph, text);
  if (found.length === 0 && colon >= 0) {
    found = named(graph, text.slice(colon + 1), colon === 0 ? undefined : text.slice(0, colon));
  }
  const [node] = found;
  if (found.length > 1) throw new AmbiguousNodeError(text, found);
  if (node !== undefined) return node;
  throw new NotFoundError(`no node has the name ${JSON.stringify(text)}; names are case-sensitive`, {
    code: "node-not-found",
    field: "node",
    value: text,
  });
}

function named(graph: GraphReader, name: string, kind?: string): NodeOf<AnySchema>[] {
  return [...graph.nodes({ name, kind, limit: CANDIDATES + 1 })];
}

/** The node without its `data`; it exists. */
export function nodeHeader(graph: GraphReader, id: NodeId): NodeHeader {
  return graph.getNode(id, { data: false }) ?? { id, kind: "", name: "" };
}

/** What `--json` shows of a node in a list. */
export function nodeSummary({ id, kind, name }: NodeHeader): { id: number; kind: string; name: string } {
  return { id, kind, name };
}

/** `dog (noun 12)` for people. */
export function nodeText({ id, kind, name }: NodeHeader): string {
  return `${printable(name)} (${printable(kind)} ${id})`;
}
