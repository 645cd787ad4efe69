/** Matching of names against glob patterns: `*`, `?`, `[...]`, `\`. The same on every backend, by Unicode code points. */

/** A compiled pattern. */
export interface Glob {
  /** Text that every match starts with: an index can be asked for it. */
  readonly prefix: string;
  /** Whether the pattern is only its prefix. */
  readonly isLiteral: boolean;
  /** Whether a whole name matches. O(length of the name × stars). */
  matches(name: string): boolean;
}

type Token =
  | { readonly kind: "literal"; readonly codePoint: number }
  | { readonly kind: "one" }
  | { readonly kind: "many" }
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] };

/**
 * Compiles a pattern. `[` without its `]` stands for itself; a `]` right after `[` or `[^` belongs to the set, as does `-` at
 * either end; a `\` at the very end stands for itself.
 */
export function compileGlob(pattern: string): Glob {
  const tokens = tokenize(Array.from(pattern, (character) => character.codePointAt(0) as number));
  const firstWild = tokens.findIndex((token) => token.kind !== "literal");
  const literal = firstWild < 0 ? tokens : tokens.slice(0, firstWild);
  const prefix = literal.map((token) => token.kind === "literal" ? String.fromCodePoint(token.codePoint) : "").join("");
  const isLiteral = firstWild < 0;
  return { prefix, isLiteral, matches: (name) => isLiteral ? name === prefix : matchTokens(tokens, name) };
}

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

function tokenize(pattern: number[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const codePoint = pattern[at] as number;
    if (codePoint === STAR) {
      if (tokens.at(-1)?.kind !== "many") tokens.push({ kind: "many" });
    } else if (codePoint === QUESTION) tokens.push({ kind: "one" });
    else if (codePoint === BACKSLASH && at + 1 < pattern.length) {
      tokens.push({ kind: "literal", codePoint: pattern[++at] as number });
    } else {
      const set = codePoint === OPEN ? readSet(pattern, at) : undefined;
      tokens.push(set?.token ?? { kind: "literal", codePoint });
      if (set !== undefined) at = set.end;
    }
  }
  return tokens;
}

/** The set that starts at `start`, and the position of its `]`; undefined when it does not end. */
function readSet(pattern: number[], start: number): { token: Token; end: number } | undefined {
  let at = start + 1;
  const negated = pattern[at] === CARET;
  if (negated) at++;
  const ranges: [number, number][] = [];
  for (let isFirst = true; at < pattern.length; at++, isFirst = false) {
    let low = pattern[at] as number;
    if (low === CLOSE && !isFirst) return { token: { kind: "set", negated, ranges }, end: at };
    if (low === BACKSLASH && at + 1 < pattern.length) low = pattern[++at] as number;
    let high = low;
    if (pattern[at + 1] === MINUS && at + 2 < pattern.length && pattern[at + 2] !== CLOSE) {
      at += 2;
      high = pattern[at] as number;
      if (high === BACKSLASH && at + 1 < pattern.length) high = pattern[++at] as number;
    }
    ranges.push([low, high]);
  }
  return undefined;
}

/** Greedy with one step back to the last star: never exponential. */
function matchTokens(tokens: readonly Token[], name: string): boolean {
  let token = 0;
  let at = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < name.length) {
    const current = tokens[token];
    if (current?.kind === "many") {
      starToken = token++;
      starAt = at;
      continue;
    }
    const codePoint = name.codePointAt(at) as number;
    if (current !== undefined && matchesOne(current, codePoint)) {
      token++;
      at += codePoint > 0xffff ? 2 : 1;
      continue;
    }
    if (starToken < 0) return false;
    starAt += (name.codePointAt(starAt) as number) > 0xffff ? 2 : 1;
    at = starAt;
    token = starToken + 1;
  }
  while (tokens[token]?.kind === "many") token++;
  return token === tokens.length;
}

function matchesOne(token: Token, codePoint: number): boolean {
  if (token.kind === "literal") return token.codePoint === codePoint;
  if (token.kind !== "set") return true;
  return token.negated !== token.ranges.some(([low, high]) => low <= codePoint && codePoint <= high);
}
