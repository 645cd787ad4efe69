import { inspect } from "node:util";

/** Beyond this many lines the comparison would take long and the output would be read by nobody. */
const MAX_LINES = 1500;
const CONTEXT_LINES = 3;

/** One value as text, members sorted, nothing cut off: what a failed assertion shows. */
export function format(value: unknown): string {
  return inspect(value, {
    depth: Infinity,
    sorted: true,
    compact: false,
    breakLength: Infinity,
    maxArrayLength: 10_000,
    maxStringLength: 100_000,
    colors: false,
  });
}

/** The lines that differ, with three lines around them: `-` is only in `actual`, `+` only in `expected`. */
export function diff(actual: unknown, expected: unknown): string {
  const a = format(actual).split("\n").slice(0, MAX_LINES);
  const b = format(expected).split("\n").slice(0, MAX_LINES);
  const lines = diffLines(a, b);
  if (lines.every((line) => line.startsWith(" "))) return "    (the values differ, their texts do not)";
  const near = (at: number) =>
    lines.slice(Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1).some((line) => !line.startsWith(" "));
  const shown: string[] = [];
  lines.forEach((line, at) => {
    if (near(at)) shown.push(`    ${line}`);
    else if (shown.at(-1) !== "    ...") shown.push("    ...");
  });
  return shown.join("\n");
}

/** Longest common subsequence over lines, by the quadratic textbook table. */
function diffLines(a: readonly string[], b: readonly string[]): string[] {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i]}`);
      i++;
      j++;
    } else if (j === b.length || (i < a.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) {
      lines.push(`- ${a[i++]}`);
    } else {
      lines.push(`+ ${b[j++]}`);
    }
  }
  return lines;
}
