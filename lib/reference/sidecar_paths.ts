/** The files that belong to a main file: same folder, same name, another extension. */

import { statSync } from "node:fs";

/** Extension of each sidecar. */
export const SIDECAR_EXTENSION: Readonly<Record<SidecarKind, string>> = {
  /** Root and height of the edge tree. */
  edgeMeta: "v3edgemeta",
  /** Node ids by kind and by name. */
  nameIndex: "v3index",
  /** Log of key-values. */
  wal: "v3wal",
  /** Key-values as of the last flush. */
  checkpoint: "v3checkpoint",
  /** Copy of node and edge properties, since 3.9.0. */
  properties: "sqlite",
};

/** One of the sidecars. */
export type SidecarKind = "edgeMeta" | "nameIndex" | "wal" | "checkpoint" | "properties";

/** A sidecar that is there. */
export interface FoundSidecar {
  /** Which. */
  readonly kind: SidecarKind;
  /** Its path. */
  readonly path: string;
  /** Its size. */
  readonly sizeBytes: number;
}

/**
 * Path of a sidecar: what follows the last dot of the file's name is replaced. A name without a dot, or with only a leading one,
 * gets the extension appended. So `a.graph` and `a.db` of one folder share their sidecars.
 *
 * @param path the main file
 */
export function sidecarPath(path: string, kind: SidecarKind): string {
  const nameAt = path.lastIndexOf("/") + 1;
  const dotAt = path.lastIndexOf(".");
  const stem = dotAt > nameAt ? path.slice(0, dotAt) : path;
  return `${stem}.${SIDECAR_EXTENSION[kind]}`;
}

/** The sidecars that lie beside a main file, each a file. The main file itself is none, whatever its extension. */
export function findSidecars(path: string): FoundSidecar[] {
  const found: FoundSidecar[] = [];
  for (const kind of Object.keys(SIDECAR_EXTENSION) as SidecarKind[]) {
    const sidecar = sidecarPath(path, kind);
    const stat = sidecar === path ? undefined : statSync(sidecar, { throwIfNoEntry: false });
    if (stat?.isFile()) found.push({ kind, path: sidecar, sizeBytes: stat.size });
  }
  return found;
}
