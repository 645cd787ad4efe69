/** Which nodes are sources and sinks of taint. */

import type { JsonValue } from "../../backend/json.ts";
import type { NodeFilter } from "../../backend/query.ts";
import type { NodeId, NodeRecord } from "../../backend/schema.ts";
import { checkNodeFilter } from "../../backend/record_input.ts";
import { checkObject, show } from "../../backend/validate.ts";
import { defineTask, type Task } from "../../task/task.ts";
import { invalid } from "../params.ts";

/** What nodes to take: those that pass all members of it. */
export interface NodeRule extends NodeFilter {
  /** Top-level member of the node's `data`. */
  readonly field?: string | undefined;
  /** Texts, numbers, booleans or null that this member may be; default: it may be anything, but is there. */
  readonly values?: readonly (string | number | boolean | null)[] | undefined;
}

/** A test of a node. Functions cannot be sent to other threads: for calls on this one. */
export type NodeTest = (node: NodeRecord) => boolean;

/** Parameters of `discoverSourcesAndSinks`. */
export interface DiscoverParams {
  /** What sources are: nodes that pass one of the rules, or a test. Default `DEFAULT_SOURCE_RULES`. */
  readonly sources?: readonly NodeRule[] | NodeTest | undefined;
  /** What sinks are: nodes that pass one of the rules, or a test. Default `DEFAULT_SINK_RULES`. */
  readonly sinks?: readonly NodeRule[] | NodeTest | undefined;
  /** What sanitizers are, likewise; default none. */
  readonly sanitizers?: readonly NodeRule[] | NodeTest | undefined;
}

/** What was found: in ascending ids, as `propagateTaintForward` takes it. */
export interface SourcesAndSinks {
  /** The sources. */
  readonly sources: NodeId[];
  /** The sinks. */
  readonly sinks: NodeId[];
  /** The sanitizers. */
  readonly sanitizers: NodeId[];
}

/** Sources by their data: `kind` is `source`, `untrusted` or `user_input`, or `taint` is `source`. */
export const DEFAULT_SOURCE_RULES: readonly NodeRule[] = [
  { field: "kind", values: ["source", "untrusted", "user_input"] },
  { field: "taint", values: ["source"] },
];

/**
 * Sinks by their data: `kind` is `sink`, `sql_query`, `html_output`, `command` or `file_operation`, or `operation` is `execute`,
 * `query`, `render` or `write`.
 */
export const DEFAULT_SINK_RULES: readonly NodeRule[] = [
  { field: "kind", values: ["sink", "sql_query", "html_output", "command", "file_operation"] },
  { field: "operation", values: ["execute", "query", "render", "write"] },
];

/** Nodes that are read between two looks whether the run was cancelled. */
const CHECK_EVERY = 1_024;

/**
 * Finds sources, sinks and sanitizers of taint by kind, name, label or data of the nodes. It reads a snapshot, because
 * projections do not hold these: `discoverSourcesAndSinks(snapshot)`, or `graph.run(discoverSourcesAndSinks, params)`.
 *
 * Progress counts nodes. O(nodes · rules).
 *
 * @throws {InvalidArgumentError} for bad rules
 *
 * @example
 * ```ts ignore
 * const found = discoverSourcesAndSinks(snapshot, {
 *   sources: [{ kind: "Parameter" }],
 *   sinks: [{ kind: "Call", glob: "exec*" }],
 * });
 * const { flows } = propagateTaintForward(snapshot.project({ types: ["DATA"] }), found);
 * ```
 */
export const discoverSourcesAndSinks: Task<DiscoverParams | undefined, SourcesAndSinks> = defineTask(
  import.meta.url,
  "discoverSourcesAndSinks",
  (snapshot, params: DiscoverParams | undefined, context) => {
    const { sources, sinks, sanitizers } = checkParams(params);
    const found: SourcesAndSinks = { sources: [], sinks: [], sanitizers: [] };
    let read = 0;
    for (const node of snapshot.nodes()) {
      if (sources(node)) found.sources.push(node.id);
      if (sinks(node)) found.sinks.push(node.id);
      if (sanitizers(node)) found.sanitizers.push(node.id);
      if (++read % CHECK_EVERY !== 0) continue;
      context.throwIfAborted();
      context.progress(CHECK_EVERY);
    }
    context.progress(read % CHECK_EVERY);
    return found;
  },
);

const CALL = "discoverSourcesAndSinks";

function checkParams(params: DiscoverParams | undefined): Record<keyof DiscoverParams, NodeTest> {
  const { sources, sinks, sanitizers, ...unknown } = checkObject(params ?? {}, CALL, "params") as DiscoverParams;
  for (const [field, value] of Object.entries(unknown)) {
    throw invalid(CALL, field, value, "is no parameter; there are sources, sinks, sanitizers");
  }
  return {
    sources: testOf(sources ?? DEFAULT_SOURCE_RULES, "sources"),
    sinks: testOf(sinks ?? DEFAULT_SINK_RULES, "sinks"),
    sanitizers: testOf(sanitizers ?? [], "sanitizers"),
  };
}

function testOf(rules: unknown, field: string): NodeTest {
  if (typeof rules === "function") return rules as NodeTest;
  if (!Array.isArray(rules)) {
    throw invalid(CALL, field, rules, `is ${show(rules)}; give an array of rules or a function`);
  }
  const tests = rules.map((rule: unknown, at) => ruleTest(rule, `${field}[${at}]`));
  return (node) => tests.some((test) => test(node));
}

function ruleTest(rule: unknown, place: string): NodeTest {
  const given = checkObject(rule, CALL, place);
  for (const member of Object.keys(given)) {
    if (["kind", "name", "glob", "label", "field", "values"].includes(member)) continue;
    throw invalid(CALL, `${place}.${member}`, given[member], "is no member of a rule; see NodeRule");
  }
  const { field, values, ...filter } = given as NodeRule;
  if (field !== undefined && typeof field !== "string") {
    throw invalid(CALL, `${place}.field`, field, `is ${show(field)}; give the name of a member of data`);
  }
  if (values !== undefined && (!Array.isArray(values) || field === undefined)) {
    throw invalid(CALL, `${place}.values`, values, `is ${show(values)}; give an array, and the field that it is for`);
  }
  const { kind, name, glob, label } = checkNodeFilter(filter, CALL);
  return (node) =>
    (kind === undefined || node.kind === kind) &&
    (name === undefined || node.name === name) &&
    (label === undefined || node.kind === label || node.labels?.includes(label) === true) &&
    (glob === undefined || glob.matches(node.name)) &&
    (field === undefined || hasValue(node.data, field, values));
}

function hasValue(data: JsonValue, field: string, values: readonly JsonValue[] | undefined): boolean {
  if (typeof data !== "object" || data === null || Array.isArray(data) || !Object.hasOwn(data, field)) return false;
  return values === undefined || values.includes((data as Readonly<Record<string, JsonValue>>)[field] as JsonValue);
}
