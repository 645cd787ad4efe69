/** Adapter of `node:sqlite` (Deno, Node; on Bun for tests). It throws on integers beyond 2^53 and cuts text at NUL. */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { UnsupportedError } from "../backend/errors.ts";
import type { SqlDriver, SqlRow, SqlStatement, SqlValue } from "./driver.ts";
import { translateSqliteError } from "./sqlite_error.ts";

interface NodeStatement {
  get(...parameters: SqlValue[]): unknown;
  all(...parameters: SqlValue[]): unknown;
  run(...parameters: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  setReadBigInts(on: boolean): void;
  setReturnArrays(on: boolean): void;
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  serialize?(): Uint8Array;
  deserialize?(bytes: Uint8Array): void;
  close(): void;
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: Record<string, unknown>) => NodeDatabase;
}

/** A connection through `node:sqlite`. */
export class NodeDriver implements SqlDriver {
  readonly name = "node";
  readonly #path: string;
  readonly #database: NodeDatabase;

  /** Opens an existing file, or memory. */
  constructor(path: string, readonly: boolean) {
    const sqlite = process.getBuiltinModule("node:sqlite") as unknown as NodeSqlite | undefined;
    if (sqlite === undefined) {
      throw new UnsupportedError("this runtime has no node:sqlite; use Bun 1.4, Deno 2.9 or Node 22 and newer", {
        code: "driver-missing",
      });
    }
    this.#path = path;
    try {
      this.#database = new sqlite.DatabaseSync(path, { readOnly: readonly, enableDoubleQuotedStringLiterals: false });
    } catch (error) {
      throw translateSqliteError(error, path);
    }
  }

  exec(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  prepare(sql: string, options?: { readonly bigints?: boolean }): SqlStatement {
    try {
      const statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      if (options?.bigints) statement.setReadBigInts(true);
      return new Statement(statement, this.#path);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  text(column: string): string {
    return `CASE WHEN instr(${column}, char(0)) THEN CAST(${column} AS BLOB) ELSE ${column} END`;
  }

  copyTo(path: string): void {
    try {
      this.#database.prepare("VACUUM INTO ?").run(path);
    } catch (error) {
      // Without permission for all files Deno forbids ATTACH, which VACUUM INTO needs: the copy then passes through memory.
      const bytes = /too many attached databases/.test(String(error)) ? this.#database.serialize?.() : undefined;
      if (bytes === undefined) throw translateSqliteError(error, this.#path);
      writeFileSync(path, bytes, { flag: "wx" });
    }
  }

  serialize(): Uint8Array {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#database.serialize?.();
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
    return bytes ?? refuseCopy();
  }

  copyOfMemory(): SqlDriver {
    const copy = new NodeDriver(":memory:", false);
    if (copy.#database.deserialize === undefined) refuseCopy();
    else copy.#database.deserialize(this.serialize());
    return copy;
  }

  close(): void {
    this.#database.close();
  }
}

function refuseCopy(): never {
  throw new UnsupportedError("this runtime's node:sqlite cannot copy a database in memory; use Bun 1.4 or Deno 2.9", {
    code: "memory-copy-missing",
  });
}

class Statement implements SqlStatement {
  readonly #statement: NodeStatement;
  readonly #path: string;

  constructor(statement: NodeStatement, path: string) {
    this.#statement = statement;
    this.#path = path;
  }

  get(...parameters: SqlValue[]): SqlRow | undefined {
    try {
      return this.#statement.get(...parameters) as SqlRow | undefined;
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  all(...parameters: SqlValue[]): SqlRow[] {
    try {
      return this.#statement.all(...parameters) as SqlRow[];
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  run(...parameters: SqlValue[]): number {
    try {
      return Number(this.#statement.run(...parameters).changes);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }

  insert(...parameters: SqlValue[]): number {
    try {
      return Number(this.#statement.run(...parameters).lastInsertRowid);
    } catch (error) {
      throw translateSqliteError(error, this.#path);
    }
  }
}
