/** What a transaction tells of its reads, so that concurrent commits which would change them can be found. */

/**
 * Told of everything that a transaction reads, in terms of what a commit can change. Recording more than was read is allowed
 * (more conflicts), less is not (wrong results).
 */
export interface ReadRecorder {
  /** A node as a whole: that it exists or not, and what it holds. */
  node(id: number): void;
  /** An edge as a whole: that it exists or not, and what it holds. */
  edge(id: number): void;
  /** Which edges leave (`out`) or enter (`in`) a node, with their types. */
  adjacency(id: number, direction: "out" | "in"): void;
  /** Which nodes there are of a kind (or with it as a label), and what they hold. */
  kind(kind: string): void;
  /** Which nodes have a label, and what they hold. */
  label(label: string): void;
  /** Which nodes have a name, and what they hold. */
  name(name: string): void;
  /** All nodes. */
  allNodes(): void;
  /** Which edges there are of a type, and what they hold. */
  edgeType(type: string): void;
  /** All edges. */
  allEdges(): void;
  /** A key of the key-value store. */
  key(key: Uint8Array): void;
  /** Which keys begin with a prefix, and their values; the empty prefix is all keys. */
  keyPrefix(prefix: Uint8Array): void;
  /** Whether there is a vector index with a name, and what it is like, but for its vectors. */
  vectorIndex(name: string): void;
  /** A node's vector in an index. */
  vector(index: string, nodeId: number): void;
  /** A node's vectors in all indexes. */
  vectorsOf(nodeId: number): void;
  /** All vectors of an index: what a search reads, whatever it finds. */
  vectors(index: string): void;
  /** All vector indexes and vectors. */
  allVectors(): void;
}
