/** `npm run demo [-- --backend v3|sqlite]`: loads WordNet 3.1 into a database file, asks it questions, and says how long each
 * took. */

import { mkdirSync, rmSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bidirectionalDijkstra, louvain, pageRank } from "../lib/algo/mod.ts";
import { startProgress } from "../lib/cli/progress.ts";
import { countOf, formatBytes, formatCount, formatDuration, shorten } from "../lib/cli/table.ts";
import {
  type EdgeInput,
  type GraphBackend,
  type GraphReader,
  type NodeId,
  type NodeInput,
  type NodeVector,
  open,
  searchNear,
} from "../mod.ts";
import { GLOSS_DIMENSION, GlossVectors } from "./gloss_vectors.ts";
import { type PartOfSpeech, POINTER_COUNT, readPointers, readSynsets, SYNSET_COUNT, type WordNet } from "./wordnet.ts";

type Graph = GraphBackend<WordNet>;

const TEMP = fileURLToPath(new URL("../.tmp/demo/", import.meta.url));
const DATABASE = `${TEMP}wordnet.graph`;
const BATCH_ROWS = 1000;
const QUESTION = "small furry animal that purrs";

let peakRssBytes = 0;

await main();

async function main(): Promise<void> {
  const backend = takeBackend();
  rmSync(TEMP, { recursive: true, force: true });
  mkdirSync(TEMP, { recursive: true });
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  const runtime = bun === undefined ? `Deno ${deno}` : `Bun ${bun}`;
  console.log(`WordNet 3.1 in ${shortPath(DATABASE)}, on ${runtime} with the ${backend} engine`);
  {
    using db = open<WordNet>(DATABASE, { backend });
    section("load", () => load(db));
    console.log(`   peak memory while loading: ${formatBytes(peakRssBytes)} resident`);
    section("how many of what", () => printCounts(db));
    section("from dog up to entity", () => printHypernyms(db));
    section("shortest path from piano to forest", () => printPath(db));
    section("neighbourhood of dog", () => printNeighborhood(db));
    section("pattern: parts of the parts of cars", () => printParts(db));
    section("PageRank: synsets that the others lead to", () => printRanks(db));
    section("communities", () => printCommunities(db));
    section("cheapest path from piano to forest, hubs being dear", () => printCheapPath(db));
    const question = new Float32Array(GLOSS_DIMENSION);
    section("vectors of glosses", () => indexGlosses(db, question));
    section(`nouns that mean "${QUESTION}"`, () => printNearest(db, question));
    section("the same among the felines", () => printNearestFelines(db, question));
    await expire(db);
    section("a transaction that fails is rolled back", () => rollBack(db));
    if (backend === "v3") section("the past stays readable under a tag", () => lookBack(db));
    section("backup, opened again", () => backUp(db));
  }
  watchMemory();
  console.log(`\npeak memory: ${formatBytes(peakRssBytes)} resident`);
}

function takeBackend(): "v3" | "sqlite" {
  const [flag, value = "v3"] = process.argv.slice(2);
  if ((flag === undefined || flag === "--backend") && (value === "v3" || value === "sqlite")) return value;
  console.error("Usage: npm run demo -- [--runtime bun|deno] [--backend v3|sqlite]");
  process.exit(2);
}

/** Prints the lines that a step returns under its title, with the time that it took. */
function section(title: string, run: () => readonly string[]): void {
  const start = performance.now();
  const lines = run();
  printSection(title, performance.now() - start, lines);
}

function printSection(title: string, durationMs: number, lines: readonly string[]): void {
  watchMemory();
  console.log(`\n${title.padEnd(60)}${formatDuration(durationMs).padStart(10)}`);
  for (const line of lines) console.log(`   ${shorten(line, 116)}`);
}

function watchMemory(): void {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage().rss);
}

function load(db: Graph): string[] {
  const start = performance.now();
  using bar = startProgress(true);
  const total = SYNSET_COUNT + POINTER_COUNT;
  const idOfKey = new Map<number, NodeId>();
  let done = 0;
  const report = (rows: number, what: string) => {
    done += rows;
    watchMemory();
    const rate = done / ((performance.now() - start) / 1000);
    bar.update({ phase: "load", done, total }, `${what}, ${formatCount(rate)} rows/s`);
  };
  db.transaction((tx) => {
    for (const batch of batches(readSynsets())) {
      const ids = tx.insertNodes(batch.map(({ node }): NodeInput<WordNet> => node));
      batch.forEach(({ key }, index) => idOfKey.set(key, ids[index] as NodeId));
      report(batch.length, "nodes");
    }
    const idOf = (key: number) => idOfKey.get(key) as NodeId;
    for (const batch of batches(readPointers())) {
      // TypeScript tells apart unions of up to 25 members; WordNet has 27 types of edges.
      tx.insertEdges(
        batch.map(({ fromKey, toKey, type, data }) =>
          ({ from: idOf(fromKey), to: idOf(toKey), type, data: data ?? {} }) as EdgeInput<WordNet>
        ),
      );
      report(batch.length, "edges");
    }
  });
  const rate = done / ((performance.now() - start) / 1000);
  return [
    `${formatCount(db.countNodes())} nodes and ${formatCount(db.countEdges())} edges, ${formatCount(rate)} rows/s`,
  ];
}

function* batches<T>(rows: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function printCounts(db: Graph): string[] {
  const { kinds, edgeTypes, labels, fileBytes, freeBytes, logBytes } = db.stats();
  const text = (counts: readonly { name: string; count: number }[]) =>
    [...counts].sort((a, b) => b.count - a.count).map(({ name, count }) => `${name} ${formatCount(count)}`);
  const types = text(edgeTypes);
  const lines: string[] = [text(kinds).join(", "), `label ${text(labels).join(", ")}`];
  for (let at = 0; at < types.length; at += 4) lines.push(types.slice(at, at + 4).join(", "));
  return [...lines, `file ${formatBytes(fileBytes)} (${formatBytes(freeBytes)} free), log ${formatBytes(logBytes)}`];
}

/** The first synset whose first word this is: in WordNet's files, often the most concrete meaning. */
function find(db: Graph, word: string, kind: PartOfSpeech = "noun"): NodeId {
  for (const id of db.nodeIds({ name: word, kind, limit: 1 })) return id;
  throw new Error(`WordNet has no ${kind} ${word}`);
}

function wordsOf(db: GraphReader<WordNet>, id: NodeId): string {
  const { data } = db.requireNode(id);
  const [definition = ""] = data.gloss.replace(/\s*\([^)]*\)/g, "").split(";");
  return `${data.words.slice(0, 3).join(", ")}  (${shorten(definition.trim(), 60)})`;
}

function printHypernyms(db: Graph): string[] {
  const chain = db.shortestPath(find(db, "dog"), find(db, "entity"), { types: ["HYPERNYM"] }) ?? [];
  return chain.map((id, depth) => `${"  ".repeat(depth)}${wordsOf(db, id)}`);
}

function printPath(db: Graph): string[] {
  const types = ["HYPERNYM", "PART_HOLONYM", "MEMBER_HOLONYM", "SUBSTANCE_HOLONYM"] as const;
  const path = db.shortestPath(find(db, "piano"), find(db, "forest"), { types, direction: "both" }) ?? [];
  return path.map((id, index) => {
    const before = path[index - 1];
    if (before === undefined) return wordsOf(db, id);
    const [edge] = db.edgesBetween(before, id, { types, direction: "both" });
    const arrow = edge?.from === before ? `${edge.type} →` : `← ${edge?.type}`;
    return `${arrow} ${wordsOf(db, id)}`;
  });
}

function printNeighborhood(db: Graph): string[] {
  const dog = find(db, "dog");
  const byType = new Map<string, string[]>();
  for (const { type, to } of db.edgesOf(dog, { data: false })) {
    const names = byType.get(type) ?? [];
    names.push(db.nodeName(to) ?? "");
    byType.set(type, names);
  }
  const lines = [...byType].map(([type, names]) => `${type}: ${names.join(", ")}`);
  const within = [1, 2, 3, 4].map((depth) =>
    `${depth}: ${formatCount(db.kHop(dog, depth, { direction: "both" }).length)}`
  );
  return [...lines, `synsets within so many steps, either way: ${within.join(", ")}`];
}

function printParts(db: Graph): string[] {
  const matches = db.matchPattern({
    root: { kind: "noun", data: { lexicographerFile: "noun.artifact" } },
    legs: [
      { types: ["HYPERNYM"], node: { kind: "noun", namePrefix: "car" } },
      { types: ["PART_MERONYM"], node: { kind: "noun", data: { lexicographerFile: "noun.artifact" } } },
      { types: ["PART_MERONYM"], node: { kind: "noun" } },
    ],
  });
  const shown = matches.filter((_ids, index) => index % Math.ceil(matches.length / 5) === 0);
  return [
    `artifact -HYPERNYM→ car... -PART_MERONYM→ artifact -PART_MERONYM→ noun: ${
      formatCount(matches.length)
    } matches, among them`,
    ...shown.map((ids) => ids.map((id) => db.nodeName(id)).join(" → ")),
  ];
}

function printRanks(db: Graph): string[] {
  const start = performance.now();
  const projection = db.project();
  const projected = performance.now();
  const ranks = pageRank(projection, { maxIterations: 20, tolerance: 0 });
  const [projectMs, rankMs] = [projected - start, performance.now() - projected];
  return [
    `projection of ${countOf(projection.edgeCount, "edge")} in ${formatDuration(projectMs)}, 20 iterations in ${
      formatDuration(rankMs)
    }`,
    ...ranks.top(5).map(({ nodeId, value }) => `${value.toFixed(5)}  ${wordsOf(db, nodeId)}`),
  ];
}

function printCommunities(db: Graph): string[] {
  const projection = db.project({ undirected: true });
  const { communities, modularity } = louvain(projection);
  const ranks = pageRank(projection);
  const mostCentral = (nodeIds: readonly NodeId[]) =>
    [...nodeIds].sort((a, b) => (ranks.get(b) ?? 0) - (ranks.get(a) ?? 0) || a - b).slice(0, 8);
  const lines = [`${countOf(communities.count, "group")} (modularity ${modularity.toFixed(3)}), the largest around`];
  for (const { group, nodeIds } of communities) {
    if (group === 5) break;
    const names = mostCentral(nodeIds).map((id) => db.nodeName(id));
    lines.push(`${formatCount(nodeIds.length)}: ${names.join(", ")}`);
  }
  return lines;
}

/** Each step costs more the more edges the node has that it leads to: the path goes by close words, not by general ones. */
function printCheapPath(db: Graph): string[] {
  const projection = db.project({ undirected: true });
  const { offsets } = projection.out;
  const degreeOf = (id: NodeId) => {
    const index = projection.indexOf(id);
    return (offsets[index + 1] as number) - (offsets[index] as number);
  };
  const cost = (_edgeId: number | undefined, _from: NodeId, to: NodeId) => Math.log2(1 + degreeOf(to));
  const path = bidirectionalDijkstra(projection, { from: find(db, "piano"), to: find(db, "forest"), cost });
  if (path === undefined) return ["there is none"];
  return [
    `${countOf(path.nodeIds.length - 1, "step")}, cost ${path.cost.toFixed(1)}`,
    path.nodeIds.map((id) => db.nodeName(id)).join(" → "),
  ];
}

/**
 * Vectors of animals and of all verbs (linking all synsets would take longer than the rest of the demo), and of the question,
 * which is written into `question`.
 */
function indexGlosses(db: Graph, question: Float32Array): string[] {
  const start = performance.now();
  const glosses = new GlossVectors(textsOf(db));
  const vectors: NodeVector[] = [];
  for (const { id, kind, data } of db.nodes()) {
    if (kind !== "verb" && data.lexicographerFile !== "noun.animal") continue;
    const vector = glosses.vectorOf(data.gloss);
    if (vector !== undefined) vectors.push({ nodeId: id, vector });
  }
  const made = performance.now();
  db.createVectorIndex("gloss", { dimension: GLOSS_DIMENSION, m: 8, efConstruction: 64, efSearch: 200 });
  db.setVectors("gloss", vectors);
  question.set(glosses.vectorOf(QUESTION) ?? []);
  return [
    `${
      formatCount(vectors.length)
    } (animals and verbs), ${GLOSS_DIMENSION} numbers each: hashed words, rare ones weigh more`,
    `made in ${formatDuration(made - start)}, stored in ${formatDuration(performance.now() - made)}`,
  ];
}

function* textsOf(db: Graph): Generator<string> {
  for (const { data } of db.nodes()) yield data.gloss;
}

function printNearest(db: Graph, question: Float32Array): string[] {
  const matches = db.searchVectors("gloss", question, { k: 5, filter: { kinds: ["noun"] } });
  return matches.map(({ nodeId, distance }) => `${distance.toFixed(3)}  ${glossOf(db, nodeId)}`);
}

function printNearestFelines(db: Graph, question: Float32Array): string[] {
  const options = { from: find(db, "feline"), hops: 10, types: ["HYPONYM"] as const, k: 3 };
  const matches = searchNear(db, "gloss", question, options);
  return matches.map(({ nodeId, distance }) => `${distance.toFixed(3)}  ${glossOf(db, nodeId)}`);
}

function glossOf(db: Graph, id: NodeId): string {
  const { words, gloss } = db.requireNode(id).data;
  return `${words[0]}: ${gloss}`;
}

async function expire(db: Graph): Promise<void> {
  const start = performance.now();
  db.kv.set("session:42", { word: "dog", visits: 3 }, { ttlSeconds: 1 });
  const before = db.kv.get("session:42");
  const durationMs = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  const after = db.kv.get("session:42");
  printSection("a key that lives for one second", durationMs, [
    `now ${JSON.stringify(before)}, a second later ${after}`,
  ]);
}

function rollBack(db: Graph): string[] {
  const dog = find(db, "dog");
  const count = db.countNodes();
  let inside = "";
  try {
    db.transaction((tx) => {
      tx.deleteNode(dog);
      tx.kv.set("deleted", "dog");
      inside = `inside: ${formatCount(tx.countNodes())} nodes, dog ${tx.hasNode(dog) ? "is there" : "is gone"}`;
      throw new RangeError("changed my mind");
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const isBack = db.countNodes() === count && db.hasNode(dog) && !db.kv.has("deleted");
  return [
    inside,
    `after the rollback: ${formatCount(db.countNodes())} nodes, ${isBack ? "dog is back" : "SOMETHING IS MISSING"}`,
  ];
}

function lookBack(db: Graph): string[] {
  const { lsn } = db.tag("as loaded");
  const dog = find(db, "dog");
  const piano = find(db, "piano");
  db.transaction((tx) => {
    tx.deleteNode(piano);
    tx.patchNode(dog, { gloss: "a good dog" });
  });
  using then = db.snapshot({ tag: "as loaded" });
  const counts = new Map<string, number>();
  for (const { operation, type } of db.diff(lsn, db.lsn)) {
    counts.set(`${operation} ${type}`, (counts.get(`${operation} ${type}`) ?? 0) + 1);
  }
  const now = db.hasNode(piano) ? "is there" : "is gone";
  return [
    `now: piano ${now}, dog is ${db.requireNode(dog).data.gloss}`,
    `then: ${then.nodeName(piano)} has ${countOf(then.degree(piano), "relation")}, dog is ${wordsOf(then, dog)}`,
    `in between: ${[...counts].map(([what, count]) => `${what} ×${count}`).join(", ")}`,
  ];
}

function backUp(db: Graph): string[] {
  using bar = startProgress(true);
  const { path, sizeBytes, sha256, durationMs } = db.backup(`${TEMP}backup`, { onProgress: bar.update });
  bar[Symbol.dispose]();
  using copy = open<WordNet>(path, { readonly: true });
  const { ok } = copy.check();
  return [
    `${shortPath(path)}, ${formatBytes(sizeBytes)}, written and verified in ${formatDuration(durationMs)}`,
    `sha256 ${sha256}`,
    `opened: ${formatCount(copy.countNodes())} nodes, ${formatCount(copy.countEdges())} edges, check ${
      ok ? "ok" : "FAILED"
    }`,
    wordsOf(copy, find(copy, "dog")),
  ];
}

function shortPath(path: string): string {
  return relative(fileURLToPath(new URL("..", import.meta.url)), path);
}
