/** The text form of a pattern: a path of nodes in parentheses and edges between them.
 *
 *   (Person) -[KNOWS|LIKES]-> (Person) -[LIVES_IN]-> (City "Par"* {"country": "France"})
 *   (City) <-[LIVES_IN]- (Person)          () -- ()
 *
 *   pattern := node (edge node)*
 *   node    := "(" kind? prefix? object? ")"      kind: exactly this; prefix: names that begin so; object: members of data
 *   edge    := "-" types? "->" | "<-" types? "-" | "-" types? "-"
 *   types   := "[" name ("|" name)* "]"
 *   prefix  := name "*"
 *   name    := JSON text, or characters besides blanks, quotes and ( ) [ ] { } | * , - < >
 *
 * A colon before kinds and types, as in Cypher, is passed over.
 */

import { InvalidArgumentError } from "../backend/errors.ts";
import { type JsonObject, type JsonValue, parseJson } from "../backend/json.ts";
import type { Direction, GraphPattern, NodePattern, PatternLeg } from "../backend/query.ts";

/**
 * Reads a pattern.
 *
 * @throws {InvalidArgumentError} for a text that is none, with the place in it
 */
export function parsePattern(text: string): GraphPattern {
  return new PatternReader(text).pattern();
}

const BLANK = /\s/;
const PLAIN = /[^\s"'()[\]{}|*,<>:-]/;

class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  pattern(): GraphPattern {
    const root = this.#node();
    const legs: PatternLeg[] = [];
    this.#skipBlank();
    while (this.#at < this.#text.length) {
      const filter = this.#edge();
      legs.push({ ...filter, node: this.#node() });
      this.#skipBlank();
    }
    return { root, legs };
  }

  #node(): NodePattern {
    this.#expect("(", "a node in parentheses, for example (Person) or ()");
    let kind: string | undefined;
    let namePrefix: string | undefined;
    let data: JsonObject | undefined;
    if (this.#take(":") || this.#isName()) {
      const name = this.#name();
      if (this.#take("*")) namePrefix = name;
      else kind = name;
    }
    if (namePrefix === undefined && this.#isName()) {
      namePrefix = this.#name();
      this.#expect("*", "a * after the beginning of a name: patterns compare beginnings");
    }
    if (this.#peek() === "{") data = this.#object();
    this.#expect(")", "the end of the node: )");
    return {
      ...(kind === undefined ? undefined : { kind }),
      ...(namePrefix === undefined ? undefined : { namePrefix }),
      ...(data === undefined ? undefined : { data }),
    };
  }

  #edge(): { direction: Direction; types?: readonly string[] } {
    const isIn = this.#take("<");
    this.#expect("-", "an edge: -[TYPE]->, <-[TYPE]- or -[TYPE]-");
    const types = this.#take("[") ? this.#types() : undefined;
    this.#expect("-", "the end of the edge: -> or -");
    const isOut = this.#take(">");
    if (isIn && isOut) throw this.#error("one direction: an edge without arrows is followed both ways");
    const direction = isIn ? "in" : isOut ? "out" : "both";
    return types === undefined ? { direction } : { direction, types };
  }

  #types(): string[] {
    const types: string[] = [];
    do {
      this.#take(":");
      types.push(this.#name());
    } while (this.#take("|"));
    this.#expect("]", "the end of the types: ]");
    return types;
  }

  #isName(): boolean {
    const next = this.#peek();
    return next !== undefined && (next === '"' || PLAIN.test(next));
  }

  #name(): string {
    const start = this.#skipBlank();
    if (this.#text[start] === '"') return this.#value(this.#endOfText(start)) as string;
    while (this.#at < this.#text.length && PLAIN.test(this.#text[this.#at] as string)) this.#at++;
    if (this.#at === start) throw this.#error("a name; put special characters in double quotes");
    return this.#text.slice(start, this.#at);
  }

  /** A JSON object, up to the brace that closes it. */
  #object(): JsonObject {
    let depth = 0;
    for (let end = this.#at; end < this.#text.length; end++) {
      const character = this.#text[end];
      if (character === '"') end = this.#endOfText(end) - 1;
      else if (character === "{") depth++;
      else if (character === "}" && --depth === 0) return this.#value(end + 1) as JsonObject;
    }
    throw this.#error("a closing brace: }");
  }

  #endOfText(start: number): number {
    for (let end = start + 1; end < this.#text.length; end++) {
      if (this.#text[end] === "\\") end++;
      else if (this.#text[end] === '"') return end + 1;
    }
    throw this.#error('a closing quote: "');
  }

  #value(end: number): JsonValue {
    const text = this.#text.slice(this.#at, end);
    let value: JsonValue;
    try {
      value = parseJson(text);
    } catch {
      throw this.#error(`JSON where it says ${text}`);
    }
    this.#at = end;
    return value;
  }

  #peek(): string | undefined {
    return this.#text[this.#skipBlank()];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string, what: string): void {
    if (!this.#take(character)) throw this.#error(what);
  }

  #skipBlank(): number {
    while (this.#at < this.#text.length && BLANK.test(this.#text[this.#at] as string)) this.#at++;
    return this.#at;
  }

  #error(expected: string): InvalidArgumentError {
    const place = this.#at >= this.#text.length ? "at its end" : `at character ${this.#at + 1}`;
    return new InvalidArgumentError(`the pattern needs ${expected} (${place})`, {
      code: "invalid-pattern",
      field: "pattern",
      value: this.#text,
    });
  }
}
