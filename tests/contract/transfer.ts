/** The contract of export and import: JSON Lines that lose nothing, and all or nothing. */

import { assert, assertEquals, assertFalse, assertStrictEquals, assertThrows } from "@std/assert";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { Progress } from "../../lib/backend/care.ts";
import { ConflictError, GraphError, NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { JsonValue } from "../../lib/backend/json.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { assertRefused, fingerprint } from "./refusal.ts";
import { fileTest, graphTest, START_MS, type Subject } from "./subject.ts";

/** Puts everything into a graph that an export could lose. */
function fill(db: GraphBackend): void {
  db.transaction((tx) => {
    const values: JsonValue[] = [
      {},
      null,
      [],
      "text",
      0,
      -0,
      1.5,
      2 ** 60,
      1e300,
      5e-324,
      2n ** 53n + 1n,
      -(2n ** 100n),
      { nested: [{ zero: -0, big: 2n ** 64n, float: 2 ** 53 }], "": "", "k\0\ud800": "\0\udfff\u2028\n\"'😀" },
      JSON.parse('{"__proto__":{"a":1}}'),
    ];
    const ids = tx.insertNodes(values.map((data, n) => ({
      kind: n % 2 ? "Kind" : "K '\"\n😀",
      name: n % 3 ? `n${n}` : "\ufeff 漢\u2028",
      data,
      ...(n % 4 ? {} : { filePath: `/path ${n}/"` }),
      ...(n % 3 ? {} : { labels: ["L", `l${n}`, "Kind"] }),
    })));
    values.forEach((data, n) =>
      tx.insertEdge({ from: ids[n]!, to: ids[(n * 5) % ids.length]!, type: n % 2 ? "T" : "t ü", data })
    );
    tx.insertEdge({ from: ids[0]!, to: ids[0]!, type: "T" });
    tx.insertEdge({ from: ids[0]!, to: ids[0]!, type: "T" });
    const keyValues = [
      null,
      true,
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      1.5,
      2 ** 60,
      2n ** 63n - 1n,
      -(2n ** 63n),
      "",
      "\0\ud800",
      "12",
    ];
    keyValues.forEach((value, n) => tx.kv.set(`v${n}`, value));
    tx.kv.set("", []);
    tx.kv.set("json", { big: 2n ** 70n, zero: -0 });
    tx.kv.set("bytes", new Uint8Array([0, 255, 128]));
    tx.kv.set("empty bytes", new Uint8Array());
    tx.kv.set(new Uint8Array([0, 255]), "not UTF-8");
    tx.kv.set(new Uint8Array([97, 0, 98]), "with NUL");
    tx.kv.set("\ufeffbom", 1);
    tx.kv.set("expires", "later", { ttlSeconds: 1_000 });
    tx.deleteEdge(tx.insertEdge({ from: ids[1]!, to: ids[2]!, type: "T" }));
    tx.deleteNode(tx.insertNode({ kind: "N", name: "deleted" }));
    tx.deleteNode(ids[5]!);
  });
}

/** Content as text that tells −0 from 0 and a number from a bigint. */
function exactly(db: GraphBackend): string {
  const text = (value: unknown): string => {
    if (Object.is(value, -0)) return "-0";
    if (value instanceof Uint8Array) return `bytes(${value})`;
    if (Array.isArray(value)) return `[${value.map(text)}]`;
    if (typeof value === "object" && value !== null) {
      return `{${Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${text(member)}`).toSorted()}}`;
    }
    return typeof value === "string" ? JSON.stringify(value) : typeof value === "bigint" ? `${value}n` : String(value);
  };
  return text(contentOf(db));
}

/** Declares the tests of export and import. */
export function transferContract(subject: Subject): void {
  exportContract(subject);
  importContract(subject);
  brokenFileContract(subject);
}

function exportContract(subject: Subject): void {
  graphTest(
    subject,
    "export and import lose nothing: ids, labels, data, key-values, expiry and the next ids",
    (db, world) => {
      fill(db);
      const path = world.at("export.jsonl");
      const exported = db.exportSnapshot(path);
      const { nodes, edges, keyValues } = fingerprint(db);
      assertEquals(exported, {
        path,
        sizeBytes: statSync(path).size,
        nodes: nodes!,
        edges: edges!,
        keyValues: keyValues!,
        properties: 0,
        vectorIndexes: 0,
        vectors: 0,
      });

      const other = world.open(world.at("other.graph"));
      assertEquals(other.importSnapshot(path), exported);
      assertEquals(contentOf(other), contentOf(db));
      assertEquals(exactly(other), exactly(db));
      assertEquals(other.kv.entry("expires")?.expiresAt, START_MS + 1_000_000);
      assertEquals([...other.nodeIds({ label: "L" })], [...db.nodeIds({ label: "L" })]);
      // Nodes and edges that were deleted before the export had ids, too.
      const ids = (graph: GraphBackend) => {
        const node = graph.insertNode({ kind: "N", name: "next" });
        return [node, graph.insertEdge({ from: node, to: node, type: "T" })];
      };
      assertEquals(ids(other), ids(db));
    },
  );

  graphTest(subject, "an import is exported as the same file again", (db, world) => {
    fill(db);
    db.exportSnapshot(world.at("first.jsonl"));
    const other = world.open(":memory:");
    other.importSnapshot(world.at("first.jsonl"));
    other.exportSnapshot(world.at("second.jsonl"));
    const rows = (name: string) => readFileSync(world.at(name), "utf8").split("\n").slice(1);
    assertEquals(rows("second.jsonl"), rows("first.jsonl"));
  });

  graphTest(subject, "an export is JSON Lines in UTF-8, a header first", (db, world) => {
    fill(db);
    db.exportSnapshot(world.at("export.jsonl"));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(world.at("export.jsonl")));
    assert(text.endsWith("\n"));
    const rows = text.slice(0, -1).split("\n").map((line) => JSON.parse(line));
    assert(rows.every((row) => typeof row === "object" && row !== null && !Array.isArray(row)));
    assertEquals(rows.filter((row) => "node" in row).length, db.countNodes());
    assertEquals(rows.filter((row) => "edge" in row).length, db.countEdges());
    assertFalse("node" in rows[0] || "edge" in rows[0]);
  });

  graphTest(subject, "an empty graph is exported and imported", (db, world) => {
    const path = world.at("export.jsonl");
    const result = db.exportSnapshot(path);
    assertEquals([result.nodes, result.edges, result.keyValues], [0, 0, 0]);
    const other = world.open(world.at("other.graph"));
    assertEquals(other.importSnapshot(path).nodes, 0);
    assertEquals(contentOf(other), { nodes: [], edges: [], keyValues: [] });
  });

  graphTest(subject, "expired keys are not exported", (db, world) => {
    db.kv.set("a", 1, { ttlSeconds: 1 });
    db.kv.set("b", 1);
    world.nowMs += 1_000;
    assertEquals(db.exportSnapshot(world.at("export.jsonl")).keyValues, 1);
    world.nowMs = START_MS;
    const other = world.open(":memory:");
    other.importSnapshot(world.at("export.jsonl"));
    assertEquals([other.kv.has("a"), other.kv.has("b")], [false, true]);
  });

  graphTest(subject, "an export replaces a file only when it is complete, and leaves nothing else", (db, world) => {
    fill(db);
    const path = world.at("export.jsonl");
    const names = () => readdirSync(world.at()).filter((name) => name.includes("export"));
    writeFileSync(path, "mine");
    const steps: Progress[] = [];
    db.exportSnapshot(world.at("whole.jsonl"), { onProgress: (progress) => void steps.push(progress) });
    assert(steps.length > 0);
    for (let at = 0; at < Math.min(steps.length, 10); at++) {
      const controller = new AbortController();
      let step = 0;
      const onProgress = () => {
        if (step++ === at) controller.abort(new RangeError("stopped"));
      };
      const error = assertThrows(() => db.exportSnapshot(path, { onProgress, signal: controller.signal }));
      assertStrictEquals(error, controller.signal.reason);
      assertEquals([readFileSync(path, "utf8"), names()], ["mine", ["export.jsonl"]]);
    }
    db.exportSnapshot(path);
    assertEquals([readFileSync(path, "utf8"), names()], [readFileSync(world.at("whole.jsonl"), "utf8"), [
      "export.jsonl",
    ]]);
  });
}

function importContract(subject: Subject): void {
  graphTest(
    subject,
    "a database that holds anything is not imported into, unless it is to be replaced",
    (db, world) => {
      fill(db);
      const path = world.at("export.jsonl");
      db.exportSnapshot(path);
      const expected = contentOf(db);
      const fillings: ((other: GraphBackend) => unknown)[] = [
        (other) => other.insertNode({ kind: "N", name: "n" }),
        (other) => other.kv.set("k", 1),
        (other) => graphOf(other, "a->b, b->c, c->a"),
      ];
      for (const filling of fillings) {
        const other = world.open(":memory:");
        filling(other);
        assertRefused(other, ConflictError, () => other.importSnapshot(path));
        assertRefused(other, ConflictError, () => other.importSnapshot(path, { replace: false }));
        assertEquals(other.importSnapshot(path, { replace: true }).nodes, expected.nodes.length);
        assertEquals(contentOf(other), expected);
      }
    },
  );

  graphTest(subject, "a database that was emptied is empty, and an import does not bring its ids back", (db, world) => {
    const { nodes: { a, b }, edges: [ab] } = graphOf(db, "a->b");
    db.exportSnapshot(world.at("export.jsonl"));
    const other = world.open(":memory:");
    const many = other.insertNodes(Array.from({ length: 20 }, () => ({ kind: "N", name: "n" })));
    const edge = other.insertEdges(many.map((id) => ({ from: id, to: id, type: "T" }))).at(-1)!;
    for (const id of many) other.deleteNode(id);
    other.importSnapshot(world.at("export.jsonl"));
    assertEquals([[...other.nodeIds()], [...other.edges()].map(({ id }) => id)], [[a, b], [ab]]);
    assert(other.insertNode({ kind: "N", name: "n" }) > many.at(-1)!);
    assert(other.insertEdge({ from: a, to: a, type: "T" }) > edge);
  });

  graphTest(subject, "an import that replaces does not give the replaced ids again", (db, world) => {
    graphOf(db, "a->b");
    db.exportSnapshot(world.at("export.jsonl"));
    const other = world.open(":memory:");
    const many = other.insertNodes(Array.from({ length: 20 }, () => ({ kind: "N", name: "n" })));
    const edge = other.insertEdges(many.map((id) => ({ from: id, to: id, type: "T" }))).at(-1)!;
    other.importSnapshot(world.at("export.jsonl"), { replace: true });
    assertEquals(contentOf(other), contentOf(db));
    const next = other.insertNode({ kind: "N", name: "n" });
    assert(next > many.at(-1)!, `${next}`);
    assert(other.insertEdge({ from: next, to: next, type: "T" }) > edge);
  });

  graphTest(
    subject,
    "within a transaction, nodes that an import replaced are gone for the calls after it",
    (db, world) => {
      db.exportSnapshot(world.at("empty.jsonl"));
      db.transaction((tx) => {
        const { nodes: { a, b } } = graphOf(tx, "a->b");
        db.importSnapshot(world.at("empty.jsonl"), { replace: true });
        assertFalse(tx.hasNode(a));
        assertThrows(() => tx.insertEdge({ from: a, to: b, type: "T" }), NotFoundError);
        assertThrows(() => tx.updateNode(b, { name: "new" }), NotFoundError);
      });
      assertEquals([...db.nodeIds()], []);
    },
  );

  graphTest(subject, "a signal that was aborted before stops export and import at once", (db, world) => {
    fill(db);
    const path = world.at("export.jsonl");
    db.exportSnapshot(path);
    const before = { content: exactly(db), lsn: db.lsn, file: readFileSync(path, "utf8") };
    const signal = AbortSignal.abort(new RangeError("before"));
    assertStrictEquals(assertThrows(() => db.exportSnapshot(path, { signal })), signal.reason);
    assertStrictEquals(assertThrows(() => db.importSnapshot(path, { signal, replace: true })), signal.reason);
    assertEquals({ content: exactly(db), lsn: db.lsn, file: readFileSync(path, "utf8") }, before);
  });

  fileTest(subject, "an import lasts, in one commit", (db, world) => {
    fill(db);
    db.exportSnapshot(world.at("export.jsonl"));
    const expected = exactly(db);
    const path = world.at("other.graph");
    const other = world.open(path);
    const { lsn } = other;
    other.importSnapshot(world.at("export.jsonl"));
    assertEquals(other.lsn, lsn + 1);
    other.close();
    assertEquals(exactly(world.open(path)), expected);
  });

  graphTest(subject, "an import is told to subscribers as one commit", (db, world) => {
    graphOf(db, "a->b");
    db.kv.set("k", 1);
    db.exportSnapshot(world.at("export.jsonl"));
    const other = world.open(":memory:");
    const told: unknown[] = [];
    other.subscribe({ commits: true }, (change) => void told.push(change));
    other.importSnapshot(world.at("export.jsonl"));
    assertEquals(told, [{ type: "commit", lsn: other.lsn, counts: { nodes: 2, edges: 1, keyValues: 1 } }]);
  });

  graphTest(subject, "an import that is aborted changes nothing and throws the reason", (db, world) => {
    fill(db);
    const path = world.at("export.jsonl");
    db.exportSnapshot(path);
    const before = exactly(db);
    const steps: Progress[] = [];
    db.importSnapshot(path, { replace: true, onProgress: (progress) => void steps.push(progress) });
    assertEquals(exactly(db), before);
    assert(steps.length > 0);
    for (let at = 0; at < Math.min(steps.length, 10); at++) {
      const controller = new AbortController();
      const { lsn } = db;
      let step = 0;
      const onProgress = () => {
        if (step++ === at) controller.abort(new RangeError("stopped"));
      };
      const options = { replace: true, onProgress, signal: controller.signal };
      assertStrictEquals(assertThrows(() => db.importSnapshot(path, options)), controller.signal.reason);
      assertEquals([exactly(db), db.lsn], [before, lsn]);
    }
  });
}

function brokenFileContract(subject: Subject): void {
  graphTest(subject, "a file that is missing is NotFoundError", (db, world) => {
    assertRefused(db, NotFoundError, () => db.importSnapshot(world.at("missing.jsonl")), "missing.jsonl");
    assertFalse(existsSync(world.at("missing.jsonl")));
  });

  /** Ways to break the lines of an export; the header is line 0. */
  const BREAKAGES: readonly (readonly [string, (lines: string[]) => string[] | string])[] = [
    ["an empty file", () => ""],
    ["only a header", (lines) => lines.slice(0, 1)],
    ["no header", (lines) => lines.slice(1)],
    ["text", () => "this is no export\n"],
    ["a JSON array", () => "[]\n"],
    ["zeros", () => "\0".repeat(1_000)],
    ["a last line cut off", (lines) => lines.join("\n").slice(0, -5)],
    ["a last line missing", (lines) => lines.slice(0, -1)],
    ["half of the lines missing", (lines) => lines.slice(0, lines.length / 2)],
    ["a line that is garbled", (lines) => lines.with(3, lines[3]!.replaceAll('"', "x"))],
    ["bytes that are no UTF-8", (lines) => lines.with(3, lines[3]!.replace("Node", "Nÿde"))],
    ["a line that is no object", (lines) => lines.with(3, "5")],
    ["a line that is null", (lines) => lines.with(3, "null")],
    ["a line of an unknown sort", (lines) => lines.with(3, '{"surprise":{}}')],
    ["a line of garbage at the end", (lines) => [...lines, "garbage"]],
    ["a node twice", (lines) => [...lines.slice(0, 2), lines[1]!, ...lines.slice(2)]],
    ["a node missing that an edge needs", (lines) => lines.filter((line) => !line.includes('"hub"'))],
    ["an edge twice", (lines) => lines.flatMap((line) => line.startsWith('{"edge"') ? [line, line] : [line])],
    ["a key twice", (lines) => lines.flatMap((line) => line.startsWith('{"kv"') ? [line, line] : [line])],
    ["an edge without a type", (lines) => lines.map((line) => line.replace('"type"', '"typ"'))],
    ["a key-value without a value", (lines) => lines.map((line) => line.replace('"value"', '"val"'))],
    ["an edge before its nodes", (lines) => [lines[0]!, ...lines.slice(1).toReversed()]],
    ["a node without a kind", (lines) => lines.map((line) => line.replace('"kind"', '"kin"'))],
    ["a node with an impossible id", (lines) => lines.map((line) => line.replace(/("node":.*?"id":)1\b/, "$1-1"))],
    ["a newer format", (lines) => lines.with(0, lines[0]!.replace(/:\s*1\b/, ":999"))],
  ];

  for (const [name, breakLines] of BREAKAGES) {
    graphTest(subject, `an import of a file with ${name} is refused as a whole`, (db, world) => {
      const { nodes: { hub } } = graphOf(db, "hub->b, b->hub, hub->hub, c");
      db.kv.set("k", 1);
      const path = world.at("export.jsonl");
      db.exportSnapshot(path);
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      assert(lines.length >= 8 && hub === 1);
      const broken = breakLines(lines);
      const text = typeof broken === "string" ? broken : `${broken.join("\n")}\n`;
      assert(text !== `${lines.join("\n")}\n`, "the test breaks the file");
      // "ÿ" stands for a byte that no UTF-8 holds.
      writeFileSync(path, text, text.includes("ÿ") ? "latin1" : "utf8");

      const other = world.open(world.at("other.graph"));
      const error = assertThrows(() => other.importSnapshot(path), GraphError);
      assertFalse(error instanceof ConflictError);
      assert(/line \d+|export\.jsonl/.test(error.message), `the place is named: ${error.message}`);
      assertEquals(contentOf(other), { nodes: [], edges: [], keyValues: [] });

      other.kv.set("mine", 1);
      const before = { content: contentOf(other), print: fingerprint(other) };
      assertThrows(() => other.importSnapshot(path, { replace: true }), GraphError);
      assertEquals({ content: contentOf(other), print: fingerprint(other) }, before);
    });
  }
}
