/** The keys of everything whose reading gives another answer after a write: the counterpart of what `Footprint.reads` is told. */

import {
  ALL_EDGES,
  ALL_NODES,
  ALL_VECTORS,
  countPrefixes,
  edgeKey,
  edgeTypeKey,
  incomingKey,
  labelKey,
  nameKey,
  nodeKey,
  nodeVectorsKey,
  outgoingKey,
  prefixKey,
  valueKey,
  vectorIndexKey,
  vectorKey,
  vectorsKey,
} from "./conflict_key.ts";
import type { KeyList } from "./key_list.ts";

/** Adds the keys of a node that is new, gone or changed: its content is part of what is found by kind, labels and name. Hot. */
export function addNodeKeys(keys: KeyList, id: number, kind: string, name: string, labels: readonly string[]): void {
  // What follows would cost hashes for nothing.
  if (keys.isEverything) return;
  keys.add(nodeKey(id));
  keys.add(labelKey(kind));
  for (let at = 0; at < labels.length; at++) keys.add(labelKey(labels[at] as string));
  keys.add(nameKey(name));
  keys.add(ALL_NODES);
}

/** Adds the keys of an edge that is new or gone. Hot. */
export function addEdgeKeys(keys: KeyList, id: number, from: number, to: number, type: string): void {
  if (keys.isEverything) return;
  keys.add(edgeKey(id));
  keys.add(outgoingKey(from));
  keys.add(incomingKey(to));
  keys.add(edgeTypeKey(type));
  keys.add(ALL_EDGES);
}

/** Adds the keys of a key-value. */
export function addValueKeys(keys: KeyList, key: Uint8Array): void {
  if (keys.isEverything) return;
  keys.add(valueKey(key));
  const prefixes = countPrefixes(key);
  for (let prefix = 0; prefix < prefixes; prefix++) keys.add(prefixKey(key, prefix));
}

/** Adds the keys of a vector index that is new or gone. Whoever reads one of its vectors reads that it exists. */
export function addVectorIndexKeys(keys: KeyList, name: string): void {
  if (keys.isEverything) return;
  keys.add(vectorIndexKey(name));
  keys.add(ALL_VECTORS);
}

/** Adds the keys of a node's vector that is new, gone or changed. */
export function addVectorKeys(keys: KeyList, index: string, nodeId: number): void {
  if (keys.isEverything) return;
  keys.add(vectorKey(index, nodeId));
  keys.add(nodeVectorsKey(nodeId));
  keys.add(vectorsKey(index));
  keys.add(ALL_VECTORS);
}
