/** Writes the program into a folder of a project that has installed the package. */

import process from "node:process";
import { writeApp } from "./loading_app.ts";

const [folder = "."] = process.argv.slice(2);
const NAMES: Readonly<Record<string, string>> = {
  "mod.ts": "@sqlitegraph/sqlitegraph",
  "workers/worker.ts": "@sqlitegraph/sqlitegraph/worker",
};
writeApp(folder, { moduleOf: (path) => NAMES[path] ?? path, hasWorker: false });
