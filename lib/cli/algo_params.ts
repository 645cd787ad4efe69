/** Parameters of an algorithm as they are written on a command line. */

import type { CatalogueEntry } from "../algo/catalogue_entry.ts";
import { expected, type ParamSpec } from "../algo/params.ts";
import type { GraphReader } from "../backend/graph_reader.ts";
import { list, UsageError } from "./command.ts";
import { findNode } from "./node_argument.ts";

const NODE_LIST = list({ metavar: "NODES" });

/**
 * The parameters that texts such as `maxDepth=3` give.
 *
 * @param graph where nodes are looked up
 * @param openOther a parameter for the graph in another file
 * @throws {UsageError} for a parameter that does not exist, is given twice, is missing or cannot be read
 * @throws {NotFoundError} for a node that does not exist
 */
export function algorithmParams(
  { name, params }: CatalogueEntry,
  texts: readonly string[],
  graph: GraphReader,
  openOther: (path: string) => unknown,
): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`--param ${text}: write KEY=VALUE`);
    const key = text.slice(0, at);
    const spec = Object.hasOwn(params, key) ? params[key] : undefined;
    if (spec === undefined) throw new UsageError(`${name} has no parameter ${JSON.stringify(key)}; ${known(params)}`);
    if (Object.hasOwn(given, key)) throw new UsageError(`--param ${key} is given twice`);
    given[key] = readValue(spec, key, text.slice(at + 1), graph, openOther);
  }
  for (const [key, spec] of Object.entries(params)) {
    if (isRequired(spec) && !Object.hasOwn(given, key)) {
      throw new UsageError(`${name} needs --param ${key}=...: ${spec.doc} (${wording(spec)})`);
    }
  }
  return given;
}

/** Whether a parameter must be given. */
export function isRequired(spec: ParamSpec): boolean {
  return spec.optional !== true && !("default" in spec && spec.default !== undefined);
}

/** What a parameter takes at the command line, in words. */
export function wording(spec: ParamSpec): string {
  switch (spec.kind) {
    case "number":
    case "integer":
    case "flag":
      return expected(spec);
    case "choice":
      return spec.options.join(" or ");
    case "node":
      return "a node";
    case "nodes":
      return "nodes";
    case "projection":
      return "a database file";
    case "value":
      return spec.example === undefined ? "not at the command line" : `JSON such as ${spec.example}`;
  }
}

function known(params: CatalogueEntry["params"]): string {
  const names = Object.keys(params);
  return names.length === 0 ? "it has none" : `there are ${names.join(", ")}`;
}

function readValue(
  spec: ParamSpec,
  key: string,
  text: string,
  graph: GraphReader,
  openOther: (path: string) => unknown,
): unknown {
  const refuse = () => new UsageError(`--param ${key}=${text}: give ${wording(spec)}`);
  switch (spec.kind) {
    case "number":
    case "integer": {
      const number = text.trim() === "" ? NaN : Number(text);
      if (Number.isNaN(number)) throw refuse();
      return number;
    }
    case "flag":
      if (text !== "true" && text !== "false") throw refuse();
      return text === "true";
    case "choice":
      if (!spec.options.includes(text)) throw refuse();
      return text;
    case "node":
      return findNode(graph, text).id;
    case "nodes": {
      const names = NODE_LIST.parse(text);
      if (!names.success) throw refuse();
      return names.value.map((name) => findNode(graph, name).id);
    }
    case "projection":
      return openOther(text);
    case "value":
      if (spec.example === undefined) throw new UsageError(`${key} cannot be given at the command line: ${spec.doc}`);
      try {
        return JSON.parse(text);
      } catch {
        throw refuse();
      }
  }
}
