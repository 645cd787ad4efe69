/** The states of a graph as one thread reads them. */
export type { BorrowedSource, HeldState, StateSource } from "../backend/state_source.ts";
