/** The write half of the contract over a SQLite connection: what a database and a transaction share. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { MergeResult } from "../backend/graph_backend.ts";
import { patchJsonText } from "../backend/json.ts";
import type { Key, KeyValue, SetOptions } from "../backend/key_value.ts";
import type { EdgeInput, EdgeRecord, EdgeUpdate, NodeInput, NodeRecord, NodeUpdate } from "../backend/schema.ts";
import {
  checkData,
  checkId,
  checkKey,
  checkLabels,
  checkLookup,
  checkObject,
  checkPatch,
  checkTerm,
  checkText,
  checkTtl,
} from "../backend/validate.ts";
import type { Connection } from "./connection.ts";
import type { SqlStatement } from "./driver.ts";
import { edgeExists, findEdge, readEdge, readEdgeDataText } from "./edge_rows.ts";
import { deleteValue, encodeValue, keyExists, writeValue } from "./kv_rows.ts";
import { decodeId, nodeExists, readNode, readNodeDataText, readNodeKind } from "./node_rows.ts";
import { edgeNotFound, nodeNotFound, SqliteKeyValueReader, SqliteReader } from "./reader.ts";
import type { WriteScope } from "./write_scope.ts";

/** A node that passed all checks. */
interface CheckedNode {
  readonly kind: string;
  readonly name: string;
  readonly filePath: string | null;
  readonly labels: readonly string[];
  readonly data: string;
}

/** An edge that passed all checks but the existence of its ends. */
interface CheckedEdge {
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly data: string;
}

function checkNode(node: NodeInput, call: string): CheckedNode {
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

function checkEdge(edge: EdgeInput, call: string): CheckedEdge {
  checkObject(edge, call, "edge");
  return {
    from: checkId(edge.from, call, "from"),
    to: checkId(edge.to, call, "to"),
    type: checkTerm(edge.type, call, "type"),
    data: checkData(edge.data, call),
  };
}

const INSERT_LABEL = "INSERT OR IGNORE INTO graph_labels (entity_id, label) VALUES (?, ?)";

/** The statements of the hot inserts, prepared once per connection; newer schema versions have two more columns. */
class InsertStatements {
  readonly node: SqlStatement;
  readonly label: SqlStatement;
  readonly edge: SqlStatement;

  constructor(connection: Connection) {
    const { driver, schema } = connection;
    const [columns, values] = schema.hasCreatedAt ? [", snapshot_id, created_at", ", 'default', ?"] : ["", ""];
    this.node = driver.prepare(
      `INSERT INTO graph_entities (kind, name, file_path, data${columns}) VALUES (?, ?, ?, ?${values})`,
    );
    this.label = driver.prepare(INSERT_LABEL);
    this.edge = driver.prepare(
      `INSERT INTO graph_edges (from_id, to_id, edge_type, data${columns}) VALUES (?, ?, ?, ?${values})`,
    );
  }
}

function seconds(scope: WriteScope): number {
  return Math.floor(scope.now() / 1000);
}

/** Inserts a node row and its labels. */
function insertNodeRow(scope: WriteScope, connection: Connection, node: CheckedNode): number {
  const statements = connection.prepared(InsertStatements);
  const { kind, name, filePath, data } = node;
  const id = decodeId(
    connection.schema.hasCreatedAt
      ? statements.node.insert(kind, name, filePath, data, seconds(scope))
      : statements.node.insert(kind, name, filePath, data),
  );
  statements.label.run(id, kind);
  for (const label of node.labels) statements.label.run(id, label);
  scope.noteNode("insert", id);
  return id;
}

function insertEdgeRow(scope: WriteScope, connection: Connection, edge: CheckedEdge): number {
  const { from, to, type, data } = edge;
  const statement = connection.prepared(InsertStatements).edge;
  const id = decodeId(
    connection.schema.hasCreatedAt
      ? statement.insert(from, to, type, data, seconds(scope))
      : statement.insert(from, to, type, data),
  );
  scope.noteEdge("insert", id, from, to);
  return id;
}

function requireEnds(scope: WriteScope, connection: Connection, edge: CheckedEdge, call: string): void {
  const { from, to } = edge;
  if (!scope.isKnownNode(from) && !nodeExists(connection, from)) throw nodeNotFound(call, from, "from");
  if (!scope.isKnownNode(to) && !nodeExists(connection, to)) throw nodeNotFound(call, to, "to");
}

function requireIterable(rows: unknown, call: string, field: string): void {
  if (typeof rows === "object" && rows !== null && Symbol.iterator in rows) return;
  throw new InvalidArgumentError(`${call}: ${field} is no iterable; give an array or a generator`, {
    code: "invalid-argument",
    field,
    value: rows,
  });
}

/** Reads and writes of one scope: the database itself, or a running transaction. */
export class SqliteWriter extends SqliteReader {
  /** Where it writes. */
  protected override readonly scope: WriteScope;
  /** The key-value store. */
  readonly kv: SqliteKeyValueStore;

  constructor(scope: WriteScope) {
    super(scope);
    this.scope = scope;
    this.kv = new SqliteKeyValueStore(scope);
  }

  transaction<R>(run: (tx: SqliteWriter) => R): R {
    if (typeof run !== "function") {
      throw new InvalidArgumentError("transaction: run is no function; give what is to be done", {
        code: "invalid-argument",
        field: "run",
        value: run,
      });
    }
    return this.scope.transaction("transaction", (scope) => run(new SqliteWriter(scope)));
  }

  insertNode(node: NodeInput): number {
    const { scope } = this;
    const checked = checkNode(node, "insertNode");
    return scope.write("insertNode", (connection) => insertNodeRow(scope, connection, checked));
  }

  insertNodes(nodes: Iterable<NodeInput>): number[] {
    const { scope } = this;
    requireIterable(nodes, "insertNodes", "nodes");
    return scope.writeMany("insertNodes", (connection) => {
      const ids: number[] = [];
      for (const node of nodes) ids.push(insertNodeRow(scope, connection, checkNode(node, "insertNodes")));
      return ids;
    });
  }

  mergeNode(node: NodeInput): MergeResult {
    const { scope } = this;
    const checked = checkNode(node, "mergeNode");
    return scope.write("mergeNode", (connection) => {
      const found = connection.statement(
        "SELECT id FROM graph_entities WHERE kind = ? AND name = ? AND id > 0 ORDER BY id LIMIT 1",
      ).get(checked.kind, checked.name);
      if (found !== undefined) return { id: Number(found[0]), created: false };
      return { id: insertNodeRow(scope, connection, checked), created: true };
    });
  }

  updateNode(id: number, update: NodeUpdate): NodeRecord {
    const { scope } = this;
    const call = "updateNode";
    checkId(id, call, "id");
    checkObject(update, call, "update");
    const kind = update.kind === undefined ? undefined : checkTerm(update.kind, call, "kind");
    const name = update.name === undefined ? undefined : checkText(update.name, call, "name");
    const { filePath } = update;
    const path = filePath === undefined || filePath === null ? filePath : checkText(filePath, call, "filePath");
    const data = update.data === undefined ? undefined : checkData(update.data, call);
    return scope.write(call, (connection) => {
      if (!nodeExists(connection, id)) throw nodeNotFound(call, id, "id");
      const set = (column: string, value: string | null): void => {
        connection.statement(`UPDATE graph_entities SET ${column} = ? WHERE id = ?`).run(value, id);
      };
      if (kind !== undefined) {
        connection.statement(
          "DELETE FROM graph_labels WHERE entity_id = ?1 AND label = (SELECT kind FROM graph_entities WHERE id = ?1)",
        ).run(id);
        set("kind", kind);
        connection.statement(INSERT_LABEL).run(id, kind);
      }
      if (name !== undefined) set("name", name);
      if (path !== undefined) set("file_path", path);
      if (data !== undefined) set("data", data);
      if (kind !== undefined || name !== undefined || path !== undefined || data !== undefined) {
        scope.noteNode("update", id);
      }
      return readNode(connection, id, true) as NodeRecord;
    });
  }

  patchNode(id: number, patch: Readonly<Record<string, unknown>>): NodeRecord {
    const { scope } = this;
    const call = "patchNode";
    checkId(id, call, "id");
    checkPatch(patch, call);
    return scope.write(call, (connection) => {
      const stored = readNodeDataText(connection, id);
      if (stored === undefined) throw nodeNotFound(call, id, "id");
      const text = patchJsonText(stored, patch, `${call}: patch`);
      if (text === undefined) throw notPatchable(call, "node", id, "updateNode");
      connection.statement("UPDATE graph_entities SET data = ? WHERE id = ?").run(text, id);
      scope.noteNode("update", id);
      return readNode(connection, id, true) as NodeRecord;
    });
  }

  deleteNode(id: number): void {
    const { scope } = this;
    checkId(id, "deleteNode", "id");
    scope.writeMany("deleteNode", (connection) => {
      if (!nodeExists(connection, id)) throw nodeNotFound("deleteNode", id, "id");
      const edges = connection.statement(
        "SELECT id, from_id, to_id FROM graph_edges WHERE from_id = ?1 OR to_id = ?1 ORDER BY id",
      ).all(id);
      connection.statement("DELETE FROM graph_edges WHERE from_id = ?1 OR to_id = ?1").run(id);
      connection.statement("DELETE FROM graph_labels WHERE entity_id = ?").run(id);
      connection.statement("DELETE FROM graph_properties WHERE entity_id = ?").run(id);
      connection.statement("DELETE FROM graph_entities WHERE id = ?").run(id);
      for (const [edge, from, to] of edges) scope.noteEdge("delete", Number(edge), Number(from), Number(to));
      scope.noteNode("delete", id);
    });
  }

  addLabel(id: number, label: string): boolean {
    const { scope } = this;
    checkId(id, "addLabel", "id");
    checkTerm(label, "addLabel", "label");
    return scope.write("addLabel", (connection) => {
      const kind = readNodeKind(connection, id);
      if (kind === undefined) throw nodeNotFound("addLabel", id, "id");
      const changed = connection.statement(INSERT_LABEL).run(id, label);
      if (changed === 0 || kind === label) return false;
      scope.noteNode("update", id);
      return true;
    });
  }

  removeLabel(id: number, label: string): boolean {
    const { scope } = this;
    checkId(id, "removeLabel", "id");
    checkLookup(label, "removeLabel", "label");
    return scope.write("removeLabel", (connection) => {
      const kind = readNodeKind(connection, id);
      if (kind === undefined) throw nodeNotFound("removeLabel", id, "id");
      if (kind === label) {
        throw new InvalidArgumentError(
          `removeLabel: label ${
            JSON.stringify(label)
          } is the kind of node ${id}, which cannot be removed; change it with updateNode`,
          { code: "label-is-kind", field: "label", value: label },
        );
      }
      if (connection.statement("DELETE FROM graph_labels WHERE entity_id = ? AND label = ?").run(id, label) === 0) {
        return false;
      }
      scope.noteNode("update", id);
      return true;
    });
  }

  insertEdge(edge: EdgeInput): number {
    const { scope } = this;
    const checked = checkEdge(edge, "insertEdge");
    return scope.write("insertEdge", (connection) => {
      requireEnds(scope, connection, checked, "insertEdge");
      return insertEdgeRow(scope, connection, checked);
    });
  }

  insertEdges(edges: Iterable<EdgeInput>): number[] {
    const { scope } = this;
    requireIterable(edges, "insertEdges", "edges");
    return scope.writeMany("insertEdges", (connection) => {
      const ids: number[] = [];
      for (const edge of edges) {
        const checked = checkEdge(edge, "insertEdges");
        requireEnds(scope, connection, checked, "insertEdges");
        ids.push(insertEdgeRow(scope, connection, checked));
      }
      return ids;
    });
  }

  mergeEdge(edge: EdgeInput): MergeResult {
    const { scope } = this;
    const checked = checkEdge(edge, "mergeEdge");
    return scope.write("mergeEdge", (connection) => {
      requireEnds(scope, connection, checked, "mergeEdge");
      const id = findEdge(connection, checked.from, checked.to, checked.type);
      return id === undefined
        ? { id: insertEdgeRow(scope, connection, checked), created: true }
        : { id, created: false };
    });
  }

  updateEdge(id: number, update: EdgeUpdate): EdgeRecord {
    const { scope } = this;
    const call = "updateEdge";
    checkId(id, call, "id");
    checkObject(update, call, "update");
    const type = update.type === undefined ? undefined : checkTerm(update.type, call, "type");
    const data = update.data === undefined ? undefined : checkData(update.data, call);
    return scope.write(call, (connection) => {
      if (!edgeExists(connection, id)) throw edgeNotFound(call, id);
      if (type !== undefined) connection.statement("UPDATE graph_edges SET edge_type = ? WHERE id = ?").run(type, id);
      if (data !== undefined) connection.statement("UPDATE graph_edges SET data = ? WHERE id = ?").run(data, id);
      const edge = readEdge(connection, id, true) as EdgeRecord;
      if (type !== undefined || data !== undefined) scope.noteEdge("update", id, edge.from, edge.to);
      return edge;
    });
  }

  patchEdge(id: number, patch: Readonly<Record<string, unknown>>): EdgeRecord {
    const { scope } = this;
    const call = "patchEdge";
    checkId(id, call, "id");
    checkPatch(patch, call);
    return scope.write(call, (connection) => {
      const stored = readEdgeDataText(connection, id);
      if (stored === undefined) throw edgeNotFound(call, id);
      const text = patchJsonText(stored, patch, `${call}: patch`);
      if (text === undefined) throw notPatchable(call, "edge", id, "updateEdge");
      connection.statement("UPDATE graph_edges SET data = ? WHERE id = ?").run(text, id);
      const edge = readEdge(connection, id, true) as EdgeRecord;
      scope.noteEdge("update", id, edge.from, edge.to);
      return edge;
    });
  }

  deleteEdge(id: number): void {
    const { scope } = this;
    checkId(id, "deleteEdge", "id");
    scope.write("deleteEdge", (connection) => {
      const edge = readEdge(connection, id, false);
      if (edge === undefined) throw edgeNotFound("deleteEdge", id);
      connection.statement("DELETE FROM graph_edges WHERE id = ?").run(id);
      scope.noteEdge("delete", id, edge.from, edge.to);
    });
  }
}

function notPatchable(call: string, what: string, id: number, instead: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: data of ${what} ${id} is no object; replace it with ${instead}`, {
    code: "data-not-an-object",
    field: "id",
    value: id,
  });
}

/** The key-value table: reads and writes. */
export class SqliteKeyValueStore extends SqliteKeyValueReader {
  /** Where it writes. */
  protected override readonly scope: WriteScope;

  constructor(scope: WriteScope) {
    super(scope);
    this.scope = scope;
  }

  set(key: Key, value: KeyValue, options: SetOptions = {}): void {
    const { scope } = this;
    const bytes = checkKey(key, "kv.set");
    checkObject(options, "kv.set", "options");
    const ttlMs = checkTtl(options.ttlSeconds, "kv.set");
    const json = encodeValue(value);
    scope.write("kv.set", (connection) => {
      const now = scope.now();
      scope.noteKey(() => keyExists(connection, bytes, now) ? "update" : "insert", bytes);
      writeValue(connection, bytes, json, now, ttlMs === undefined ? undefined : now + ttlMs);
    });
  }

  delete(key: Key): boolean {
    const { scope } = this;
    const bytes = checkKey(key, "kv.delete");
    return scope.write("kv.delete", (connection) => {
      if (!keyExists(connection, bytes, scope.now())) return false;
      deleteValue(connection, bytes);
      scope.noteKey(() => "delete", bytes);
      return true;
    });
  }
}
