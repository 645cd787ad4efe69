/** The property sidecar of 3.9.0: a SQLite database. */

import { writeFileSync } from "node:fs";
import { openDriver } from "../../lib/sqlite/driver.ts";
import type { Int64 } from "./reference_writer_bytes.ts";
import type { WrittenNode } from "./reference_writer_file.ts";

/** An edge as the sidecar has it: the last one of its ends and type. */
export interface PropertyEdge {
  readonly from: Int64;
  readonly to: Int64;
  readonly type: string;
  /** JSON text. Default `{}`. */
  readonly data?: string;
}

/** A node as the sidecar has it. */
export interface PropertyNode extends WrittenNode {
  /** Version that deleted it; its row stays. */
  readonly deletedVersion?: number;
}

const TABLES = `
CREATE TABLE node_properties (node_id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, data TEXT,
  created_at INTEGER NOT NULL, created_version INTEGER NOT NULL DEFAULT 1, updated_version INTEGER, deleted_version INTEGER);
CREATE INDEX node_props_kind ON node_properties(kind);
CREATE TABLE edge_attributes (src INTEGER NOT NULL, dst INTEGER NOT NULL, attr_name TEXT NOT NULL, attr_value TEXT,
  created_version INTEGER NOT NULL DEFAULT 1, deleted_version INTEGER, PRIMARY KEY (src, dst, attr_name));
CREATE TABLE layout_graph (table_name TEXT NOT NULL, column_name TEXT NOT NULL, rowgroup_id INTEGER, page_id INTEGER,
  parent_page_id INTEGER, PRIMARY KEY (table_name, column_name, rowgroup_id, page_id));
`;

/** Writes the sidecar. */
export function writeProperties(path: string, nodes: readonly PropertyNode[], edges: readonly PropertyEdge[]): void {
  writeFileSync(path, new Uint8Array(0)); // SQLite makes a database of an empty file
  const driver = openDriver(path, { readonly: false });
  try {
    driver.exec(`BEGIN; ${TABLES}`);
    const insertNode = driver.prepare("INSERT INTO node_properties VALUES (?, ?, ?, ?, 1700000000, 2, NULL, ?)");
    for (const { id, kind, name, data, deletedVersion } of nodes) {
      insertNode.run(id, kind, name, data, deletedVersion ?? null);
    }
    const insertEdge = driver.prepare("INSERT OR REPLACE INTO edge_attributes VALUES (?, ?, ?, ?, 2, NULL)");
    for (const { from, to, type, data = "{}" } of edges) insertEdge.run(from, to, type, data);
    driver.exec("COMMIT");
  } finally {
    driver.close();
  }
}
