/** Writes the program into a folder of a project that has installed the package. */

import process from "node:process";
import { writeApp } from "./loading_app.ts";

const [folder = "."] = process.argv.slice(2);
writeApp(folder, {
  moduleOf: (path) => `../node_modules/@sqlitegraph/sqlitegraph/dist/${path.replace(/\.ts$/, ".js")}`,
  hasWorker: false,
});
