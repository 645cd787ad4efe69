/** A link tree next to a list of what must be in it. */

import { assert, assertEquals } from "@std/assert";
import { LinkCursor, type LinkTree } from "../../lib/v3/link_tree.ts";
import { LinkTreeWriter } from "../../lib/v3/link_tree_writer.ts";
import { EMPTY_ROOT, type TreeRoot } from "../../lib/v3/pages.ts";
import { assertPages, type WatchedPages } from "./number_tree.ts";
import { TestPages } from "./test_pages.ts";

/** The largest number. */
export const MAX_ID: number = Number.MAX_SAFE_INTEGER;

/** An entry with its type. */
export type Link = readonly [a: number, b: number, c: number, type: number];

/** Order of links. */
export function compare(x: Link, y: Link): number {
  return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
}

/** Links without repetition, in order. */
export function sorted(links: readonly Link[]): Link[] {
  return [...links].sort(compare).filter((link, at, all) => at === 0 || compare(all[at - 1] as Link, link) < 0);
}

function column(links: readonly Link[], at: 0 | 1 | 2 | 3): Float64Array {
  return Float64Array.from(links, (link) => link[at]);
}

/** Inserts links, in order, as columns. */
export function insertSorted(tree: LinkTreeWriter, links: readonly Link[]): number {
  return tree.insertSorted(column(links, 0), column(links, 1), column(links, 2), column(links, 3), links.length);
}

/** Deletes links, in order, as columns. */
export function deleteSorted(tree: LinkTreeWriter, links: readonly Link[]): number {
  return tree.deleteSorted(column(links, 0), column(links, 1), column(links, 2), links.length);
}

/** The entries of a group from (b, c) on, run by run. */
export function groupOf(tree: LinkTree, a: number, b = 0, c = 0): Link[] {
  const links: Link[] = [];
  tree.seek(a, b, c);
  while (tree.nextRun()) {
    for (let at = tree.start; at < tree.end; at++) links.push([a, tree.b(at), tree.c(at), tree.type(at)]);
  }
  return links;
}

/** The entries of a tree from (a, b, c) on, as a cursor gives them. */
export function contentOf(pages: WatchedPages, root: TreeRoot, a = 0, b = 0, c = 0): Link[] {
  const cursor = new LinkCursor(pages, root);
  cursor.seekAll(a, b, c);
  const links: Link[] = [];
  while (cursor.nextRun()) {
    for (let at = cursor.start; at < cursor.end; at++) {
      links.push([cursor.a, cursor.b(at), cursor.c(at), cursor.type(at)]);
    }
  }
  return links;
}

/** Numbers from 0 to 1, the same for every run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 4) / 2 ** 28;
  };
}

/** Links of a random graph: a and b below `nodes`, c counts up. */
export function randomLinks(count: number, nodes: number, seed = 1): Link[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, c) => [Math.floor(next() * nodes), Math.floor(next() * nodes), c, 0]);
}

/** Like `assertEquals`, for many links. */
export function assertLinks(actual: readonly Link[], expected: readonly Link[]): void {
  const wrong = expected.findIndex((link, at) => {
    const found = actual[at];
    return found === undefined || compare(found, link) !== 0 || found[3] !== link[3];
  });
  assertEquals([wrong, actual[wrong], actual.length], [-1, undefined, expected.length]);
}

/** A writer next to a list that says what must be in the tree, and next to the states of earlier commits. */
export class Model {
  readonly pages: WatchedPages;
  readonly tree: LinkTreeWriter;
  /** What has to be in the tree, in order. */
  links: Link[] = [];
  readonly #commits: { root: TreeRoot; links: Link[] }[] = [];

  constructor(pages: WatchedPages = new TestPages(8000)) {
    this.pages = pages;
    this.tree = new LinkTreeWriter(pages, EMPTY_ROOT);
  }

  /** Inserts one entry. */
  insert(link: Link): void {
    const isNew = !this.links.some((other) => compare(other, link) === 0);
    assertEquals(this.tree.insert(...link), isNew);
    if (isNew) this.links = sorted([...this.links, link]);
  }

  /** Inserts entries in one call; present ones get the new type. */
  insertSorted(batch: readonly Link[]): void {
    const links = sorted(batch);
    const all = sorted([...links, ...this.links]);
    assertEquals(insertSorted(this.tree, links), all.length - this.links.length);
    this.links = all;
  }

  /** Deletes one entry. */
  delete(link: Link): void {
    const left = this.links.filter((other) => compare(other, link) !== 0);
    assertEquals(this.tree.delete(link[0], link[1], link[2]), left.length < this.links.length);
    this.links = left;
  }

  /** Deletes entries in one call. */
  deleteSorted(batch: readonly Link[]): void {
    const links = sorted(batch);
    const keys = new Set(links.map((link) => link.slice(0, 3).join()));
    const left = this.links.filter((link) => !keys.has(link.slice(0, 3).join()));
    assertEquals(deleteSorted(this.tree, links), this.links.length - left.length);
    this.links = left;
  }

  /** Gives one entry another type. */
  setType([a, b, c]: Link, type: number): void {
    const at = this.links.findIndex((other) => compare(other, [a, b, c, 0]) === 0);
    assertEquals(this.tree.setType(a, b, c, type), at >= 0);
    if (at >= 0) this.links[at] = [a, b, c, type];
  }

  /** Deletes everything. */
  clear(): void {
    this.tree.clear();
    this.links = [];
  }

  /** Checks the state, keeps it, and begins the next commit. */
  commit(): void {
    this.check();
    this.#commits.push({ root: this.tree.root, links: [...this.links] });
    this.pages.commit();
  }

  /** Asserts that every way of reading gives what the model holds. */
  check(): void {
    const { pages, tree, links } = this;
    assertPages(pages, tree.root, 3);
    assertLinks(contentOf(pages, tree.root), links);
    assertEquals(tree.countAll(), links.length);
    const middle = links[links.length >>> 1];
    if (middle === undefined) return;
    const [a, b, c] = middle;
    const group = links.filter((link) => link[0] === a);
    assertLinks(groupOf(tree, a), group);
    assertEquals(tree.count(a), group.length);
    assertEquals(groupOf(tree, a, b, c + 1), group.filter((link) => compare([a, b, c, 0], link) < 0));
    assertLinks(contentOf(pages, tree.root, a, b, c), links.slice(links.length >>> 1));
    assertLinks(contentOf(pages, tree.root, a, b + 1, 0), links.filter((link) => compare(link, [a, b + 1, 0, 0]) >= 0));
    assert(tree.has(a, b, c));
    assertEquals(tree.has(a, b, c + 1), group.some((link) => link[1] === b && link[2] === c + 1));
  }

  /** Checks the state and all kept ones. */
  finish(): void {
    this.check();
    for (const { root, links } of this.#commits) assertLinks(contentOf(this.pages, root), links);
  }
}
