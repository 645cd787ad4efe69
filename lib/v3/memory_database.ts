/** A database in memory: the same engine over files in memory, without a log. */

import { Database } from "./database.ts";
import { HeaderFile, writeFirstHeader } from "./header_file.ts";
import { MemoryFileSystem } from "./memory_file_system.ts";
import { firstHeader, loadEngine, type OpenRequest } from "./open_database.ts";

const PATH = "/memory.graph";

/** Makes one. */
export function openMemory(request: OpenRequest): Database {
  const fileSystem = new MemoryFileSystem();
  const file = fileSystem.open(PATH, "create");
  writeFirstHeader(file, {
    ...firstHeader(request.clock()),
    // Nothing outlives the process: there is no id that must not be given again.
    nodeIdCeiling: Number.MAX_SAFE_INTEGER,
    edgeIdCeiling: Number.MAX_SAFE_INTEGER,
  });
  const retention = request.retention ?? { commits: 0, ageMs: 0, bytes: 0 };
  const options = { ...request, fileSystem, path: PATH, retention, isVolatile: true, isReadOnly: false };
  const headerFile = new HeaderFile(file, request.path);
  const { engine, tags } = loadEngine(options, file, headerFile, request.path);
  const opened = {
    engine,
    tags,
    wasUnclean: false,
    report: { replayedCommits: 0, tornBytes: 0, wasHeaderDamaged: false, damagedCopy: undefined },
    lock: undefined,
    registration: undefined,
  };
  return Database.volatile(request, opened, request.path);
}
