/** What the threads of an open graph share: memory, published states, pins. */
export * from "./pin_table.ts";
export * from "./root_ring.ts";
export * from "./shared_memory.ts";
