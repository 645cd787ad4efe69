/** The contract of history. Engines without it refuse each of its calls in the same way. */

import { assertEquals } from "@std/assert";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { graphOf } from "./graph_of.ts";
import { assertRefused } from "./refusal.ts";
import { graphTest, type Subject } from "./subject.ts";

/** Declares the tests of history. */
export function historyContract(subject: Subject): void {
  if (!subject.history) withoutHistoryContract(subject);
}

function withoutHistoryContract(subject: Subject): void {
  const CALLS: readonly (readonly [string, (db: GraphBackend) => unknown])[] = [
    ["tag", (db) => db.tag("release")],
    ["tags", (db) => db.tags()],
    ["untag", (db) => db.untag("release")],
    ["commits", (db) => db.commits()],
    ["diff", (db) => db.diff(1, db.lsn)],
    ["snapshot", (db) => db.snapshot({ lsn: db.lsn - 1 })],
    ["snapshot", (db) => db.snapshot({ time: new Date(0) })],
    ["snapshot", (db) => db.snapshot({ tag: "release" })],
  ];

  graphTest(subject, "without history its calls are UnsupportedError, at the call, and the rest goes on", (db) => {
    graphOf(db, "a->b");
    db.kv.set("k", 1);
    for (const [name, call] of CALLS) assertRefused(db, UnsupportedError, () => call(db), name);
    using snapshot = db.snapshot();
    assertEquals(snapshot.countNodes(), 2);
  });

  graphTest(subject, "without history its iterators are refused at the call, not at the first step", (db) => {
    graphOf(db, "a->b");
    for (const call of [() => void db.commits(), () => void db.diff(0, 1)]) assertRefused(db, UnsupportedError, call);
  });
}
