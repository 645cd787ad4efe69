/** Consistency check of a database: pages and indexes by SQLite, the rules of the data model here. */

import type { CheckResult, Finding, LongCallOptions } from "../backend/care.ts";
import { CorruptionError } from "../backend/errors.ts";
import { parseJson } from "../backend/json.ts";
import type { Connection } from "./connection.ts";
import type { SqlValue } from "./driver.ts";
import { decodeValue } from "./kv_rows.ts";
import { keyHexSql } from "./schema.ts";
import type { Session } from "./session.ts";
import { checkVectors, VECTOR_RULES } from "./vector_check.ts";

/** A rule that one query counts the breaches of. */
interface Rule extends Omit<Finding, "count"> {
  readonly from: string;
}

const RULES: readonly Rule[] = [
  {
    severity: "error",
    code: "dangling-edge",
    message: "edges whose end does not exist",
    from:
      "graph_edges WHERE from_id NOT IN (SELECT id FROM graph_entities) OR to_id NOT IN (SELECT id FROM graph_entities)",
  },
  {
    severity: "error",
    code: "invalid-id",
    message: "nodes or edges whose id is not between 1 and 2^53 - 1",
    from:
      `(SELECT id FROM graph_entities UNION ALL SELECT id FROM graph_edges) WHERE id < 1 OR id > ${Number.MAX_SAFE_INTEGER}`,
  },
  {
    severity: "error",
    code: "key-order",
    message: "keys that the ordered copy of the keys lacks or holds in excess",
    from: `(SELECT key FROM kv_store WHERE ${keyHexSql("kv_store.key")} NOT IN (SELECT key_hex FROM sqlitegraph_kv_keys)
      UNION ALL SELECT key FROM sqlitegraph_kv_keys WHERE key NOT IN (SELECT key FROM kv_store))`,
  },
  {
    severity: "warning",
    code: "orphan-label",
    message: "labels of nodes that do not exist",
    from: "graph_labels WHERE entity_id NOT IN (SELECT id FROM graph_entities)",
  },
  {
    severity: "warning",
    code: "orphan-property",
    message: "properties of nodes that do not exist",
    from: "graph_properties WHERE entity_id NOT IN (SELECT id FROM graph_entities)",
  },
  {
    severity: "warning",
    code: "missing-kind-label",
    message: "nodes whose kind is not among their stored labels (other programs will not find them by it)",
    from: `graph_entities AS node
      WHERE NOT EXISTS (SELECT 1 FROM graph_labels WHERE entity_id = node.id AND label = node.kind)`,
  },
  {
    severity: "warning",
    code: "blank-name",
    message: "nodes with a blank kind or edges with a blank type, which cannot be written any more",
    from: `(SELECT kind FROM graph_entities WHERE trim(kind) = '' UNION ALL
      SELECT edge_type FROM graph_edges WHERE trim(edge_type) = '')`,
  },
  ...VECTOR_RULES,
];

const PAGE = 1000;

/** Checks everything, on one state. */
export function checkDatabase(session: Session, options: LongCallOptions = {}): CheckResult {
  const connection = session.connection("check");
  const phases = RULES.length + 5;
  let done = 0;
  const step = (): void => {
    options.onProgress?.({ phase: "check", done: done++, total: phases });
    options.signal?.throwIfAborted();
  };
  const findings: Finding[] = [];
  const add = (severity: Finding["severity"], code: string, message: string, count: number): void => {
    if (count > 0) findings.push({ severity, code, message, count });
  };
  try {
    session.consistently(() => checkAll(connection, step, add, options));
  } catch (error) {
    // Damage can be such that the checks themselves fail on it.
    if (!(error instanceof CorruptionError)) throw error;
    add("error", "integrity", error.message, 1);
  }
  options.onProgress?.({ phase: "check", done: phases, total: phases });
  findings.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  return { ok: findings.every((finding) => finding.severity !== "error"), findings };
}

function checkAll(
  connection: Connection,
  step: () => void,
  add: (severity: Finding["severity"], code: string, message: string, count: number) => void,
  options: LongCallOptions,
): void {
  step();
  for (const [message] of connection.statement("PRAGMA integrity_check").all()) {
    if (message !== "ok") add("error", "integrity", String(message), 1);
  }
  step();
  add(
    "error",
    "foreign-key",
    "rows that refer to missing rows",
    connection.statement("PRAGMA foreign_key_check").all().length,
  );
  for (const { severity, code, message, from } of RULES) {
    step();
    add(severity, code, message, Number(connection.statement(`SELECT count(*) FROM ${from}`).get()?.[0]));
  }
  step();
  add("error", "corrupt-data", "nodes or edges whose data is no JSON", countUnreadable(connection, options));
  step();
  add(
    "error",
    "corrupt-value",
    "keys whose value is not in a known form",
    countUnreadableValues(connection, options),
  );
  step();
  checkVectors(connection, add, options);
}

function countUnreadable(connection: Connection, options: LongCallOptions): number {
  let unreadable = 0;
  for (const table of ["graph_entities", "graph_edges"]) {
    eachRow(connection, `SELECT rowid, data FROM ${table}`, options, (data) => {
      if (!isReadable(() => parseJson(data))) unreadable++;
    });
  }
  return unreadable;
}

function countUnreadableValues(connection: Connection, options: LongCallOptions): number {
  let unreadable = 0;
  eachRow(connection, "SELECT rowid, value_json FROM kv_store", options, (json) => {
    if (!isReadable(() => decodeValue(json, ""))) unreadable++;
  });
  return unreadable;
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function eachRow(
  connection: Connection,
  select: string,
  options: LongCallOptions,
  visit: (text: string) => void,
): void {
  // Bigints: the check must get past ids that nothing else can read.
  const statement = connection.bigintStatement(`${select} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`);
  for (let after: SqlValue = -(2n ** 63n);;) {
    options.signal?.throwIfAborted();
    const rows = statement.all(after);
    for (const [, text] of rows) visit(text as string);
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.[0] ?? null;
  }
}
