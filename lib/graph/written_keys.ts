/** The keys of everything whose reading gives another answer after a write: the counterpart of what `Footprint.reads` is told. */

import {
  ALL_EDGES,
  ALL_NODES,
  countPrefixes,
  edgeKey,
  edgeTypeKey,
  incomingKey,
  labelKey,
  nameKey,
  nodeKey,
  outgoingKey,
  prefixKey,
  valueKey,
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
