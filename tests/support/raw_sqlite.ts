/** SQL on a database file beside the code under test, through the runtime's own driver, without losing anything.
 *
 *   using raw = openRaw(path);
 *   raw.value("SELECT count(*) FROM graph_edges"); // 3n: integers are bigint
 *   raw.table("graph_entities");                   // whole rows, text with NUL included
 *
 * @module
 */
import process from "node:process";

/** A value as SQLite stores it: an integer is a bigint, a number is a float. */
export type RawValue = null | bigint | number | string | Uint8Array;

/** A whole row: column → value. */
export type RawRow = Record<string, RawValue>;

/** An open file. Close it, or declare it with `using`. */
export interface RawDatabase extends Disposable {
  /** Runs statements without results. */
  exec(sql: string): void;
  /** Runs one statement with parameters and returns the rows of its result. (On Deno text ends at NUL: use `table`.) */
  rows(sql: string, ...parameters: RawValue[]): RawValue[][];
  /** First value of the first row, or undefined. */
  value(sql: string, ...parameters: RawValue[]): RawValue | undefined;
  /** All rows of a table in the order of their rowids (or of this SQL), exactly. */
  table(name: string, order?: string): RawRow[];
  /** Names of the tables that exist, in byte order. */
  tables(): string[];
  /** Closes the file; may be called again. */
  close(): void;
}

interface Statement {
  all(...parameters: RawValue[]): unknown;
  values(...parameters: RawValue[]): RawValue[][];
  setReadBigInts(on: boolean): void;
  setReturnArrays(on: boolean): void;
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface Drivers {
  readonly Database?: new (path: string, options: Record<string, boolean>) => Database;
  readonly DatabaseSync?: new (path: string, options: Record<string, boolean>) => Database;
}

/** Opens a file, which is created when it is missing (not with `readonly`), or memory for `:memory:`. */
export function openRaw(path: string, { readonly = false }: { readonly?: boolean } = {}): RawDatabase {
  const isBun = process.versions["bun"] !== undefined;
  const { Database, DatabaseSync } = process.getBuiltinModule(
    isBun ? "bun:sqlite" : "node:sqlite",
  ) as unknown as Drivers;
  let database: Database | undefined;
  if (Database) database = new Database(path, readonly ? { readonly } : { create: true, readwrite: true });
  else if (DatabaseSync) database = new DatabaseSync(path, { readOnly: readonly });
  if (database === undefined) throw new Error("this runtime has no SQLite");
  return new Raw(database, isBun);
}

class Raw implements RawDatabase {
  readonly #database: Database;
  readonly #isBun: boolean;
  #isOpen = true;

  constructor(database: Database, isBun: boolean) {
    this.#database = database;
    this.#isBun = isBun;
    this.exec("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON");
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  rows(sql: string, ...parameters: RawValue[]): RawValue[][] {
    const statement = this.#database.prepare(sql);
    if (this.#isBun) {
      (statement as unknown as { safeIntegers(on: boolean): void }).safeIntegers(true);
      return statement.values(...parameters) ?? [];
    }
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return statement.all(...parameters) as RawValue[][];
  }

  value(sql: string, ...parameters: RawValue[]): RawValue | undefined {
    return this.rows(sql, ...parameters)[0]?.[0];
  }

  table(name: string, order?: string): RawRow[] {
    const columns = this.rows("SELECT name FROM pragma_table_info(?)", name).map(([column]) => column as string);
    const isPlain = /WITHOUT ROWID\s*$/.test(String(this.value("SELECT sql FROM sqlite_schema WHERE name = ?", name)));
    const sorted = order ?? (isPlain ? columns.map((column) => `"${column}"`).join() : "rowid");
    const exact = columns.map((column) =>
      `CASE typeof("${column}") WHEN 'text' THEN 't' || hex("${column}") WHEN 'blob' THEN 'b' || hex("${column}") ELSE "${column}" END`
    );
    return this.rows(`SELECT ${exact.join()} FROM "${name}" ORDER BY ${sorted}`).map((row) =>
      Object.fromEntries(row.map((value, at) => [columns[at], fromHex(value)]))
    );
  }

  tables(): string[] {
    return this.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").map(([name]) =>
      name as string
    );
  }

  close(): void {
    if (this.#isOpen) this.#database.close();
    this.#isOpen = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Text and blobs arrive as `t` or `b` and hexadecimal digits. */
function fromHex(value: RawValue): RawValue {
  if (typeof value !== "string") return value;
  const bytes = Uint8Array.from(value.slice(1).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return value[0] === "b" ? bytes : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
