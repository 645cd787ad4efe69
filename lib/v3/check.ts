/** Consistency check of a database: every page of every kept state, and the rules of the data model on the newest one. */

import type { CheckResult, LongCallOptions } from "../backend/care.ts";
import { walkByteTree } from "./check_byte_tree.ts";
import { Content } from "./check_content.ts";
import { checkEdges } from "./check_edges.ts";
import { Findings } from "./check_findings.ts";
import { checkNodes } from "./check_nodes.ts";
import { PageSet } from "./check_page_set.ts";
import { checkSpace } from "./check_space.ts";
import { walkCommit, type WalkedTrees, walkSystemTrees, walkTrees } from "./check_states.ts";
import { checkStrings } from "./check_strings.ts";
import { checkValues } from "./check_values.ts";
import { checkVectors } from "./check_vectors.ts";
import { PageVisits } from "./check_visits.ts";
import type { Engine } from "./engine.ts";
import { decodeHeader, HEADER_SLOT_SIZE } from "./header.ts";
import { V3_HEADER_SIZE } from "./page.ts";
import type { TreeRoot } from "./pages.ts";
import { readTrees } from "./trees.ts";

/**
 * Checks everything; within a transaction, what it has done so far as well. Damage never throws out of it: it becomes a
 * finding. Memory is a few bits per page, time is linear in the size of the file.
 */
export function checkDatabase(engine: Engine, options: LongCallOptions = {}): CheckResult {
  options.signal?.throwIfAborted();
  const findings = new Findings();
  checkHeaderSlots(engine, findings);
  const visits = new PageVisits(engine, findings, options);
  const { state, header } = engine;
  // The running transaction's trees, if there is one, are newer than the newest commit.
  const roots = engine.inTransaction ? engine.trees.roots() : state.roots;
  const walked = walkTrees(visits, roots, engine.inTransaction ? Math.max(engine.nextLsn, state.lsn) : state.lsn, "");
  visits.part("catalog", state.lsn);
  walkByteTree(visits, state.catalog);
  const isDeadSound = walkSystemTrees(visits, engine);
  const newest = new PageSet(engine.pager.freePages.pageCount);
  newest.copyFrom(visits.all);
  walkPast(visits, engine, state.roots);
  visits.finish();
  const isComplete = findings.errors === 0;
  if (engine.nextLsn <= state.lsn || header.lsn > state.lsn) {
    findings.error("lsn-order", "commits numbered beyond the next one", `commit ${Math.max(state.lsn, header.lsn)}`);
  }
  checkSpace(engine, findings, { newest, all: visits.all, isDeadSound, isComplete });
  checkContent(engine, roots, walked, findings, options);
  return findings.result();
}

/** Both copies of the header as they are in the file. */
function checkHeaderSlots({ file, name, header }: Engine, findings: Findings): void {
  // A database in memory that nothing was written for has no header.
  if (file.size() === 0 && header.lsn === 0) return;
  const bytes = new Uint8Array(V3_HEADER_SIZE);
  const length = file.read(bytes, 0);
  const slots = [0, 1].filter((slot) => {
    const start = slot * HEADER_SLOT_SIZE;
    return decodeHeader(bytes.subarray(start, Math.min(length, start + HEADER_SLOT_SIZE))) === undefined;
  });
  const places = slots.map((slot) => `copy ${slot + 1} in ${name}`);
  if (slots.length === 2) {
    findings.error(
      "header-corrupt",
      "both copies of the header are damaged; the next checkpoint repairs them",
      places.join(", "),
    );
  } else if (slots.length === 1) {
    findings.warning(
      "header-slot-damaged",
      "one copy of the header is damaged; the next checkpoint repairs it",
      places.join(", "),
    );
  }
}

/** Walks the kept commits, and the newest commit that a running transaction goes out from. */
function walkPast(visits: PageVisits, engine: Engine, committed: readonly TreeRoot[]): void {
  const { state, kept } = engine;
  if (engine.inTransaction) {
    visits.nextState();
    walkTrees(visits, committed, state.lsn, `commit ${state.lsn}, `);
  }
  for (let at = kept.all.length - 1; at >= 0; at--) {
    walkCommit(visits, engine, kept.all[at] as typeof kept.all[number]);
  }
}

/** Checks the data model, as far as the trees can be read. */
function checkContent(
  engine: Engine,
  roots: readonly TreeRoot[],
  { entries, sound }: WalkedTrees,
  findings: Findings,
  options: LongCallOptions,
): void {
  const content = new Content(engine, readTrees(engine.pager, roots), entries, findings, options);
  const damaged = Object.entries(sound).filter(([, isSound]) => !isSound).map(([name]) => name);
  if (damaged.length > 0) {
    findings.warning(
      "not-checked",
      "trees whose content was not checked because their pages are damaged",
      damaged.join(", "),
    );
  }
  if (sound.strings && sound.texts) content.pass("strings", () => checkStrings(content));
  if (sound.nodes) content.pass("nodes", () => checkNodes(content, sound));
  if (sound.edges) content.pass("edges", () => checkEdges(content, sound));
  if (sound.keyValues) content.pass("key-values", () => checkValues(content, sound.expiries));
  if (sound.vectorIndexes) content.pass("vector indexes", () => checkVectors(content, sound));
  content.finish();
}
