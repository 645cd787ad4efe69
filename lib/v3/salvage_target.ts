/** The new file of a salvage: written in one transaction, complete or not there at all. */

import { Engine, type EngineOptions } from "./engine.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import type { RetentionLimits } from "./header.ts";
import { HeaderFile, writeFirstHeader } from "./header_file.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { firstHeader, loadEngine } from "./open_database.ts";

const MEBIBYTE = 1024 * 1024;

/** What is known of a new database from the beginning. */
export interface TargetStart {
  /** When the database was made. */
  readonly createdMs: number;
  /** Time of its one commit. */
  readonly timeMs: number;
  /** LSN of that commit, unless a later one turns out to be necessary. */
  readonly lsn: number;
}

/** A node as it is written. Kind and labels are texts. */
export interface SalvagedNode {
  readonly kind: string;
  readonly name: string;
  readonly filePath: string | undefined;
  readonly labels: readonly string[];
}

/** A new database, while it is written. */
export class SalvageTarget {
  readonly engine: Engine;

  /**
   * Begins.
   *
   * @param file a new file
   */
  constructor(fileSystem: FileSystem, file: OpenFile, path: string, { createdMs, timeMs, lsn }: TargetStart) {
    writeFirstHeader(file, firstHeader(createdMs));
    const options: EngineOptions = {
      fileSystem,
      path,
      durability: "full",
      clock: () => timeMs,
      cacheBytes: 256 * MEBIBYTE,
      logLimitBytes: 64 * MEBIBYTE,
      sortMemoryBytes: 256 * MEBIBYTE,
      kvCheckpointBytes: 0,
      retention: { commits: 0, ageMs: 0, bytes: 0 },
      // Without a log: nobody sees the file before it is complete.
      isVolatile: true,
      isReadOnly: false,
    };
    this.engine = loadEngine(options, file, new HeaderFile(file, path), path).engine;
    this.engine.nextLsn = lsn;
    this.engine.begin();
  }

  /** Whether there is a node. */
  hasNode(id: number): boolean {
    return this.engine.trees.nodes.find(id);
  }

  /** Whether there is an edge. */
  hasEdge(id: number): boolean {
    return this.engine.trees.edges.find(id);
  }

  /** Inserts a node, or replaces it. */
  putNode(id: number, { kind, name, filePath, labels }: SalvagedNode, dataText: string): void {
    const { writer } = this.engine;
    const numbers = new Set(labels.map((label) => writer.intern(label)));
    const kindNumber = writer.intern(kind);
    numbers.delete(kindNumber);
    const parts = { kind: kindNumber, name, filePath, labels: writer.sortLabels([...numbers]) };
    if (this.hasNode(id)) writer.updateNode(id, parts, dataText);
    else writer.insertNode(id, parts, dataText);
  }

  /** Inserts an edge between nodes that are there. */
  insertEdge(id: number, from: number, to: number, type: string, dataText: string): void {
    const { writer } = this.engine;
    writer.insertEdge(id, from, to, writer.intern(type), dataText);
  }

  /**
   * Completes the file.
   *
   * @param lsn LSN of its one commit
   * @param nextLsn LSN of the commit that comes next
   */
  finish(retention: RetentionLimits, lsn: number, nextLsn: number): void {
    const { engine } = this;
    engine.nextLsn = lsn;
    // A file that holds nothing has a commit as well: its LSNs go on behind those of the damaged one.
    engine.commit();
    engine.retention = retention;
    engine.nextLsn = nextLsn;
    engine.pager.begin(engine.state.lsn);
    writeCheckpoint(engine, { state: engine.state, freed: [], tags: new Map(), areTagsChanged: false });
    engine.file.sync();
  }
}
