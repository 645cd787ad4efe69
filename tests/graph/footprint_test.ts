import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import {
  ALL_EDGES,
  ALL_NODES,
  ALL_VALUES,
  ALL_VECTORS,
  countPrefixes,
  edgeKey,
  edgeTypeKey,
  incomingKey,
  labelKey,
  nameKey,
  nodeKey,
  nodeVectorsKey,
  outgoingKey,
  prefixKey,
  valueKey,
  vectorIndexKey,
  vectorKey,
  vectorsKey,
} from "../../lib/graph/conflict_key.ts";
import { Footprint } from "../../lib/graph/footprint.ts";
import { KeyList, MAX_LISTED_KEYS } from "../../lib/graph/key_list.ts";
import { test } from "../support/test.ts";

const UTF8 = new TextEncoder();

test("a serializable footprint holds reads and writes, each key once", () => {
  const footprint = new Footprint();
  footprint.reads.node(1);
  footprint.reads.edge(1);
  footprint.reads.node(1);
  footprint.writes.node(1);
  footprint.writes.node(2);
  assertEquals([...footprint.keys("serializable")], [nodeKey(1), edgeKey(1), nodeKey(2)]);
});

test("a footprint under snapshot isolation holds writes alone", () => {
  const footprint = new Footprint();
  footprint.reads.node(1);
  footprint.writes.name("Ada");
  assertEquals([...footprint.keys("snapshot")], [nameKey("Ada")]);
});

test("a footprint that was cleared is empty", () => {
  const footprint = new Footprint();
  for (let id = 1; id <= 100; id++) footprint.reads.node(id);
  footprint.writes.node(1);
  footprint.clear();
  assertEquals(footprint.keys("serializable").length, 0);
  footprint.reads.node(1);
  assertEquals([...footprint.keys("serializable")], [nodeKey(1)]);
});

test("every kind of thing has keys of its own", () => {
  const text = "Ada";
  const bytes = UTF8.encode(text);
  const keys = [1, 2, 3, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40].flatMap((id) => [
    nodeKey(id),
    edgeKey(id),
    outgoingKey(id),
    incomingKey(id),
    nodeVectorsKey(id),
    vectorKey(text, id),
    vectorKey("", id),
  ]);
  keys.push(ALL_VECTORS, vectorIndexKey(text), vectorsKey(text));
  keys.push(ALL_NODES, ALL_EDGES, ALL_VALUES, labelKey(text), nameKey(text), edgeTypeKey(text), valueKey(bytes));
  for (let prefix = 1; prefix < countPrefixes(bytes); prefix++) keys.push(prefixKey(bytes, prefix));
  assertEquals(new Set(keys).size, keys.length);
});

test("every key is a positive safe integer, also those of the largest ids", () => {
  const id = fc.oneof(
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    fc.constantFrom(2 ** 51 - 2, 2 ** 51, 2 ** 52),
  );
  fc.assert(fc.property(id, fc.string(), (id, text) => {
    const bytes = UTF8.encode(text);
    const keys = [nodeKey(id), edgeKey(id), outgoingKey(id), incomingKey(id), labelKey(text), nameKey(text)];
    keys.push(nodeVectorsKey(id), vectorKey(text, id), vectorsKey(text), vectorIndexKey(text));
    keys.push(edgeTypeKey(text), valueKey(bytes), prefixKey(bytes, countPrefixes(bytes) - 1));
    for (const key of keys) assert(Number.isSafeInteger(key) && key > 0);
  }));
});

test("texts that differ little have different keys", () => {
  const keys = new Set<number>();
  for (let number = 0; number < 100_000; number++) keys.add(nameKey(`node-${number}`));
  assertEquals(keys.size, 100_000);
  assert(nameKey("ab") !== nameKey("ba") && nameKey("") !== nameKey("\0") && nameKey("\u0100") !== nameKey("\u0001"));
});

test("a scan of a prefix has a key in common with every key that begins with it", () => {
  const bytes = fc.uint8Array({ maxLength: 20 });
  fc.assert(fc.property(bytes, bytes, (prefix, rest) => {
    const footprint = new Footprint();
    footprint.reads.keyPrefix(prefix);
    const [scanned] = footprint.keys("serializable");
    const key = new Uint8Array([...prefix, ...rest]);
    const written = Array.from({ length: countPrefixes(key) }, (_, number) => prefixKey(key, number));
    assert(written.includes(scanned as number));
  }));
});

test("a scan of a short prefix has no key in common with keys that begin otherwise", () => {
  const footprint = new Footprint();
  footprint.reads.keyPrefix(UTF8.encode("user"));
  const [scanned] = footprint.keys("serializable");
  const other = UTF8.encode("useful/1");
  const written = Array.from({ length: countPrefixes(other) }, (_, number) => prefixKey(other, number));
  assertFalse(written.includes(scanned as number));
});

test("a list holds the keys in their order, each once, however many they are", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200 }), (keys) => {
    const list = new KeyList();
    for (const key of keys) list.add(key);
    const expected = [...new Set(keys)];
    assertEquals(Array.from({ length: list.length }, (_, at) => list.at(at)), expected);
    for (let key = 1; key <= 61; key++) assertEquals(list.has(key), expected.includes(key));
  }));
});

test("a transaction with too many keys conflicts with every change", () => {
  const footprint = new Footprint();
  for (let id = 1; id <= MAX_LISTED_KEYS; id++) footprint.reads.node(id);
  assertEquals(footprint.keys("serializable").length, MAX_LISTED_KEYS);
  footprint.reads.node(MAX_LISTED_KEYS + 1);
  assertEquals([...footprint.keys("serializable")], [ALL_NODES, ALL_EDGES, ALL_VALUES, ALL_VECTORS]);
});
