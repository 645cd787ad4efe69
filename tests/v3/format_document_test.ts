import { assert, assertEquals } from "@std/assert";
import * as limits from "../../lib/backend/limits.ts";
import * as kvCheckpoint from "../../lib/kv/checkpoint_codec.ts";
import * as kvFile from "../../lib/kv/checkpoint_file.ts";
import * as value from "../../lib/kv/value_record.ts";
import * as byteCell from "../../lib/v3/byte_cell.ts";
import * as bytePage from "../../lib/v3/byte_page.ts";
import * as catalog from "../../lib/v3/catalog.ts";
import * as edge from "../../lib/v3/edge_record.ts";
import * as engine from "../../lib/v3/engine.ts";
import * as header from "../../lib/v3/header.ts";
import * as history from "../../lib/v3/history.ts";
import * as linkLeaf from "../../lib/v3/link_leaf.ts";
import { fieldSize, type LogEncoding, writeField } from "../../lib/v3/log_fields.ts";
import * as logFile from "../../lib/v3/log_file.ts";
import * as logFrame from "../../lib/v3/log_frame.ts";
import { LOG_PAYLOADS } from "../../lib/v3/log_record.ts";
import * as nameKey from "../../lib/v3/name_key.ts";
import * as node from "../../lib/v3/node_record.ts";
import * as branch from "../../lib/v3/number_branch.ts";
import * as field from "../../lib/v3/number_field.ts";
import * as overflow from "../../lib/v3/overflow.ts";
import * as page from "../../lib/v3/page.ts";
import * as chain from "../../lib/v3/record_chain.ts";
import * as recordLeaf from "../../lib/v3/record_leaf.ts";
import * as recordType from "../../lib/v3/record_type.ts";
import * as state from "../../lib/v3/state.ts";
import * as strings from "../../lib/v3/string_table.ts";
import * as varint from "../../lib/v3/varint.ts";
import * as vectorIndex from "../../lib/v3/vector_index_record.ts";
import * as vectorKey from "../../lib/v3/vector_key.ts";
import { test } from "../support/test.ts";
import { cellOf, columnOf, DOCUMENT, numberOf, tableOf, TABLES } from "./format_tables.ts";

type Offsets = Readonly<Record<string, number>>;

/** A page whose 16-bit words say where they are, for offsets that only functions know. */
const WORDS = new Uint8Array(Uint16Array.from({ length: page.PAGE_SIZE / 2 }, (_, index) => 2 * index).buffer);

function without(offsets: Offsets, ...names: readonly string[]): Offsets {
  return Object.fromEntries(Object.entries(offsets).filter(([name]) => !names.includes(name)));
}

function withoutAt(offsets: Offsets): Offsets {
  return Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name.replace(/At$/, ""), offset]));
}

/** What the code says about each table of offsets: its fields, and where it ends, if it has an end. */
const LAYOUTS: Readonly<Record<string, { readonly fields: Offsets; readonly end?: number }>> = {
  "Header slot": { fields: header.HEADER, end: header.HEADER_SLOT_SIZE },
  "Page header": {
    fields: {
      checksum: page.PAGE_CHECKSUM_AT,
      type: page.PAGE_TYPE_AT,
      level: page.PAGE_LEVEL_AT,
      count: page.PAGE_COUNT_AT,
      birth: page.PAGE_BIRTH_AT,
      first: page.PAGE_FIRST_AT,
      second: page.PAGE_SECOND_AT,
    },
    end: page.PAGE_HEADER_SIZE,
  },
  "Record branch": {
    fields: {
      key: 8 * branch.keyIndex(0, 1, 0) - page.PAGE_HEADER_SIZE,
      child: 4 * branch.childIndex(0, 1, 0) - page.PAGE_HEADER_SIZE,
    },
    end: 8 * (branch.keyIndex(0, 1, 1) - branch.keyIndex(0, 1, 0)),
  },
  "Link branch": {
    fields: {
      a: 8 * branch.keyIndex(0, 3, 0) - page.PAGE_HEADER_SIZE,
      b: 8 * branch.keyIndex(0, 3, 0) - page.PAGE_HEADER_SIZE + 8,
      c: 8 * branch.keyIndex(0, 3, 0) - page.PAGE_HEADER_SIZE + 16,
      child: 4 * branch.childIndex(0, 3, 0) - page.PAGE_HEADER_SIZE,
    },
    end: 8 * (branch.keyIndex(0, 3, 1) - branch.keyIndex(0, 3, 0)),
  },
  "Record leaf": {
    fields: {
      base: recordLeaf.RECORD_BASE_AT,
      width: recordLeaf.RECORD_WIDTH_AT,
      slots: recordLeaf.RECORD_SLOTS_AT,
    },
  },
  "Link leaf": {
    fields: {
      typeBase: linkLeaf.LINK_TYPE_BASE_AT,
      groupCount: linkLeaf.LINK_GROUP_COUNT_AT,
      widths: linkLeaf.LINK_WIDTHS_AT,
      aBase: linkLeaf.LINK_A_BASE_AT,
      bBase: linkLeaf.LINK_B_BASE_AT,
      cBase: linkLeaf.LINK_C_BASE_AT,
      groups: linkLeaf.LINK_GROUPS_AT,
    },
  },
  "Byte page": {
    fields: {
      cellsStart: bytePage.cellsStart(WORDS, 0),
      unusedBytes: bytePage.unusedBytes(WORDS, 0),
      slots: bytePage.cellAt(WORDS, 0, 0),
    },
  },
  "Overflow page": {
    fields: { next: page.PAGE_FIRST_AT, nextBirth: page.PAGE_SECOND_AT, bytes: page.PAGE_HEADER_SIZE },
  },
  "Catalog": { fields: without(catalog.CATALOG_STATE, "size"), end: catalog.CATALOG_STATE.size },
  "Tree entry": { fields: without(catalog.CATALOG_ROOT, "size"), end: catalog.CATALOG_ROOT.size },
  "Value record": { fields: withoutAt(value.VALUE_RECORD) },
  "History record": { fields: without(history.HISTORY_RECORD, "size"), end: history.HISTORY_RECORD.size },
  "Vector index": { fields: without(vectorIndex.VECTOR_INDEX, "size"), end: vectorIndex.VECTOR_INDEX.size },
  "Log header": { fields: logFrame.LOG_HEADER, end: logFrame.LOG_HEADER_SIZE },
  "Log frame": { fields: logFrame.LOG_FRAME },
  "Checkpoint copy": { fields: without(withoutAt(kvCheckpoint.CHECKPOINT), "payload") },
};

test("the tables of offsets are those of the code", () => {
  const tables = TABLES.filter(({ columns }) => columns.includes("offset"));
  assertEquals(tables.map(({ heading }) => heading).sort(), Object.keys(LAYOUTS).sort());
  for (const table of tables) {
    const names = columnOf(table, "field");
    const offsets = columnOf(table, "offset").map(numberOf);
    const fields = names.map((name, index) => [name, offsets[index] as number] as const);
    const named = Object.fromEntries(fields.filter(([name]) => name !== "—"));
    assertEquals(named, { ...LAYOUTS[table.heading]?.fields }, table.heading);
  }
});

test("in the tables of offsets every byte is accounted for, and types have their sizes", () => {
  const sizes: Offsets = { u8: 1, u16: 2, u32: 4, u32be: 4, f64: 8, pointer: byteCell.POINTER_SIZE, root: 12 };
  for (const [heading, { end }] of Object.entries(LAYOUTS)) {
    const table = tableOf(heading, "offset");
    const given = columnOf(table, "size");
    const types = columnOf(table, "type");
    let next = 0;
    for (const [index, offset] of columnOf(table, "offset").map(numberOf).entries()) {
      const row = `row ${index} of ${heading}`;
      assertEquals(offset, next, row);
      const isOpen = given[index] === "…";
      assert(!isOpen || index === given.length - 1, row);
      next = isOpen ? NaN : next + numberOf(given[index] as string);
      const size = sizes[types[index] as string];
      if (size !== undefined && !isOpen) assertEquals(numberOf(given[index] as string), size, row);
    }
    assertEquals(next, end ?? NaN, `end of ${heading}`);
  }
});

test("types of pages, types of values, flags and trees are those of the code", () => {
  const named = (heading: string, column: string): Offsets => {
    const table = tableOf(heading, column);
    const numbers = columnOf(table, column).map(numberOf);
    return Object.fromEntries(columnOf(table, "name").map((name, index) => [name, numbers[index] as number]));
  };
  assertEquals(named("Page types", "type"), { ...page.PAGE_TYPE });
  assertEquals(named("Value types", "type"), { ...value.VALUE_TYPE });
  assertEquals(named("Node record", "flag"), { ...node.NODE_FLAG });
  const trees = tableOf("Tree names", "entries");
  assertEquals(columnOf(trees, "name"), [...state.TREE_NAMES]);
  assertEquals(columnOf(trees, "kind"), [...state.TREE_KINDS]);
  const kinds = cellOf(tableOf("Tree entry", "field"), "field", "kind", "meaning");
  assertEquals(
    kinds,
    Object.entries(catalog.TREE_KIND_CODES).map(([kind, code]) => `${code} ${kind} tree`).join(", "),
  );
});

test("codes of vector indexes and the cuts of vectors are those of the code", () => {
  const table = tableOf("Vector index", "field");
  const codes = (choices: readonly string[]): string => choices.map((choice, code) => `${code} ${choice}`).join(", ");
  assertEquals(cellOf(table, "field", "metric", "meaning"), codes(vectorIndex.VECTOR_METRICS));
  assertEquals(cellOf(table, "field", "storage", "meaning"), `in memory: ${codes(vectorIndex.VECTOR_STORAGES)}`);
  assertEquals(cellOf(table, "field", "engine", "meaning"), codes(vectorIndex.VECTOR_ENGINES));
  const measured = tableOf("Vector key", "dimension");
  const parts = columnOf(measured, "parts").map(numberOf);
  columnOf(measured, "dimension").map(numberOf).forEach((dimension, row) => {
    assertEquals(vectorKey.vectorParts(dimension).count, parts[row]);
  });
  for (let dimension = 1; dimension <= limits.MAX_VECTOR_DIMENSION; dimension++) {
    assertEquals(vectorKey.vectorParts(dimension), documentedParts(dimension));
  }
});

/** The cut of a vector as the document says. */
function documentedParts(dimension: number): vectorKey.VectorParts {
  const bytes = 8 + 4 * dimension;
  const least = Math.ceil(bytes / 1000);
  const tries = [0, 1, 2, 3].map((more) => {
    const size = Math.ceil(bytes / (least + more));
    return { parts: least + more, size, pages: (least + more) / Math.floor(4072 / (size + (size < 128 ? 17 : 18))) };
  });
  const { size } = tries.toSorted((one, other) => one.pages - other.pages)[0]!;
  return { count: Math.ceil(bytes / size), size };
}

test("magic bytes and versions are those of the code", () => {
  const meaning = (heading: string, name: string): string =>
    cellOf(tableOf(heading, "field"), "field", name, "meaning");
  const hex = (bytes: Uint8Array): string =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");
  const magic = (heading: string): string => meaning(heading, "magic").split(" (")[0] as string;
  const copy = kvCheckpoint.encodeCheckpoint({ fileSeed: 0, lsn: 0, timeMs: 0 }, []) as Uint8Array;
  assertEquals(magic("Header slot"), hex(header.V3_MAGIC));
  assertEquals(magic("Log header"), hex(logFrame.LOG_MAGIC));
  assertEquals(magic("Checkpoint copy"), hex(copy.subarray(0, kvCheckpoint.CHECKPOINT.formatAt)));
  assertEquals(numberOf(meaning("Header slot", "version")), header.FORMAT_VERSION);
  assertEquals(numberOf(meaning("Header slot", "pageSize")), page.PAGE_SIZE);
  assertEquals(numberOf(meaning("Log header", "version")), logFrame.LOG_VERSION);
  assertEquals(parseInt(meaning("Checkpoint copy", "format")), kvCheckpoint.CHECKPOINT_FORMAT);
  assertEquals(numberOf(meaning("Checkpoint copy", "version")), kvCheckpoint.CHECKPOINT_VERSION);
});

test("log records have their codes, names and fields as in the code", () => {
  const table = tableOf("Log records", "code");
  const names = columnOf(table, "name");
  const codes = columnOf(table, "code").map(numberOf);
  assertEquals(Object.fromEntries(names.map((name, index) => [name, codes[index]])), { ...recordType.RECORD_TYPE });
  const fields = columnOf(table, "fields").map((cell) =>
    cell === "" ? [] : cell.split(", ").map((one) => one.split(" "))
  );
  assertEquals(
    Object.fromEntries(names.map((name, index) => [name, fields[index]])),
    Object.fromEntries(Object.entries(LOG_PAYLOADS).map(([name, payload]) => [name, payload.map((one) => [...one])])),
  );
});

test("choices in log records have the numbers that the document names", () => {
  const found = [...DOCUMENT.matchAll(/`(\w+)`\s+is\s+a\s+`u8`((?:,\s+\d+\s+\w+)+)/g)];
  assertEquals(found.map(([, name]) => name), ["direction", "operation", "lockKind"]);
  for (const [, encoding, choices] of found) {
    for (const [, number, choice] of (choices as string).matchAll(/(\d+)\s+(\w+)/g)) {
      const bytes = new Uint8Array(1);
      assertEquals(fieldSize(encoding as LogEncoding, choice), 1, `${encoding} ${choice}`);
      writeField(encoding as LogEncoding, choice, bytes, 0);
      assertEquals(bytes[0], Number(number), `${encoding} ${choice}`);
    }
  }
});

/** Modules of the format, whose constants the document must name. */
const MODULES: readonly Readonly<Record<string, unknown>>[] = [
  byteCell,
  bytePage,
  catalog,
  chain,
  edge,
  engine,
  field,
  header,
  history,
  kvCheckpoint,
  kvFile,
  linkLeaf,
  logFile,
  logFrame,
  nameKey,
  branch,
  node,
  overflow,
  page,
  recordLeaf,
  recordType,
  state,
  strings,
  value,
  varint,
  vectorIndex,
  vectorKey,
];

/** Constants that other tables hold (`LAYOUTS` and the tests above). */
const IN_TABLES: readonly string[] = [
  "CATALOG_ROOT",
  "CATALOG_STATE",
  "CHECKPOINT",
  "CHECKPOINT_FORMAT",
  "CHECKPOINT_VERSION",
  "FORMAT_VERSION",
  "HEADER",
  "HISTORY_RECORD",
  "LINK_A_BASE_AT",
  "LINK_B_BASE_AT",
  "LINK_C_BASE_AT",
  "LINK_GROUPS_AT",
  "LINK_GROUP_COUNT_AT",
  "LINK_TYPE_BASE_AT",
  "LINK_WIDTHS_AT",
  "LOG_FRAME",
  "LOG_HEADER",
  "LOG_VERSION",
  "NODE_FLAG",
  "PAGE_BIRTH_AT",
  "PAGE_CHECKSUM_AT",
  "PAGE_COUNT_AT",
  "PAGE_FIRST_AT",
  "PAGE_LEVEL_AT",
  "PAGE_SECOND_AT",
  "PAGE_TYPE",
  "PAGE_TYPE_AT",
  "RECORD_BASE_AT",
  "RECORD_SLOTS_AT",
  "RECORD_TYPE",
  "RECORD_WIDTH_AT",
  "TREE_KIND_CODES",
  "VALUE_RECORD",
  "VALUE_TYPE",
  "VECTOR_INDEX",
];

/** Constants that the text says in words; a reader that follows it proves them (format_reader_test.ts). */
const IN_WORDS: readonly string[] = [
  "BRANCH_SKIP",
  "EDGE_DATA_OVERFLOW",
  "FLAG_PINNED_DEAD",
  "KIND_ROLE",
  "LABEL_ROLE",
  "LEAF_SKIP",
  "NEVER_EXPIRES",
  "POINTER_SIZE",
  "SLOT_SIZE",
  "STRING_OVERFLOW",
];

/** Constants that are no part of the format. */
const OF_THE_CODE: readonly string[] = ["EMPTY_STATE", "FIRST_LATER_TREE", "PUT", "TREE", "lastVarint", "inlineRecord"];

test("limits are those of the code, and the document names every constant of the format", () => {
  const constants = new Map<string, number>([
    ["MAX_BYTE_TREE_LEVEL", bytePage.MAX_TREE_LEVEL],
    ["MAX_ID", limits.MAX_ID],
    ["MAX_KEY_BYTES", limits.MAX_KEY_BYTES],
    ["MAX_LINK_CHILDREN", branch.maxChildren(3)],
    ["MAX_RECORD_CHILDREN", branch.maxChildren(1)],
    ["MAX_TEXT_BYTES", limits.MAX_TEXT_BYTES],
    ["MAX_VALUE_BYTES", limits.MAX_VALUE_BYTES],
    ["MAX_VECTOR_DIMENSION", limits.MAX_VECTOR_DIMENSION],
  ]);
  const elsewhere = new Set([...IN_TABLES, ...IN_WORDS, ...OF_THE_CODE]);
  const seen = new Set<string>();
  for (const module of MODULES) {
    for (const [name, exported] of Object.entries(module)) {
      const isObject = typeof exported === "object" && !Array.isArray(exported) && !(exported instanceof Uint8Array);
      if (typeof exported !== "number" && !isObject) continue;
      if (elsewhere.has(name)) seen.add(name);
      else if (module !== bytePage || name !== "MAX_TREE_LEVEL") constants.set(name, exported as number);
    }
  }
  assertEquals([...elsewhere].filter((name) => !seen.has(name)), [], "names that no module exports any more");
  const table = tableOf("Limits", "value");
  const values = columnOf(table, "value").map(numberOf);
  const named = columnOf(table, "name").map((name, index) => [name, values[index] as number] as const);
  assertEquals(Object.fromEntries([...named].sort()), Object.fromEntries([...constants].sort()));
});
