/** Looks at a SQLite file: its pages and its tables, whoever made them. */

import { openDriver } from "./driver.ts";
import { sizeOf } from "./file_size.ts";

/** A table. */
export interface TableInspection {
  /** Its name. */
  readonly name: string;
  /** Number of rows. */
  readonly rows: number;
}

/** What `inspectSqlite` found. */
export interface SqliteInspection {
  /** The file. */
  readonly path: string;
  /** Its size. */
  readonly sizeBytes: number;
  /** Size of a page. */
  readonly pageBytes: number;
  /** Pages. */
  readonly pageCount: number;
  /** Those that hold nothing. */
  readonly freePages: number;
  /** How transactions are made safe, for example `wal`. */
  readonly journalMode: string;
  /** Size of the write-ahead log beside it; 0 without one. */
  readonly logBytes: number;
  /** The tables by name, without those of SQLite itself. */
  readonly tables: readonly TableInspection[];
}

/**
 * Looks at a file. O(n): rows are counted.
 *
 * @throws {CorruptionError} when it is no SQLite file or damaged
 * @throws {IoError} when it cannot be read
 */
export function inspectSqlite(path: string): SqliteInspection {
  const driver = openDriver(path, { readonly: true });
  try {
    const pragma = (name: string) => driver.prepare(`PRAGMA ${name}`).get()?.[0];
    const names = driver.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    ).all().map(([name]) => String(name));
    return {
      path,
      sizeBytes: sizeOf(path) ?? 0,
      pageBytes: Number(pragma("page_size")),
      pageCount: Number(pragma("page_count")),
      freePages: Number(pragma("freelist_count")),
      journalMode: String(pragma("journal_mode")),
      logBytes: sizeOf(`${path}-wal`) ?? 0,
      tables: names.map((name) => ({
        name,
        rows: Number(driver.prepare(`SELECT count(*) FROM "${name.replaceAll('"', '""')}"`).get()?.[0]),
      })),
    };
  } finally {
    driver.close();
  }
}
