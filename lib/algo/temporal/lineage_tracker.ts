/** Matches the components of each version with those that live. */

import type { LongCallOptions } from "../../backend/care.ts";
import type { Projection } from "../../projection/mod.ts";
import type { TaskContext } from "../define.ts";
import type { ComponentHistory, ComponentLineageOptions, Lineage, LineageEvent } from "./component_lineage.ts";
import { type VersionComponents, versionComponents } from "./version_components.ts";
import type { HistoryReader } from "./versions.ts";

/** Options with their defaults. */
export type TrackerOptions = {
  readonly [K in Exclude<keyof ComponentLineageOptions, keyof LongCallOptions>]-?: NonNullable<
    ComponentLineageOptions[K]
  >;
};

/** A lineage that may still change. */
type Growing = { -readonly [K in keyof Lineage]: Lineage[K] } & {
  /** Ids of its nodes in the last version that has it. */
  members: Float64Array<ArrayBuffer>;
  /** How many versions it has been missing for, and the first of them. */
  missing: number;
  missingSince: number;
};

/** A lineage and a component with nodes in common. */
interface Pair {
  readonly lineage: Growing;
  readonly component: number;
  /** Nodes in both, and in either. */
  readonly common: number;
  readonly union: number;
}

const NONE = new Float64Array(0);

/** Follows components from version to version. */
export class LineageTracker implements HistoryReader<ComponentHistory> {
  readonly #options: TrackerOptions;
  readonly #context: TaskContext;
  readonly #lineages: Growing[] = [];
  readonly #events: LineageEvent[] = [];
  /** Those that live or are missing, by number. */
  #living: Growing[] = [];

  constructor(options: TrackerOptions, context: TaskContext) {
    this.#options = options;
    this.#context = context;
  }

  read(version: number, projection: Projection): void {
    const { components, minSize } = this.#options;
    const found = versionComponents(projection, components, minSize, this.#context);
    const matched: (Growing | undefined)[] = new Array(found.count).fill(undefined);
    const pairs = this.#match(this.#pairs(projection, found, matched), matched, version);
    for (let component = 0; component < found.count; component++) {
      const lineage = matched[component];
      if (lineage !== undefined) {
        see(lineage, version, found.members.slice(found.starts[component], found.starts[component + 1]));
      }
    }
    this.#endThose(pairs, matched, version);
    this.#beginThose(pairs, matched, found, version);
  }

  /** Finds lineages and components with common nodes. Equal ones are matched at once: no other pair can come before them. */
  #pairs(
    projection: Projection,
    { count, labels, starts }: VersionComponents,
    matched: (Growing | undefined)[],
  ): Pair[] {
    const common = new Uint32Array(count);
    const touched: number[] = [];
    const pairs: Pair[] = [];
    let work = 0;
    for (const lineage of this.#living) {
      const { members } = lineage;
      for (let at = 0; at < members.length; at++) {
        const node = projection.indexOf(members[at] as number);
        const component = node < 0 ? -1 : labels[node] as number;
        if (component < 0) continue;
        if (common[component] === 0) touched.push(component);
        common[component] = (common[component] as number) + 1;
      }
      for (let at = 0; at < touched.length; at++) {
        const component = touched[at] as number;
        const size = (starts[component + 1] as number) - (starts[component] as number);
        const shared = common[component] as number;
        common[component] = 0;
        if (shared === size && shared === members.length && matched[component] === undefined) {
          matched[component] = lineage;
        } else {
          pairs.push({ lineage, component, common: shared, union: size + members.length - shared });
        }
      }
      touched.length = 0;
      work += members.length;
      if (work < 65_536) continue;
      work = 0;
      this.#context.throwIfAborted();
    }
    return pairs;
  }

  /** Matches the likest pairs. Returns all pairs in this order. */
  #match(pairs: Pair[], matched: (Growing | undefined)[], version: number): Pair[] {
    const { threshold } = this.#options;
    pairs.sort(compareLikeness);
    const taken = new Set<Growing>();
    for (const lineage of matched) if (lineage !== undefined) taken.add(lineage);
    for (const { lineage, component, common, union } of pairs) {
      if (matched[component] !== undefined || taken.has(lineage) || common < threshold * union) continue;
      matched[component] = lineage;
      taken.add(lineage);
    }
    for (const lineage of this.#living) {
      if (taken.has(lineage)) lineage.missing = 0;
      else if (lineage.missing++ === 0) lineage.missingSince = version;
    }
    return pairs;
  }

  /** Ends lineages that are part of another one now, and those that have been missing for too long. */
  #endThose(pairs: readonly Pair[], matched: readonly (Growing | undefined)[], version: number): void {
    for (const { lineage, component } of pairs) {
      const other = matched[component];
      // The first pair of a lineage counts.
      if (lineage.missing === 0 || lineage.deathVersion !== undefined || other === undefined) continue;
      lineage.mergedInto = other.id;
      lineage.deathVersion = lineage.missingSince;
    }
    this.#living = this.#living.filter((lineage) => {
      const { id, mergedInto, missing, missingSince, members: [nodeId = 0] } = lineage;
      if (mergedInto !== undefined) {
        this.#events.push({ version, lineage: id, nodeId, type: "merged", into: mergedInto });
        return false;
      }
      if (missing <= this.#options.maxGap) return true;
      lineage.deathVersion = missingSince;
      this.#events.push({ version: missingSince, lineage: id, nodeId, type: "died" });
      return false;
    });
  }

  #beginThose(
    pairs: readonly Pair[],
    matched: readonly (Growing | undefined)[],
    found: VersionComponents,
    version: number,
  ): void {
    const parents = new Map<number, number>();
    for (const { lineage, component } of pairs) {
      if (matched[component] !== undefined || lineage.missing > 0 || parents.has(component)) continue;
      parents.set(component, lineage.id);
    }
    const { count, starts } = found;
    for (let component = 0; component < count; component++) {
      if (matched[component] !== undefined) continue;
      const members = found.members.slice(starts[component], starts[component + 1]);
      const id = this.#lineages.length;
      const from = parents.get(component);
      const born = newLineage(id, version, members, from);
      this.#lineages.push(born);
      this.#living.push(born);
      const event = { version, lineage: id, nodeId: members[0] as number };
      this.#events.push(from === undefined ? { ...event, type: "born" } : { ...event, type: "split", from });
    }
  }

  end(): ComponentHistory {
    for (const lineage of this.#living) {
      // Those that are missing in the end have died as far as anybody knows.
      if (lineage.missing === 0) continue;
      const { id, missingSince, members: [nodeId = 0] } = lineage;
      lineage.deathVersion = missingSince;
      this.#events.push({ version: missingSince, lineage: id, nodeId, type: "died" });
    }
    const isEnd = ({ type }: LineageEvent): number => type === "died" || type === "merged" ? 0 : 1;
    this.#events.sort((a, b) => a.version - b.version || isEnd(a) - isEnd(b) || a.lineage - b.lineage);
    return {
      lineages: this.#lineages.map((lineage) => finished(lineage, this.#options.members)),
      events: this.#events,
    };
  }
}

/** Likest first. Components are numbered by their smallest nodes. */
function compareLikeness(a: Pair, b: Pair): number {
  const [first, second] = [a.lineage, b.lineage];
  return b.common * a.union - a.common * b.union || b.common - a.common ||
    first.birthVersion - second.birthVersion || (first.members[0] as number) - (second.members[0] as number) ||
    first.id - second.id || a.component - b.component;
}

function newLineage(
  id: number,
  version: number,
  members: Float64Array<ArrayBuffer>,
  splitFrom: number | undefined,
): Growing {
  const size = members.length;
  return {
    id,
    birthVersion: version,
    lastVersion: version,
    deathVersion: undefined,
    versionsSeen: 1,
    birthSize: size,
    peakSize: size,
    peakVersion: version,
    finalSize: size,
    splitFrom,
    mergedInto: undefined,
    birthMembers: members,
    peakMembers: members,
    finalMembers: members,
    members,
    missing: 0,
    missingSince: version,
  };
}

function see(lineage: Growing, version: number, members: Float64Array<ArrayBuffer>): void {
  lineage.lastVersion = version;
  lineage.versionsSeen++;
  lineage.finalSize = members.length;
  lineage.members = members;
  lineage.finalMembers = members;
  if (members.length <= lineage.peakSize) return;
  lineage.peakSize = members.length;
  lineage.peakVersion = version;
  lineage.peakMembers = members;
}

function finished({ members: _, missing: __, missingSince: ___, ...lineage }: Growing, hasMembers: boolean): Lineage {
  return hasMembers ? lineage : { ...lineage, birthMembers: NONE, peakMembers: NONE, finalMembers: NONE };
}
