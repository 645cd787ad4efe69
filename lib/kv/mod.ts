/** Codecs of the key-value store: records, the checkpoint copy and its file, the reference's key hash. */
export * from "./checkpoint_codec.ts";
export * from "./checkpoint_file.ts";
export * from "./key_hash.ts";
export * from "./value_record.ts";
