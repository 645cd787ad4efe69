/**
 * Our own tables beside those of the Rust system for vectors (`hnsw_indexes`, `hnsw_vectors`, `hnsw_layers`,
 * `hnsw_entry_points`), and the triggers that keep them in step with what other programs write.
 *
 *   sqlitegraph_vector_indexes   number of vectors, which the Rust system does not keep, and what else it lacks of an index
 *   sqlitegraph_vector_owners    node of a vector; minus the node once another program deleted it: the vector is nobody's then
 *   sqlitegraph_vector_links     links on layers above the lowest, which is in `hnsw_layers`
 *   sqlitegraph_vector_changes   what happened to vectors lately, besides new ones, which are known by their numbers
 *
 * A row in `hnsw_vectors` never changes: a new vector of a node is a new row. What happens to vectors, whoever does it, is counted
 * in `sqlitegraph_state.vector_time`.
 */

/** Changes are listed at least as long as the time of vectors has not gone on by more. */
export const LISTED_TIME = 16_384;

const OWNERS = `sqlitegraph_vector_owners (
  index_id INTEGER NOT NULL,
  node_id INTEGER NOT NULL,
  vector_id INTEGER NOT NULL REFERENCES hnsw_vectors(id) ON DELETE CASCADE,
  PRIMARY KEY (index_id, node_id)
) WITHOUT ROWID;`;

const LINKS = `sqlitegraph_vector_links (
  vector_id INTEGER NOT NULL REFERENCES hnsw_vectors(id) ON DELETE CASCADE,
  layer_level INTEGER NOT NULL,
  connections BLOB NOT NULL,
  PRIMARY KEY (vector_id, layer_level)
) WITHOUT ROWID;`;

/** Adds the count of changes of vectors to a file of before it. */
export const ADD_VECTOR_TIME = "ALTER TABLE sqlitegraph_state ADD COLUMN vector_time INTEGER NOT NULL DEFAULT 0;";

const ADVANCE_TIME = "UPDATE sqlitegraph_state SET vector_time = vector_time + 1;";

/** Node of a vector; minus the vector's number when it belongs to none. */
const OWNER_OF = (row: "NEW" | "OLD") =>
  `coalesce((SELECT node_id FROM sqlitegraph_vector_owners WHERE vector_id = ${row}.id AND node_id > 0), -${row}.id)`;

/** The same of a row that says whose the vector is. */
const MEMORY_ID_OF = (row: "NEW" | "OLD") =>
  `CASE WHEN ${row}.node_id > 0 THEN ${row}.node_id ELSE -${row}.vector_id END`;

/** Statements that list a change at the present time. */
function listSql(index: string, memoryId: string, condition = "1"): string {
  return `
  INSERT INTO sqlitegraph_vector_changes (time, index_id, memory_id)
    SELECT vector_time, ${index}, ${memoryId} FROM sqlitegraph_state WHERE ${condition};
  DELETE FROM sqlitegraph_vector_changes WHERE time < (SELECT vector_time FROM sqlitegraph_state) - ${LISTED_TIME};`;
}

/** Statements of the count of an index, which follows ours, and of the time. */
function countSql(change: "+ 1" | "- 1", row: "NEW" | "OLD"): string {
  return `
  UPDATE sqlitegraph_vector_indexes SET vector_count = vector_count ${change} WHERE index_id = ${row}.index_id;
  UPDATE hnsw_indexes SET vector_count =
    (SELECT vector_count FROM sqlitegraph_vector_indexes WHERE index_id = ${row}.index_id) WHERE id = ${row}.index_id;
  ${ADVANCE_TIME}`;
}

/** Makes the vectors of a node that another program deletes nobody's. */
export const ORPHAN_TRIGGER = `
CREATE TRIGGER sqlitegraph_vector_orphan AFTER DELETE ON graph_entities
WHEN EXISTS (SELECT 1 FROM sqlitegraph_vector_indexes) BEGIN
  UPDATE sqlitegraph_vector_owners SET node_id = -node_id
    WHERE index_id IN (SELECT index_id FROM sqlitegraph_vector_indexes) AND node_id = OLD.id;
END;`;

/** Makes the tables and triggers, in a file that has those of the Rust system. */
export const OWN_VECTOR_TABLES: string = `
CREATE TABLE sqlitegraph_vector_indexes (
  index_id INTEGER PRIMARY KEY REFERENCES hnsw_indexes(id) ON DELETE CASCADE,
  vector_count INTEGER NOT NULL,
  ef_search INTEGER,
  storage TEXT,
  seed INTEGER,
  engine TEXT
);
INSERT INTO sqlitegraph_vector_indexes (index_id, vector_count)
  SELECT id, (SELECT count(*) FROM hnsw_vectors WHERE index_id = hnsw_indexes.id) FROM hnsw_indexes;
CREATE TABLE ${OWNERS}
CREATE UNIQUE INDEX sqlitegraph_vector_owners_vector ON sqlitegraph_vector_owners(vector_id);
CREATE TABLE ${LINKS}
CREATE TABLE sqlitegraph_vector_changes (
  time INTEGER PRIMARY KEY,
  index_id INTEGER NOT NULL,
  memory_id INTEGER NOT NULL
);
CREATE TRIGGER sqlitegraph_vector_index_insert AFTER INSERT ON hnsw_indexes BEGIN
  INSERT OR IGNORE INTO sqlitegraph_vector_indexes (index_id, vector_count) VALUES (NEW.id, 0);
END;
CREATE TRIGGER sqlitegraph_vector_insert AFTER INSERT ON hnsw_vectors BEGIN${countSql("+ 1", "NEW")}
END;
CREATE TRIGGER sqlitegraph_vector_insert_below AFTER INSERT ON hnsw_vectors
WHEN NEW.id <= (SELECT seq FROM sqlite_sequence WHERE name = 'hnsw_vectors') BEGIN
  ${ADVANCE_TIME}${listSql("NEW.index_id", "-NEW.id")}
END;
CREATE TRIGGER sqlitegraph_vector_delete BEFORE DELETE ON hnsw_vectors BEGIN${countSql("- 1", "OLD")}${
  listSql("OLD.index_id", OWNER_OF("OLD"), "EXISTS (SELECT 1 FROM hnsw_indexes WHERE id = OLD.index_id)")
}
END;
CREATE TRIGGER sqlitegraph_vector_update AFTER UPDATE ON hnsw_vectors BEGIN
  ${ADVANCE_TIME}${listSql("OLD.index_id", OWNER_OF("OLD"))}
  ${ADVANCE_TIME}${listSql("NEW.index_id", OWNER_OF("NEW"))}
END;
CREATE TRIGGER sqlitegraph_vector_owner_update AFTER UPDATE ON sqlitegraph_vector_owners BEGIN
  ${ADVANCE_TIME}${listSql("OLD.index_id", MEMORY_ID_OF("OLD"))}
  ${ADVANCE_TIME}${listSql("NEW.index_id", MEMORY_ID_OF("NEW"))}
END;${ORPHAN_TRIGGER}`;

/** Stand-ins for the tables of the Rust system in a read-only connection to a file of before them. */
const TEMPORARY_REFERENCE_TABLES = `
CREATE TEMP TABLE hnsw_indexes (id INTEGER PRIMARY KEY, name TEXT, dimension INTEGER, m INTEGER, ef_construction INTEGER,
  distance_metric TEXT, vector_count INTEGER);
CREATE TEMP TABLE hnsw_vectors (id INTEGER PRIMARY KEY, index_id INTEGER, vector_data BLOB, metadata TEXT);
CREATE TEMP TABLE hnsw_layers (index_id INTEGER, layer_level INTEGER, node_id INTEGER, connections BLOB);
CREATE TEMP TABLE hnsw_entry_points (index_id INTEGER, node_id INTEGER, order_idx INTEGER);`;

/** The same for a file whose entry points have no order yet. */
const TEMPORARY_ENTRY_POINTS = `
CREATE TEMP VIEW hnsw_entry_points AS SELECT index_id, node_id, 0 AS order_idx FROM main.hnsw_entry_points;`;

/** Stand-ins for our own tables: no vector belongs to a node. */
const TEMPORARY_OWN_TABLES = `
CREATE TEMP VIEW sqlitegraph_vector_indexes AS SELECT id AS index_id,
  (SELECT count(*) FROM hnsw_vectors WHERE index_id = hnsw_indexes.id) AS vector_count,
  NULL AS ef_search, NULL AS storage, NULL AS seed, NULL AS engine FROM hnsw_indexes;
CREATE TEMP TABLE ${OWNERS.replace(/ REFERENCES.*CASCADE/, "")}
CREATE TEMP TABLE ${LINKS.replace(/ REFERENCES.*CASCADE/, "")}`;

/** Statements that make a read-only connection answer like a writable one: what the file lacks, beside it. */
export function temporaryVectorTables(tables: ReadonlySet<string>, hasOrderedEntryPoints: boolean): string {
  if (tables.has("sqlitegraph_vector_indexes")) return "";
  if (!tables.has("hnsw_vectors")) return `${TEMPORARY_REFERENCE_TABLES}${TEMPORARY_OWN_TABLES}`;
  return `${hasOrderedEntryPoints ? "" : TEMPORARY_ENTRY_POINTS}${TEMPORARY_OWN_TABLES}`;
}
