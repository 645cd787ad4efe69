/** The contract of all backends: interfaces, record types, errors, limits. */
export * from "./care.ts";
export * from "./change.ts";
export * from "./errors.ts";
export * from "./graph_backend.ts";
export * from "./graph_reader.ts";
export type {
  ImportedData,
  ImportedEdge,
  ImportedKeyValue,
  ImportedNode,
  ImportedVector,
  ImportedVectorIndex,
  ImportRecord,
} from "./import_record.ts";
export type { JsonArray, JsonObject, JsonValue } from "./json.ts";
export * from "./key_value.ts";
export * from "./limits.ts";
export * from "./projection.ts";
export * from "./query.ts";
export * from "./schema.ts";
export * from "./vector.ts";
