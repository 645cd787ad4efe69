/** Checks of nodes, edges, their updates and filters as users hand them in. */

import { compileGlob, type Glob } from "./glob.ts";
import type { NodeFilter } from "./query.ts";
import type { EdgeInput, EdgeUpdate, NodeInput, NodeUpdate } from "./schema.ts";
import {
  checkData,
  checkGlob,
  checkId,
  checkLabels,
  checkLookup,
  checkObject,
  checkTerm,
  checkText,
} from "./validate.ts";

/** A node that passed all checks. */
export interface CheckedNode {
  readonly kind: string;
  readonly name: string;
  readonly filePath: string | null;
  /** Each once, without the kind, in the order given. */
  readonly labels: readonly string[];
  /** JSON text. */
  readonly data: string;
}

/** Checks a new node. */
export function checkNode(node: NodeInput, call: string): CheckedNode {
  checkObject(node, call, "node");
  const kind = checkTerm(node.kind, call, "kind");
  return {
    kind,
    name: checkText(node.name, call, "name"),
    filePath: node.filePath === undefined ? null : checkText(node.filePath, call, "filePath"),
    labels: checkLabels(node.labels, kind, call),
    data: checkData(node.data, call),
  };
}

/** An edge that passed all checks but the existence of its ends. */
export interface CheckedEdge {
  readonly from: number;
  readonly to: number;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
}

/** Checks a new edge. */
export function checkEdge(edge: EdgeInput, call: string): CheckedEdge {
  checkObject(edge, call, "edge");
  return {
    from: checkId(edge.from, call, "from"),
    to: checkId(edge.to, call, "to"),
    type: checkTerm(edge.type, call, "type"),
    data: checkData(edge.data, call),
  };
}

/** What an update of a node replaces: undefined stays as it is. */
export interface CheckedNodeUpdate {
  /** The labels follow it: the old kind is no label any more, the new one is no further label. */
  readonly kind: string | undefined;
  readonly name: string | undefined;
  /** Null removes the path. */
  readonly filePath: string | null | undefined;
  /** JSON text. */
  readonly data: string | undefined;
}

/** Checks an update of a node. */
export function checkNodeUpdate(update: NodeUpdate, call: string): CheckedNodeUpdate {
  checkObject(update, call, "update");
  const { filePath } = update;
  return {
    kind: update.kind === undefined ? undefined : checkTerm(update.kind, call, "kind"),
    name: update.name === undefined ? undefined : checkText(update.name, call, "name"),
    filePath: filePath === undefined || filePath === null ? filePath : checkText(filePath, call, "filePath"),
    data: update.data === undefined ? undefined : checkData(update.data, call),
  };
}

/** What an update of an edge replaces: undefined stays as it is. */
export interface CheckedEdgeUpdate {
  readonly type: string | undefined;
  /** JSON text. */
  readonly data: string | undefined;
}

/** Checks an update of an edge. */
export function checkEdgeUpdate(update: EdgeUpdate, call: string): CheckedEdgeUpdate {
  checkObject(update, call, "update");
  return {
    type: update.type === undefined ? undefined : checkTerm(update.type, call, "type"),
    data: update.data === undefined ? undefined : checkData(update.data, call),
  };
}

/** A filter of nodes: undefined lets all pass. */
export interface CheckedNodeFilter {
  readonly kind: string | undefined;
  readonly name: string | undefined;
  readonly glob: Glob | undefined;
  /** The kind counts as a label. */
  readonly label: string | undefined;
}

/** Checks a filter of nodes. */
export function checkNodeFilter(filter: NodeFilter, call: string): CheckedNodeFilter {
  checkObject(filter, call, "options");
  return {
    kind: checkOptional(filter.kind, call, "kind"),
    name: checkOptional(filter.name, call, "name"),
    glob: filter.glob === undefined ? undefined : compileGlob(checkGlob(filter.glob, call)),
    label: checkOptional(filter.label, call, "label"),
  };
}

/** Checks a text to look for, which may be left out. */
export function checkOptional(text: unknown, call: string, field: string): string | undefined {
  return text === undefined ? undefined : checkLookup(text, call, field);
}
