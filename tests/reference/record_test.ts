/** Decoders of numbers, payloads, edge lists and what they consist of. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CorruptionError } from "../../lib/backend/errors.ts";
import { EdgeCluster } from "../../lib/reference/edge_cluster.ts";
import { lastEdgeData, readEdgeData } from "../../lib/reference/edge_data.ts";
import { edgeKey, isIncomingKey, nodeOfEdgeKey } from "../../lib/reference/edge_key.ts";
import { edgeDataText, weightText } from "../../lib/reference/edge_properties.ts";
import { idOfHalves, isOurId, numberOfHalves } from "../../lib/reference/id64.ts";
import {
  lastLeb128,
  lowBitsOfLeb128,
  readBigLeb128,
  readLeb128,
  unzigzag,
  unzigzagBig,
} from "../../lib/reference/leb128.ts";
import { jsonEnd, readNodePayload } from "../../lib/reference/node_payload.ts";
import { readStringTable, SEED_TYPES } from "../../lib/reference/string_table.ts";
import { TypeTable } from "../../lib/reference/type_table.ts";
import { clusterBytes } from "../support/reference_writer_pages.ts";
import { test } from "../support/test.ts";
import { bytesOf, pageOf, workedExample } from "./worked_example.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function leb128(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  bytes.push(Number(value));
  return Uint8Array.from(bytes);
}

test("every number of 64 bits is read from its bytes", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
    const bytes = leb128(value);
    const found = readLeb128(bytes, 0, bytes.length);
    assert(value > 2n ** 53n ? Math.abs(found - Number(value)) <= Number(value) / 2 ** 50 : found === Number(value));
    assertEquals(lastLeb128.end, bytes.length);
    assertEquals(readBigLeb128(bytes, 0), value);
    assertEquals(lowBitsOfLeb128(bytes, 0), Number(value & 0xffff_ffffn));
    if (bytes.length > 1) assertEquals(readLeb128(bytes, 0, bytes.length - 1), -1);
  }));
});

test("numbers of more than ten bytes or 64 bits are refused, longer forms are read", () => {
  assertEquals(readLeb128(bytesOf("80 80 80 80 80 80 80 80 80 80 01"), 0, 11), -1);
  assertEquals(readLeb128(bytesOf("ff ff ff ff ff ff ff ff ff 7f"), 0, 10), -1);
  assertEquals([readLeb128(bytesOf("81 80 00"), 0, 3), lastLeb128.end], [1, 3]);
  assertEquals(readLeb128(new Uint8Array(0), 0, 0), -1);
});

test("zigzag codes and edge keys give back every id", () => {
  assertEquals([0, 1, 2, 3].map(unzigzag), [0, -1, 1, -2]);
  assertEquals([0n, 1n, 2n, 2n ** 64n - 1n].map(unzigzagBig), [0n, -1n, 1n, -(2n ** 63n)]);
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 61n) + 1n, max: 2n ** 61n - 1n }), fc.boolean(), (id, isIncoming) => {
    const node = Number.isSafeInteger(Number(id)) ? Number(id) : id;
    const { high, low } = edgeKey(node, isIncoming);
    assertEquals([nodeOfEdgeKey(high, low), isIncomingKey(high)], [node, isIncoming]);
  }));
});

test("ids of 64 bits are numbers where that is exact", () => {
  assertEquals([idOfHalves(0xffff_ffff, 0xffff_fffb), numberOfHalves(0xffff_ffff, 0xffff_fffb)], [-5, -5]);
  assertEquals([idOfHalves(0x7fff_ffff, 1), numberOfHalves(0x7fff_ffff, 1)], [0x7fff_ffff_0000_0001n, NaN]);
  assertEquals([isOurId(1), isOurId(0), isOurId(-5), isOurId(2n ** 60n)], [true, false, false, false]);
});

test("payloads are read as they were meant", () => {
  const read = (bytes: Uint8Array) => {
    const { form, kind, name, dataText } = readNodePayload(bytes, 0, bytes.length);
    return [form, kind, name, dataText];
  };
  assertEquals(read(encode('\x02Fn\x01a{"k":1}')), ["whole", "Fn", "a", '{"k":1}']);
  assertEquals(read(encode("\0\0[]")), ["whole", "", "", "[]"]);
  assertEquals(read(encode('{"k":1}')), ["data-only", "", "", '{"k":1}']);
  assertEquals(read(encode("\x02Fn\x01a{")), ["bad-data", "Fn", "a", "{}"]);
  assertEquals(read(encode("\x02Fn\x09a{}")), ["unreadable", "Fn", "", "{}"]);
  assertEquals(read(encode("\x02F")), ["unreadable", "", "", "{}"]);
  assertEquals(read(new Uint8Array(0)), ["unreadable", "", "", "{}"]);
  const long = "k".repeat(300);
  assertEquals(read(Uint8Array.of(44, ...encode(`${long}\x01n{}`))), ["long-text", long, "n", "{}"]);
});

test("bytes of a kind or name that are no UTF-8 are told, a replacement character that was stored is not", () => {
  const read = (...bytes: number[]) => readNodePayload(Uint8Array.from(bytes), 0, bytes.length).isTextDamaged;
  assertEquals([read(1, 0xff, 0, 0x7b, 0x7d), read(3, 0xef, 0xbf, 0xbd, 0, 0x7b, 0x7d)], [true, false]);
});

test("the end of a JSON object is found without parsing it", () => {
  fc.assert(fc.property(fc.jsonValue().map((value) => [value]), (value) => {
    const bytes = encode(`${JSON.stringify(value)}rest`);
    assertEquals(jsonEnd(bytes, 0, bytes.length), bytes.length - 4);
  }));
  assertEquals(jsonEnd(encode('{"a'), 0, 3), -1);
});

test("edge data is read in both forms", () => {
  const read = (bytes: Uint8Array) => {
    readEdgeData(bytes, new DataView(bytes.buffer), 0, bytes.length);
    const { typeStart, typeEnd, weight } = lastEdgeData;
    return [new TextDecoder().decode(bytes.subarray(typeStart, typeEnd)), weight];
  };
  assertEquals(read(new Uint8Array(0)), ["", 1]);
  assertEquals(read(encode("\x05calls")), ["calls", 1]);
  assertEquals(read(encode("\x05callsmore")), ["calls", 1]);
  assertEquals(read(encode("\x09calls")), ["", 1]);
  assertEquals(read(bytesOf("80 40 00 00 00 02 61 62")), ["ab", 2]);
  assertEquals(read(bytesOf("80 3f 80 00 00 00")), ["", 1]);
  const old = "t".repeat(128);
  assertEquals(read(Uint8Array.of(128, ...encode(old))), [old, 1]);
  const long = "t".repeat(300);
  assertEquals(read(Uint8Array.of(44, ...encode(long))), [long, 1]);
});

test("a list of edges is read from every version of its layout", () => {
  const edges = [{ neighbor: 2, type: "calls" }, { neighbor: 2, type: "" }, { neighbor: 1, type: "x" }, {
    neighbor: 900,
    type: "",
  }];
  for (const version of [0, 1, 2, 3] as const) {
    const types = new TypeTable();
    const list = new EdgeCluster(types);
    const bytes = clusterBytes({ node: 7, direction: "in", edges }, version, "plain");
    list.open(bytes);
    assertEquals([list.version, list.end, list.count, list.length], [version, "whole", 4, bytes.length]);
    assertEquals([list.node, list.isIncoming], version < 2 ? [undefined, false] : [7, true]);
    assertEquals(
      edges.map((_, at) => [list.neighbor(at), types.text(list.types[at]!)]),
      edges.map((e) => [e.neighbor, e.type]),
    );
    for (let length = 0; length < bytes.length; length++) {
      list.open(bytes.subarray(0, length));
      assert(list.end !== "whole" && list.count < 4, `${version} ${length}`);
    }
  }
});

test("the worked example's lists are read", () => {
  const types = new TypeTable();
  const list = new EdgeCluster(types);
  list.open(pageOf(workedExample(), 5));
  assertEquals([list.node, list.isIncoming, list.count, list.length], [1, false, 2, 35]);
  assertEquals([0, 1].map((at) => [list.neighbor(at), types.text(list.types[at]!)]), [[2, "calls"], [3, ""]]);
});

test("a list keeps ids of 64 bits", () => {
  const ids = [2n ** 62n, -(2n ** 62n), 5n, -1n, 2n ** 53n + 1n];
  const list = new EdgeCluster(new TypeTable());
  list.open(
    clusterBytes({ node: 1, direction: "out", edges: ids.map((neighbor) => ({ neighbor, type: "" })) }, 3, "plain"),
  );
  assertEquals(list.end, "whole");
  assertEquals(ids.map((_, at) => BigInt(list.neighbor(at))), ids);
});

test("no bytes make the reader of lists fail or go beyond them", () => {
  const list = new EdgeCluster(new TypeTable());
  fc.assert(fc.property(fc.constantFrom(0, 1, 2, 3, 4), fc.uint8Array({ maxLength: 200 }), (version, rest) => {
    list.open(Uint8Array.of(version, ...rest));
    assert(list.length <= rest.length + 1 && list.count <= list.idCount && list.idCount <= list.statedCount);
  }));
});

test("types have one number each, also when there are many", () => {
  const table = new TypeTable();
  const texts = ["", ...Array.from({ length: 3000 }, (_, at) => `type ${at}`)];
  for (let round = 0; round < 2; round++) {
    texts.forEach((text, number) => {
      const bytes = encode(`<${text}>`);
      assertEquals(table.number(bytes, 1, bytes.length - 1), number);
    });
  }
  assertEquals([table.count, table.text(3000), table.isDamaged(1)], [3001, "type 2999", false]);
  assert(table.isDamaged(table.number(Uint8Array.of(0xff), 0, 1)));
});

test("weights are the shortest text that is the same binary32, in data that has none", () => {
  assertEquals([0.1, 2.5, 1e-3, 16777216, 3.4e38].map((n) => weightText(Math.fround(n))), [
    "0.1",
    "2.5",
    "0.001",
    "16777216",
    "3.4e+38",
  ]);
  assertEquals(edgeDataText(undefined, 1), "{}");
  assertEquals(edgeDataText(undefined, 0.5), '{"weight":0.5}');
  assertEquals(edgeDataText('{"a":1.0}', 0.5), '{"a":1.0,"weight":0.5}');
  assertEquals(edgeDataText('{"weight":0.50}', 0.5), '{"weight":0.50}');
  assertEquals(edgeDataText("[1]", 0.5), "[1]");
  assertEquals(edgeDataText(undefined, NaN), "{}");
});

test("a string table is read, and one that ends early is refused", () => {
  const bytes = bytesOf("00 00 00 02 00 00 00 00 00 02 61 62 00 00 00 02 00 00");
  assertEquals(readStringTable(bytes), [{ offset: 0, text: "ab" }, { offset: 2, text: "" }]);
  assertEquals(SEED_TYPES.length, 16);
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => readStringTable(bytes.subarray(0, length)), CorruptionError);
  }
});
