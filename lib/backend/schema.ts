/** Types of the data model: what a node and an edge are, and how a user's schema types them. Nothing here runs. */

import type { JsonValue } from "./json.ts";

/** Id of a node: a positive safe integer, given by the engine, never reused. */
export type NodeId = number;

/** Id of an edge: a positive safe integer, given by the engine, never reused. */
export type EdgeId = number;

/**
 * What a user's schema looks like: kinds of nodes and types of edges, each with the type of its `data`; `null` means that
 * it has none. Costs nothing at run time.
 */
export interface Schema {
  /** Kind → type of `data`. */
  readonly nodes: object;
  /** Edge type → type of `data`. */
  readonly edges: object;
}

/** `data` of a record without a schema. A stored value that is no object comes back as it is. */
export interface DataRecord {
  /** Any member. */
  readonly [key: string]: JsonValue;
}

/** The schema of a graph that was opened without one: any kind, any type, any JSON. */
export interface AnySchema {
  /** Any kind. */
  readonly nodes: { readonly [kind: string]: DataRecord };
  /** Any type. */
  readonly edges: { readonly [type: string]: DataRecord };
}

/** `data` of a kind or type whose schema says `null`: always an empty record. */
export type NoData = Readonly<Record<string, never>>;

/** The kinds of a schema. */
export type KindOf<S extends Schema> = keyof S["nodes"] & string;

/** The edge types of a schema. */
export type EdgeTypeOf<S extends Schema> = keyof S["edges"] & string;

/** `data` as it is read: `null` in a schema reads as an empty record. */
export type ReadData<D> = [D] extends [null] ? NoData : D;

/** A stored node. A plain object; the backend keeps no reference to it. */
export interface NodeRecord<K extends string = string, D = DataRecord> {
  /** Id, given by the engine. */
  readonly id: NodeId;
  /** Kind, for example `Person`; it counts as a label of the node. */
  readonly kind: K;
  /** Name; not unique. */
  readonly name: string;
  /** Path of a file that the node stands for; absent when it has none. */
  readonly filePath?: string;
  /** Further labels in byte order of their UTF-8, without the kind; absent when there are none. */
  readonly labels?: readonly string[];
  /** Any JSON value. */
  readonly data: D;
}

/** A stored edge. A plain object; the backend keeps no reference to it. */
export interface EdgeRecord<T extends string = string, D = DataRecord> {
  /** Id, given by the engine. */
  readonly id: EdgeId;
  /** Node that the edge leaves. */
  readonly from: NodeId;
  /** Node that the edge enters. */
  readonly to: NodeId;
  /** Type, for example `KNOWS`. */
  readonly type: T;
  /** Any JSON value. */
  readonly data: D;
}

/** The node record of one kind. */
export type NodeOfKind<S extends Schema, K extends KindOf<S>> = NodeRecord<
  K,
  ReadData<S["nodes"][K & keyof S["nodes"]]>
>;

/** A node of any kind of the schema: a union that is told apart by `kind`. */
export type NodeOf<S extends Schema> = { [K in KindOf<S>]: NodeOfKind<S, K> }[KindOf<S>];

/** A node without its `data`. */
export type NodeHeaderOf<S extends Schema> = Omit<NodeRecord<KindOf<S>>, "data">;

/** The edge record of one type. */
export type EdgeOfType<S extends Schema, T extends EdgeTypeOf<S>> = EdgeRecord<
  T,
  ReadData<S["edges"][T & keyof S["edges"]]>
>;

/** An edge of any type of the schema: a union that is told apart by `type`. */
export type EdgeOf<S extends Schema> = { [T in EdgeTypeOf<S>]: EdgeOfType<S, T> }[EdgeTypeOf<S>];

/** An edge without its `data`. */
export type EdgeHeaderOf<S extends Schema> = Omit<EdgeRecord<EdgeTypeOf<S>>, "data">;

/** `data?` where it may be left out, `data` where the schema asks for it. */
export type DataInput<D> = [D] extends [null] ? { readonly data?: NoData }
  : Record<never, never> extends D ? { readonly data?: D }
  : { readonly data: D };

/** Data that fits every one of these kinds (or types): what a record may hold whose kind is only known when it runs. */
export type DataForEvery<M extends object, K extends keyof M> =
  { [P in K]: (input: DataInput<M[P]>) => void }[K] extends (input: infer I) => void ? I : never;

/** What a new node is made of. Omitted `data` is `{}`. */
export type NodeInput<S extends Schema = AnySchema> = string extends KindOf<S>
  ? NodeShape<string> & { readonly data?: JsonValue }
  : { [K in KindOf<S>]: NodeShape<K> & DataInput<S["nodes"][K & keyof S["nodes"]]> }[KindOf<S>];

/** What a new node of one kind, or of any of several, is made of. */
export type NodeInputOfKind<S extends Schema, K extends KindOf<S>> =
  & NodeShape<K>
  & DataForEvery<S["nodes"], K & keyof S["nodes"]>;

/** The parts of a new node besides `data`. */
export interface NodeShape<K extends string> {
  /** Kind: not blank. */
  readonly kind: K;
  /** Name: any text, also empty. */
  readonly name: string;
  /** Path of a file that the node stands for. */
  readonly filePath?: string | undefined;
  /** Labels besides the kind; repeated ones count once. */
  readonly labels?: readonly string[] | undefined;
}

/** What a new edge is made of. Omitted `data` is `{}`. */
export type EdgeInput<S extends Schema = AnySchema> = string extends EdgeTypeOf<S>
  ? EdgeShape<string> & { readonly data?: JsonValue }
  : { [T in EdgeTypeOf<S>]: EdgeShape<T> & DataInput<S["edges"][T & keyof S["edges"]]> }[EdgeTypeOf<S>];

/** What a new edge of one type, or of any of several, is made of. */
export type EdgeInputOfType<S extends Schema, T extends EdgeTypeOf<S>> =
  & EdgeShape<T>
  & DataForEvery<S["edges"], T & keyof S["edges"]>;

/** The parts of a new edge besides `data`. */
export interface EdgeShape<T extends string> {
  /** Node that the edge leaves. */
  readonly from: NodeId;
  /** Node that the edge enters; may be the same node. */
  readonly to: NodeId;
  /** Type: not blank. */
  readonly type: T;
}

/** What `updateNode` replaces; what is absent (or undefined) stays. `filePath: null` removes the path. */
export interface NodeUpdate<S extends Schema = AnySchema> {
  /** New kind; labels follow it. */
  readonly kind?: KindOf<S> | undefined;
  /** New name. */
  readonly name?: string | undefined;
  /** New file path; null removes it. */
  readonly filePath?: string | null | undefined;
  /** New `data`, as a whole. */
  readonly data?: WrittenData<S["nodes"]> | undefined;
}

/** What `updateEdge` replaces; what is absent (or undefined) stays. The ends of an edge never change. */
export interface EdgeUpdate<S extends Schema = AnySchema> {
  /** New type. */
  readonly type?: EdgeTypeOf<S> | undefined;
  /** New `data`, as a whole. */
  readonly data?: WrittenData<S["edges"]> | undefined;
}

/** `data` as it may be written where the kind is not known to the compiler. */
export type WrittenData<M extends object> = string extends keyof M ? JsonValue : ReadData<M[keyof M]>;

/** Top-level keys of `data` to replace; undefined removes a key, null is a value. */
export type DataPatch<M extends object> = string extends keyof M ? { readonly [key: string]: JsonValue | undefined }
  : { [K in keyof M]: Partial<{ [P in keyof ReadData<M[K]>]: ReadData<M[K]>[P] | undefined }> }[keyof M];
