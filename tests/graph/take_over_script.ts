/** `take_over_script.ts PATH`: tries to lock a SQLite file, which only succeeds when nobody else has it locked. */

import process from "node:process";
import { openRaw } from "../support/raw_sqlite.ts";

using db = openRaw(process.argv[2] ?? "");
try {
  db.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  console.log("it is mine");
} catch (error) {
  console.log((error as Error).message);
}
