/** The whole contract: every part, for one engine. */

import { backupContract } from "./backup.ts";
import { badInputContract } from "./bad_input.ts";
import { careContract } from "./care.ts";
import { changeContract } from "./change.ts";
import { durabilityContract } from "./durability.ts";
import { edgeContract } from "./edge.ts";
import { globContract } from "./glob.ts";
import { historyContract } from "./history.ts";
import { importRecordsContract } from "./import_records.ts";
import { iterationContract } from "./iteration.ts";
import { keyValueContract } from "./key_value.ts";
import { labelContract } from "./label.ts";
import { limitContract } from "./limit.ts";
import { nodeContract } from "./node.ts";
import { openingContract } from "./opening.ts";
import { patternContract } from "./pattern.ts";
import { propertyContract } from "./property.ts";
import { snapshotContract } from "./snapshot.ts";
import type { Subject } from "./subject.ts";
import { transactionContract } from "./transaction.ts";
import { transferContract } from "./transfer.ts";
import { traversalContract } from "./traversal.ts";
import { valueContract } from "./value.ts";
import { vectorContract } from "./vector.ts";
import { vectorTransferContract } from "./vector_transfer.ts";

/** Declares every test of the contract. */
export function contract(subject: Subject): void {
  nodeContract(subject);
  labelContract(subject);
  globContract(subject);
  edgeContract(subject);
  traversalContract(subject);
  patternContract(subject);
  iterationContract(subject);
  transactionContract(subject);
  keyValueContract(subject);
  changeContract(subject);
  snapshotContract(subject);
  historyContract(subject);
  openingContract(subject);
  durabilityContract(subject);
  backupContract(subject);
  transferContract(subject);
  importRecordsContract(subject);
  careContract(subject);
  valueContract(subject);
  vectorContract(subject);
  vectorTransferContract(subject);
  limitContract(subject);
  badInputContract(subject);
  propertyContract(subject);
}
