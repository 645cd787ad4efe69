import { existsSync, readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: number, files: Set<string> }} Counts */

/** Counts the test cases of a JUnit file. Bun and Deno disagree about the totals in the attributes, so these are not used.
 * @param {string} path
 * @returns {Counts} all zero when there is no such file, as after a crash */
export function countTests(path) {
  const counts = { passed: 0, failed: 0, skipped: 0, files: new Set() };
  if (!existsSync(path)) return counts;
  for (const [, attributes = "", body] of cases(readFileSync(path, "utf8"))) {
    if (body !== undefined && /<(failure|error)\b/.test(body)) counts.failed++;
    else if (body !== undefined && /<skipped\b/.test(body)) counts.skipped++;
    else counts.passed++;
    const file = /\b(?:file|classname)="(?:\.\/)?([^"]+\.(?:ts|md|js)[^"]*)"/.exec(attributes)?.[1];
    if (file) counts.files.add(file);
  }
  return counts;
}

/** @param {string} xml */
function cases(xml) {
  return xml.matchAll(/<testcase\b((?:\s+[\w-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g);
}
