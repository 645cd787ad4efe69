/** The contract, with drafts as the transactions of a V3 database. */

import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { AnySchema, Schema } from "../../lib/backend/schema.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { edgeContract } from "../contract/edge.ts";
import { globContract } from "../contract/glob.ts";
import { iterationContract } from "../contract/iteration.ts";
import { keyValueContract } from "../contract/key_value.ts";
import { labelContract } from "../contract/label.ts";
import { limitContract } from "../contract/limit.ts";
import { nodeContract } from "../contract/node.ts";
import { patternContract } from "../contract/pattern.ts";
import { propertyContract } from "../contract/property.ts";
import type { OpenOptions, Subject } from "../contract/subject.ts";
import { transactionContract } from "../contract/transaction.ts";
import { traversalContract } from "../contract/traversal.ts";
import { valueContract } from "../contract/value.ts";
import { vectorContract } from "../contract/vector.ts";
import { draftBackend } from "./draft_backend.ts";

/** Enough for the largest test, little enough for thousands of databases. */
const CACHE_BYTES = 3 * 1024 * 1024;

const subject: Subject = {
  name: "drafts over v3",
  backend: "v3",
  history: true,
  inMemory: true,
  open<S extends Schema = AnySchema>(path: string, options?: OpenOptions): GraphBackend<S> {
    const db = V3Backend.open(path, { cacheBytes: CACHE_BYTES, ...options });
    return draftBackend(db) as unknown as GraphBackend<S>;
  },
  synchronize: () => {},
};

nodeContract(subject);
labelContract(subject);
globContract(subject);
edgeContract(subject);
traversalContract(subject);
patternContract(subject);
iterationContract(subject);
transactionContract(subject);
keyValueContract(subject);
valueContract(subject);
vectorContract(subject);
limitContract(subject);
propertyContract(subject);
