import { assertEquals } from "@std/assert";
import { POINTER_COUNT, type PointerRow, readPointers, readSynsets, SYNSET_COUNT } from "../../scripts/wordnet.ts";
import { test } from "../support/test.ts";

test("WordNet 3.1 has 117,791 synsets and 378,203 pointers between them", () => {
  const nameOfKey = new Map<number, string>();
  let dog: unknown;
  for (const { key, node } of readSynsets()) {
    nameOfKey.set(key, node.name);
    if (node.data.offset === 2086723 && node.kind === "noun") dog = node;
  }
  assertEquals([nameOfKey.size, SYNSET_COUNT], [117_791, 117_791]);
  assertEquals(dog, {
    kind: "noun",
    name: "dog",
    data: {
      words: ["dog", "domestic dog", "Canis familiaris"],
      gloss:
        "a member of the genus Canis (probably descended from the common wolf) that has been domesticated by man since " +
        'prehistoric times; occurs in many breeds; "the dog barked all night"',
      lexicographerFile: "noun.animal",
      offset: 2086723,
    },
  });

  const pointers: PointerRow[] = [...readPointers()];
  assertEquals([pointers.length, POINTER_COUNT], [378_203, 378_203]);
  assertEquals(pointers.every(({ fromKey, toKey }) => nameOfKey.has(fromKey) && nameOfKey.has(toKey)), true);
  assertEquals(
    pointers.filter(({ fromKey, type }) => fromKey === 102086723 && type === "HYPERNYM").map(({ toKey }) =>
      nameOfKey.get(toKey)
    ),
    [
      "canine",
      "domestic animal",
    ],
  );
  assertEquals(pointers.filter(({ data }) => data !== undefined).length, 92_535);
});
