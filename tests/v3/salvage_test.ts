import { assert, assertEquals, assertGreater, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import {
  ConflictError,
  CorruptionError,
  DatabaseLockedError,
  IoError,
  NotFoundError,
  UnsupportedError,
} from "../../lib/backend/errors.ts";
import { eachChain } from "../../lib/v3/byte_walk.ts";
import { PageCopies } from "../../lib/v3/check_copies.ts";
import { EDGE_DATA_OVERFLOW } from "../../lib/v3/edge_record.ts";
import { NODE_FLAG } from "../../lib/v3/node_record.ts";
import { visitRecordChain } from "../../lib/v3/record_chain.ts";
import { STRING_OVERFLOW } from "../../lib/v3/string_table.ts";
import { PageSet } from "../../lib/v3/check_page_set.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { PAGE_SIZE, PAGE_TYPE, pageOffset } from "../../lib/v3/page.ts";
import type { TreeRoot } from "../../lib/v3/pages.ts";
import { salvage, type SalvageReport } from "../../lib/v3/salvage.ts";
import { BYTE_SHAPE, eachRecord, RECORD_SHAPE } from "../../lib/v3/salvage_shape.ts";
import { treeParts } from "../../lib/v3/salvage_walk.ts";
import { TREE } from "../../lib/v3/state.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { type Content, contentOf } from "../contract/graph_of.ts";
import { test } from "../support/test.ts";
import { fill, flipBit, pagesOf, readPage, typeOf, writePage } from "./damage.ts";
import { TestPages } from "./test_pages.ts";
import { setKey, START_MS, TestDatabase } from "./test_database.ts";

const PATH = "/test.graph";
const COPY = "/copy.graph";
const clock = (): number => START_MS;

type CopiedTree = "nodes" | "edges" | "strings" | "texts" | "keyValues";

/** A closed database, what it held, and where its trees are. */
interface Subject {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly content: Content;
  readonly lsn: number;
  readonly nextIds: readonly [number, number];
  readonly roots: readonly TreeRoot[];
  readonly catalog: TreeRoot;
  /** Leaves of the trees that are copied. */
  readonly leaves: Readonly<Record<CopiedTree, readonly number[]>>;
  /** First pages of overflow chains that records own. */
  readonly chains: Readonly<Record<Exclude<CopiedTree, "texts">, readonly number[]>>;
}

function readFiles(fileSystem: FileSystem): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of fileSystem.list("/")) {
    if (name.includes(".lock") || fileSystem.stat(`/${name}`)?.type !== "file") continue;
    const file = fileSystem.open(`/${name}`, "read");
    const bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
    file.close();
    files.set(`/${name}`, bytes);
  }
  return files;
}

function filesOf({ files }: Pick<Subject, "files">): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  for (const [path, bytes] of files) {
    const file = fileSystem.open(path, "create");
    file.write(bytes, 0);
    file.close();
  }
  return fileSystem;
}

function makeSubject(): Subject {
  const db = new TestDatabase();
  fill(db);
  const { engine, state, fileSystem } = db;
  const leaves = (tree: CopiedTree): number[] => {
    const root = state.roots[TREE[tree]] as TreeRoot;
    const reached = new PageSet(engine.header.pageCount);
    const parts = tree === "texts" || tree === "keyValues"
      ? treeParts(engine.pager, BYTE_SHAPE, root, reached, engine.header.pageCount)
      : treeParts(engine.pager, RECORD_SHAPE, root, reached, engine.header.pageCount);
    return Array.from<{ pageId: number }, number>(parts, ({ pageId }) => pageId);
  };
  const found = {
    nodes: leaves("nodes"),
    edges: leaves("edges"),
    strings: leaves("strings"),
    texts: leaves("texts"),
    keyValues: leaves("keyValues"),
  };
  const recordChains = (pages: readonly number[], flags: number): number[] => {
    const chains: number[] = [];
    for (const pageId of pages) {
      const view = viewOf(fileSystem, pageId);
      eachRecord(
        view,
        0,
        (_id, at, end) => visitRecordChain(view.bytes, at, end, flags, (chain) => chains.push(chain)),
      );
    }
    return chains;
  };
  const valueChains: number[] = [];
  for (const pageId of found.keyValues) {
    eachChain(viewOf(fileSystem, pageId), 0, (chain, _birth, length) => length > 1000 && valueChains.push(chain));
  }
  const chains = {
    nodes: recordChains(found.nodes, NODE_FLAG.dataOverflow),
    edges: recordChains(found.edges, EDGE_DATA_OVERFLOW),
    strings: recordChains(found.strings, STRING_OVERFLOW),
    keyValues: valueChains,
  };
  const nextIds = [engine.writer.nextNodeId, engine.writer.nextEdgeId] as const;
  db[Symbol.dispose]();
  return {
    files: readFiles(fileSystem),
    content: contentIn(fileSystem, PATH),
    lsn: state.lsn,
    nextIds,
    roots: state.roots,
    catalog: engine.header.catalog,
    leaves: found,
    chains,
  };
}

/** One page of a file, at address 0. */
function viewOf(fileSystem: FileSystem, pageId: number): PageCopies {
  const copies = new PageCopies(NO_PAGES, 1);
  copies.bytes.set(readPage(fileSystem, PATH, pageId));
  return copies;
}

const NO_PAGES = new TestPages(1);

const SMALL = { cacheBytes: 1024 * 1024, clock };

/** What a database holds; it has no damage. */
function contentIn(fileSystem: FileSystem, path: string): Content {
  using db = V3Backend.open(path, { fileSystem, ...SMALL });
  assertEquals(db.check(), { ok: true, findings: [] });
  return contentOf(db);
}

/** Made once: it takes longer than most of the tests. */
const SUBJECT = makeSubject();

/** Salvages what `damage` left. The result has no damage itself. */
function salvaged(
  damage: (fileSystem: FileSystem) => void,
  subject: Pick<Subject, "files"> = SUBJECT,
): { report: SalvageReport; content: Content } {
  const fileSystem = filesOf(subject);
  damage(fileSystem);
  const report = salvage(PATH, COPY, { fileSystem, clock });
  const content = contentIn(fileSystem, COPY);
  assertEquals([report.nodes, report.edges, report.keyValues], [
    content.nodes.length,
    content.edges.length,
    content.keyValues.length,
  ]);
  assertEquals(report.labels, content.nodes.reduce((sum, { labels }) => sum + (labels?.length ?? 0), 0));
  return { report, content };
}

/** Losses but for the past, which is never copied, and the sums. */
function lossesOf({ losses }: SalvageReport): string[] {
  return losses.filter(({ what, where }) => what !== "history" && where !== "in all").map(({ what, where }) =>
    `${what}: ${where}`
  );
}

function byId<T extends { readonly id: number }>(items: readonly T[]): Map<number, T> {
  return new Map(items.map((item) => [item.id, item]));
}

test("of a file without damage everything comes over, with ids, expiries and room for new ids and LSNs", () => {
  const { report, content } = salvaged(() => {});
  assertEquals(content, SUBJECT.content);
  assertEquals(report.losses.map(({ what }) => what), ["history"]);
  assertEquals([report.foundLsn, report.lsn, report.logCommits, report.path], [SUBJECT.lsn, SUBJECT.lsn + 1, 0, COPY]);
  const fileSystem = filesOf(SUBJECT);
  salvage(PATH, COPY, { fileSystem, clock });
  using db = V3Backend.open(COPY, { fileSystem, ...SMALL });
  assertEquals(db.insertNode({ kind: "N", name: "new" }), SUBJECT.nextIds[0]);
  assertEquals(db.insertEdge({ from: 1, to: 1, type: "T" }), SUBJECT.nextIds[1]);
  assertEquals(db.lsn, SUBJECT.lsn + 3);
});

test("of an empty database an empty one comes over", () => {
  const fileSystem = new MemoryFileSystem();
  V3Backend.open(PATH, { fileSystem, ...SMALL }).close();
  const { nodes, edges, keyValues, losses } = salvage(PATH, COPY, { fileSystem, clock });
  assertEquals([nodes, edges, keyValues, losses], [0, 0, 0, []]);
  assertEquals(contentIn(fileSystem, COPY), { nodes: [], edges: [], keyValues: [] });
});

test("a damaged leaf of nodes costs its nodes and the edges at them, and nothing else; each is named", () => {
  assertGreater(SUBJECT.leaves.nodes.length, 4);
  const pageId = SUBJECT.leaves.nodes[3] as number;
  const { report, content } = salvaged((files) => flipBit(files, PATH, pageId, 5000));
  const page = report.losses.find(({ where }) => where.startsWith(`page ${pageId} (nodes from `));
  const [, low, high] = /from (\d+) to below (\d+)/.exec(page?.where ?? "") ?? [];
  const isLost = (id: number): boolean => id >= Number(low) && id < Number(high);
  const lostNodes = SUBJECT.content.nodes.filter(({ id }) => isLost(id));
  assertGreater(lostNodes.length, 10);
  assertEquals(content.nodes, SUBJECT.content.nodes.filter(({ id }) => !isLost(id)));
  const lostEdges = SUBJECT.content.edges.filter(({ from, to }) => isLost(from) || isLost(to));
  assertEquals(content.edges, SUBJECT.content.edges.filter((edge) => !lostEdges.includes(edge)));
  assertEquals(lossesOf(report), [`page: ${page?.where}`, ...lostEdges.map(({ id }) => `edge: edge ${id}`)]);
  assertEquals(content.keyValues, SUBJECT.content.keyValues);
});

test("a damaged leaf of edges costs its edges, and nothing else", () => {
  const pageId = SUBJECT.leaves.edges[1] as number;
  const { report, content } = salvaged((files) => flipBit(files, PATH, pageId, 5000));
  assertEquals(content.nodes, SUBJECT.content.nodes);
  const kept = byId(content.edges);
  const lost = SUBJECT.content.edges.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
  assertGreater(lost.length, 10);
  const [, low, high] = /from (\d+) to below (\d+)/.exec(lossesOf(report).join()) ?? [];
  assertEquals(lost, SUBJECT.content.edges.map(({ id }) => id).filter((id) => id >= Number(low) && id < Number(high)));
  assertEquals(lossesOf(report).length, 1);
});

test("damage in one of the two tables of strings costs nothing, in both it costs what they name", () => {
  const [strings, texts] = [SUBJECT.leaves.strings, SUBJECT.leaves.texts];
  for (const pages of [strings, texts]) {
    const { report, content } = salvaged((files) => pages.forEach((pageId) => flipBit(files, PATH, pageId, 999)));
    assertEquals(content, SUBJECT.content);
    assertEquals(lossesOf(report).length, pages.length);
  }
  const { report, content } = salvaged((files) => {
    for (const pageId of [...strings, ...texts]) flipBit(files, PATH, pageId, 999);
  });
  assertEquals([content.nodes.length, content.edges.length], [0, 0]);
  assertEquals(content.keyValues, SUBJECT.content.keyValues);
  assertEquals(
    report.losses.filter(({ what, where }) => what === "node" && where !== "in all").length,
    SUBJECT.content.nodes.length,
  );
  assertEquals(
    report.losses.filter(({ what, where }) => what === "edge" && where !== "in all").length,
    SUBJECT.content.edges.length,
  );
});

test("a damaged leaf of key-values is replaced from the copy beside the file, or named when there is none", () => {
  const pageId = SUBJECT.leaves.keyValues[1] as number;
  const withCopy = salvaged((files) => flipBit(files, PATH, pageId, 5000));
  assertEquals(withCopy.content, SUBJECT.content);
  assert(/came from the copy of commit/.test(withCopy.report.losses.map(({ message }) => message).join()));
  const without = salvaged((files) => {
    flipBit(files, PATH, pageId, 5000);
    files.remove(`${PATH}.v3checkpoint`);
  });
  assertLess(without.content.keyValues.length, SUBJECT.content.keyValues.length);
  assertEquals(without.content.nodes, SUBJECT.content.nodes);
  assertEquals(lossesOf(without.report).map((loss) => loss.split(" ")[0]), ["page:", "key:"]);
  const damagedCopy = salvaged((files) => {
    flipBit(files, PATH, pageId, 5000);
    const file = files.open(`${PATH}.v3checkpoint`, "write");
    file.write(Uint8Array.of(1), 200);
    file.close();
  });
  assertEquals(damagedCopy.content, without.content);
  assert(lossesOf(damagedCopy.report).includes(`key: ${PATH}.v3checkpoint`));
});

test("damage in the indexes costs nothing", () => {
  const trees = [TREE.outgoing, TREE.incoming, TREE.terms, TREE.names, TREE.expiries];
  const { report, content } = salvaged((files) => {
    for (const tree of trees) flipBit(files, PATH, (SUBJECT.roots[tree] as TreeRoot).pageId, 5000);
  });
  assertEquals(content, SUBJECT.content);
  assertEquals(lossesOf(report), []);
});

test("below a damaged branch the leaves are found by themselves", () => {
  for (const tree of ["nodes", "edges", "keyValues"] as const) {
    const { pageId, level } = SUBJECT.roots[TREE[tree]] as TreeRoot;
    assertEquals(level, 1);
    const { report, content } = salvaged((files) => {
      flipBit(files, PATH, pageId, 100);
      files.remove(`${PATH}.v3checkpoint`);
    });
    assertEquals(content, SUBJECT.content, tree);
    assertEquals(lossesOf(report)[0], `page: page ${pageId} (${tree})`);
  }
});

test("without the catalog every leaf is found by itself", () => {
  const { report, content } = salvaged((files) => flipBit(files, PATH, SUBJECT.catalog.pageId, 100));
  assertEquals(content, SUBJECT.content);
  assertEquals(lossesOf(report).slice(0, 2), [
    `catalog: page ${SUBJECT.catalog.pageId}`,
    "catalog: the roots of all trees",
  ]);
});

function wipe(files: FileSystem, from: number, to: number): void {
  const file = files.open(PATH, "write");
  file.write(new Uint8Array(to - from).fill(0xa5), from);
  file.close();
}

test("one damaged copy of the header costs nothing", () => {
  for (const slot of [0, 1]) {
    const { report, content } = salvaged((files) => wipe(files, slot * 4096 + 50, slot * 4096 + 60));
    assertEquals(content, SUBJECT.content);
    assertEquals(lossesOf(report), [`header: copy ${slot + 1}`]);
  }
});

test("without both copies of the header the pages tell the seed and the newest state", () => {
  const { report, content } = salvaged((files) => wipe(files, 0, 8192));
  assertEquals(content, SUBJECT.content);
  assertEquals(lossesOf(report), ["header: both copies"]);
  assertGreater(report.lsn, SUBJECT.lsn);
});

test("without headers and catalogs the newest version of each record comes over", () => {
  const { report, content } = salvaged((files) => {
    wipe(files, 0, 8192);
    for (let pageId = 1; pageId <= pagesOf(files, PATH); pageId++) {
      const page = readPage(files, PATH, pageId);
      const isCatalog = page[4] === PAGE_TYPE.byteLeaf && new TextDecoder().decode(page).includes("tree/nodes");
      if (isCatalog) flipBit(files, PATH, pageId, 777);
    }
  });
  const [nodes, edges] = [byId(content.nodes), byId(content.edges)];
  for (const node of SUBJECT.content.nodes) assertEquals(nodes.get(node.id), node);
  for (const edge of SUBJECT.content.edges) assertEquals(edges.get(edge.id), edge);
  assertEquals(content.keyValues, SUBJECT.content.keyValues);
  assertEquals(nodes.size, SUBJECT.content.nodes.length, "deleted nodes stay deleted");
  assert(lossesOf(report).includes("catalog: the roots of all trees"));
});

test("a record whose chain is damaged comes over without its data, a value comes from the copy", () => {
  for (const tree of ["nodes", "edges", "keyValues", "strings"] as const) {
    const [pageId] = SUBJECT.chains[tree] as [number];
    const { report, content } = salvaged((files) => flipBit(files, PATH, pageId, 5000));
    const losses = report.losses.filter(({ what }) => what !== "history");
    assertEquals(losses.length, 1, JSON.stringify(losses));
    const [{ what, where, message }] = losses as [typeof losses[number]];
    assert(message.includes(`page ${pageId} is damaged`));
    if (tree === "keyValues" || tree === "strings") {
      assertEquals([what, content], [tree === "strings" ? "string" : "key", SUBJECT.content]);
      assertEquals(message.includes("its value came from the copy"), tree === "keyValues");
      continue;
    }
    const now = byId<{ id: number }>(content[tree]);
    const before = byId<{ id: number }>(SUBJECT.content[tree]);
    const id = Number(where.split(" ")[1]);
    assertEquals(JSON.stringify(now.get(id)), JSON.stringify({ ...before.get(id), data: {} }));
    now.delete(id);
    before.delete(id);
    assertEquals(now, before);
  }
});

test("of a file that was cut, what is left comes over", () => {
  const pages = pagesOf(filesOf(SUBJECT), PATH);
  for (const share of [0.9, 0.5, 0.2]) {
    const left = Math.floor(pages * share);
    const { report, content } = salvaged((files) => {
      const file = files.open(PATH, "write");
      file.truncate(pageOffset(left + 1) + 100);
      file.close();
    });
    assertExplained(report, content);
    assert(report.losses.some(({ message }) => message.startsWith("the file was cut")));
  }
});

/** Asserts that everything that came over is what it was, and that everything that did not is named. */
function assertExplained({ losses }: SalvageReport, content: Content): void {
  const named = new Set(losses.map(({ what, where }) => `${what} ${where}`));
  const isLost = (tree: "nodes" | "edges", id: number): boolean => {
    if (isCatalogLost) return true;
    if (named.has(tree === "nodes" ? `node node ${id}` : `edge edge ${id}`)) return true;
    return losses.some(({ what, where }) => {
      if (what !== "page" || !where.includes(`(${tree}`)) return false;
      const low = / from (\d+)/.exec(where)?.[1] ?? 0;
      const high = / to below (\d+)/.exec(where)?.[1] ?? Infinity;
      return id >= Number(low) && id < Number(high);
    });
  };
  // Without the list of free pages, what is found by itself may be of an earlier commit.
  const isCatalogLost = losses.some(({ what }) => what === "catalog");
  const mayBeOlder = losses.some(({ message }) => message.includes("may be older"));
  for (const tree of ["nodes", "edges"] as const) {
    const now = byId<{ id: number }>(content[tree]);
    const before = byId<{ id: number }>(SUBJECT.content[tree]);
    for (const [id, item] of before) {
      const found = now.get(id);
      if (found === undefined) assert(isLost(tree, id), `${tree} ${id} is gone without a word`);
      else if (isLost(tree, id)) {
        if (!mayBeOlder) assertEquals({ ...found, data: {}, labels: [] }, { ...item, data: {}, labels: [] });
      } else if (!named.has(`label node ${id}`)) assertEquals(found, item);
    }
    for (const id of now.keys()) {
      assert(before.has(id) || (mayBeOlder && isLost(tree, id)), `${tree} ${id} was not there`);
    }
  }
  const sums = new Set(losses.filter(({ where }) => where === "in all").map(({ what }) => what));
  const areSumsKnown = !isCatalogLost || !losses.some(({ where }) => where === "both copies");
  assertEquals(sums.has("node"), areSumsKnown && content.nodes.length !== SUBJECT.content.nodes.length);
  assertEquals(sums.has("edge"), areSumsKnown && content.edges.length !== SUBJECT.content.edges.length);
  assertEquals(sums.has("key"), areSumsKnown && content.keyValues.length !== SUBJECT.content.keyValues.length);
  const keys = new Set(content.keyValues.map(({ key }) => String(key)));
  const isKeyLost = losses.some(({ what, where }) => what === "key" || where.includes("(keyValues"));
  for (const { key } of SUBJECT.content.keyValues) assert(keys.has(String(key)) || isKeyLost, `key ${key} is gone`);
}

test("whatever pages are damaged, what comes over is what it was, and all else is named", () => {
  for (let seed = 1; seed <= 15; seed++) {
    const rng = new Rng(seed);
    const { report, content } = salvaged((files) => {
      const pages = pagesOf(files, PATH);
      for (let times = rng.skewed(1, 40); times > 0; times--) {
        const pageId = rng.between(1, pages);
        const way = rng.between(0, 2);
        if (way === 0) flipBit(files, PATH, pageId, rng.between(0, PAGE_SIZE * 8 - 1));
        else if (way === 1) writePage(files, PATH, pageId, new Uint8Array(PAGE_SIZE));
        else writePage(files, PATH, pageId, readPage(files, PATH, rng.between(1, pages)));
      }
      if (rng.chance(0.5)) files.remove(`${PATH}.v3checkpoint`);
      if (rng.chance(0.2)) wipe(files, rng.between(0, 8191), 8192);
    });
    assertExplained(report, content);
  }
});

/** A database whose process was killed while its newest commits were in the log only. */
function killed(): { files: Map<string, Uint8Array>; content: Content; lsn: number } {
  const disk = new FaultFileSystem(new SimulatedDisk(), new Rng(1));
  const db = V3Backend.open(PATH, { fileSystem: disk, ...SMALL, durability: "normal" });
  db.insertNodes(Array.from({ length: 300 }, (_, n) => ({ kind: `K${n % 3}`, name: `n${n}`, data: { n } })));
  db.insertEdges(Array.from({ length: 400 }, (_, e) => ({ from: 1 + e % 300, to: 1 + e * 7 % 300, type: "T" })));
  db.kv.set("kept", "old");
  db.kv.set("removed", 1);
  db.checkpoint();
  db.insertNode({ kind: "New", name: "in the log", labels: ["Fresh"], data: { text: "x".repeat(5000) } });
  db.insertEdge({ from: 301, to: 1, type: "NEW", data: { y: 1 } });
  db.updateNode(2, { name: "renamed", kind: "New", data: { changed: true } });
  db.addLabel(3, "Added");
  db.updateEdge(1, { type: "CHANGED", data: { z: 1 } });
  db.deleteNode(5);
  db.deleteEdge(2);
  db.kv.set("kept", "new", { ttlSeconds: 1000 });
  db.kv.delete("removed");
  const content = contentOf(db);
  const { lsn } = db;
  const files = readFiles(disk.afterKill());
  return { files, content, lsn };
}

test("what is in the log only comes over, also without headers and without the catalog", () => {
  const subject = killed();
  const whole = salvaged(() => {}, subject);
  assertEquals(whole.content, subject.content);
  assertEquals([whole.report.foundLsn, whole.report.logCommits, whole.report.losses], [subject.lsn, 9, []]);
  assertGreater(whole.report.lsn, subject.lsn);
  const headless = salvaged((files) => wipe(files, 0, 8192), subject);
  assertEquals(headless.content, subject.content);
  assertEquals(headless.report.foundLsn, subject.lsn);
  const bare = salvaged((files) => {
    wipe(files, 0, 8192);
    for (let pageId = 1; pageId <= pagesOf(files, PATH); pageId++) {
      if (new TextDecoder().decode(readPage(files, PATH, pageId)).includes("tree/nodes")) {
        flipBit(files, PATH, pageId, 777);
      }
    }
  }, subject);
  assertEquals(bare.content, subject.content);
});

test("of a log with damage in its middle, the whole transactions before and behind it come over", () => {
  const subject = killed();
  const log = subject.files.get(`${PATH}.v3wal`) as Uint8Array;
  const text = new TextEncoder().encode("renamed");
  const at = log.findIndex((_, index) => text.every((byte, offset) => log[index + offset] === byte));
  assertGreater(at, 0);
  const { report, content } = salvaged((files) => {
    const file = files.open(`${PATH}.v3wal`, "write");
    file.write(new TextEncoder().encode("RENAMED"), at);
    file.close();
  }, subject);
  const before = byId(subject.content.nodes);
  assertEquals(content.edges, subject.content.edges);
  assertEquals(content.keyValues, subject.content.keyValues);
  for (const node of content.nodes) if (node.id !== 2) assertEquals(node, before.get(node.id));
  assertEquals(content.nodes.find(({ id }) => id === 2)?.name, "n1", "its change was in the damaged part");
  assertEquals(lossesOf(report), [`log: ${PATH}.v3wal`]);
});

test("a log of another database is named and not applied", () => {
  const subject = killed();
  const other = killed();
  const { report, content } = salvaged((files) => {
    const log = other.files.get(`${PATH}.v3wal`) as Uint8Array;
    const file = files.open(`${PATH}.v3wal`, "write");
    file.write(log, 0);
    file.close();
  }, subject);
  assertEquals(lossesOf(report), [`log: ${PATH}.v3wal`]);
  assertEquals([report.logCommits, content.nodes.length], [0, 300]);
});

test("salvage refuses a missing file, an existing target, a file in use, and what is no database", () => {
  const fileSystem = filesOf(SUBJECT);
  const refuse = (from: string, to: string): unknown => assertThrows(() => salvage(from, to, { fileSystem, clock }));
  assert(refuse("/missing.graph", COPY) instanceof NotFoundError);
  fileSystem.open("/there.graph", "create").close();
  assert(refuse(PATH, "/there.graph") instanceof ConflictError);
  fileSystem.open("/other.graph.v3wal", "create").close();
  assert(refuse(PATH, "/other.graph") instanceof ConflictError);
  {
    using _db = V3Backend.open(PATH, { fileSystem, ...SMALL });
    assert(refuse(PATH, COPY) instanceof DatabaseLockedError);
  }
  for (
    const bytes of [new Uint8Array(0), new Uint8Array(50_000), new TextEncoder().encode("no database ".repeat(3000))]
  ) {
    fileSystem.remove("/strange");
    const file = fileSystem.open("/strange", "create");
    file.write(bytes, 0);
    file.close();
    assert(refuse("/strange", COPY) instanceof CorruptionError);
  }
  const file = fileSystem.open("/strange", "write");
  file.write(Uint8Array.of(0x53, 0x51, 0x4c, 0x54, 0x47, 0x46, 0, 3, 0, 0, 0, 4), 0);
  file.close();
  assert(refuse("/strange", COPY) instanceof UnsupportedError);
  assertEquals(fileSystem.list("/").filter((name) => name.startsWith("copy")), []);
});

test("when it is aborted or the new file cannot be written, nothing is left behind", () => {
  const fileSystem = filesOf(SUBJECT);
  const phases = new Set<string>();
  salvage(PATH, COPY, { fileSystem, clock, onProgress: ({ phase }) => void phases.add(phase) });
  assertGreater(phases.size, 1);
  fileSystem.remove(COPY);
  for (const wanted of phases) {
    const controller = new AbortController();
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === wanted) controller.abort(new Error("enough"));
    };
    const error = assertThrows(() => salvage(PATH, COPY, { fileSystem, clock, onProgress, signal: controller.signal }));
    assertStrictEquals(error, controller.signal.reason);
  }
  assertEquals(fileSystem.list("/").filter((name) => name.startsWith("copy")), []);
});

/** Files of a subject on a disk whose calls can fail. */
function faultFiles(): FaultFileSystem {
  const fileSystem = new FaultFileSystem(new SimulatedDisk(), new Rng(3));
  for (const [path, bytes] of SUBJECT.files) {
    const file = fileSystem.open(path, "create");
    file.write(bytes, 0);
    file.close();
  }
  return fileSystem;
}

test("an error of the disk in any call for the new file leaves nothing of it behind", () => {
  const counting = faultFiles();
  const before = counting.mutatingCalls;
  salvage(PATH, COPY, { fileSystem: counting, clock });
  const calls = counting.mutatingCalls - before;
  assertGreater(calls, 10);
  let failures = 0;
  for (let at = 1; at <= 18; at++) {
    const fileSystem = faultFiles();
    fileSystem.inject({
      calls: ["create", "write", "truncate", "sync", "rename", "syncFolder"],
      error: "ENOSPC",
      path: (path) => path.includes("copy") || path === "/",
      at,
    });
    let isWritten = false;
    try {
      salvage(PATH, COPY, { fileSystem, clock });
      isWritten = true;
    } catch (error) {
      assert(error instanceof IoError, String(error));
      failures++;
    }
    fileSystem.calm();
    // That the file could not be made shorter in the end is no failure.
    if (isWritten) assertEquals(contentIn(fileSystem, COPY), SUBJECT.content);
    else assertEquals(fileSystem.list("/").filter((name) => name.startsWith("copy")), [], `call ${at}`);
  }
  assertGreater(failures, 10);
});

/** A file system on which some bytes of one file, when it is opened to be read, cannot be. */
function withBadSectors(files: FileSystem, isBad: (start: number, end: number) => boolean): FileSystem {
  const open: FileSystem["open"] = (path, mode) => {
    const file = files.open(path, mode);
    return {
      read(buffer, position) {
        if (path === PATH && mode === "read" && isBad(position, position + buffer.length)) {
          throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
        }
        return file.read(buffer, position);
      },
      write: (buffer, position) => file.write(buffer, position),
      sync: () => file.sync(),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      size: () => file.size(),
      close: () => file.close(),
    };
  };
  return {
    open,
    stat: (path) => files.stat(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    makeFolder: (path) => files.makeFolder(path),
    removeFolder: (path) => files.removeFolder(path),
    list: (folder) => files.list(folder),
    syncFolder: (folder) => files.syncFolder(folder),
    realPath: (path) => files.realPath(path),
    lock: (path) => files.lock(path),
  };
}

test("sectors that the disk cannot read are lost, the others are not", () => {
  const badPages = [SUBJECT.leaves.nodes[2] as number, SUBJECT.leaves.edges[1] as number].map(pageOffset);
  for (const isHeaderBad of [false, true]) {
    const files = filesOf(SUBJECT);
    const fileSystem = withBadSectors(
      files,
      (start, end) =>
        (isHeaderBad && start < pageOffset(1)) || badPages.some((at) => at < end && at + PAGE_SIZE > start),
    );
    const report = salvage(PATH, COPY, { fileSystem, clock });
    assertExplained(report, contentIn(files, COPY));
    assertGreater(report.nodes, 300);
    assertLess(report.nodes, SUBJECT.content.nodes.length);
    assertEquals(report.losses.some(({ what }) => what === "header"), isHeaderBad);
  }
});

test("the damaged files stay as they are", () => {
  const fileSystem = filesOf(killed());
  wipe(fileSystem, 0, 9000);
  const before = readFiles(fileSystem);
  salvage(PATH, COPY, { fileSystem, clock });
  const after = readFiles(fileSystem);
  for (const [path, bytes] of before) assertEquals(after.get(path), bytes, path);
});

test("a node whose label is lost comes over without it", () => {
  const db = new TestDatabase();
  db.commit((store) => {
    store.insertNode({ kind: "K", name: "n", filePath: null, labels: ["gone", "L".repeat(2000)], data: "{}" });
    setKey(store, "k", 1, db.nowMs);
  });
  const { fileSystem } = db;
  db[Symbol.dispose]();
  const { report, content } = salvaged((files) => {
    for (let pageId = 1; pageId <= pagesOf(files, PATH); pageId++) {
      if (typeOf(files, PATH, pageId) === PAGE_TYPE.overflow) flipBit(files, PATH, pageId, 5000);
    }
  }, { files: readFiles(fileSystem) });
  assertEquals(content.nodes, [{ id: 1, kind: "K", name: "n", labels: ["gone"], data: {} }]);
  assert(lossesOf(report).includes("label: node 1"));
});
