/** Data races in a trace. */

import { checkCount, checkObject, show } from "../../backend/validate.ts";
import { invalid } from "../params.ts";
import { VectorClock } from "./vector_clock.ts";

/** An access to memory, or to whatever else threads share. */
export interface TraceEvent {
  /** What tells it from other events of the trace. */
  readonly id: number;
  /** The thread that did it. */
  readonly thread: string;
  /** What the thread knew then: events of each thread, its own ones with this one. */
  readonly clock: VectorClock | Readonly<Record<string, number>>;
  /** What was accessed. */
  readonly location: string;
  /** How. */
  readonly access: "read" | "write";
}

/** Two accesses that nothing orders. */
export interface TraceRace {
  /** What both access. */
  readonly location: string;
  /** The access with the smaller id. */
  readonly first: number;
  /** The other one. */
  readonly second: number;
}

/** What was found. */
export interface TraceAnalysis {
  /** Number of events. */
  readonly eventCount: number;
  /** The races, in the order of their locations (by code units), then of the ids of both accesses. */
  readonly races: TraceRace[];
  /** Whether there are no other races: false when there are more than `maxRaces`. */
  readonly isComplete: boolean;
  /** The locations of the races, in their order. */
  readonly racedLocations: string[];
}

/** How to look for races. */
export interface TraceOptions {
  /** Most races that are listed; default 10,000. */
  readonly maxRaces?: number | undefined;
}

/**
 * Finds data races in a trace with vector clocks: pairs of accesses to one location by two threads, at least one of them a
 * write, of which neither happened before the other. A plain function of a trace, not of a graph; `happensBefore` orders the
 * events of a graph.
 *
 * O(Σ k² · threads) for locations with k accesses, of which accesses that only read are not compared with each other.
 *
 * @throws {InvalidArgumentError} for bad events, and for two with one id
 *
 * @example
 * ```ts ignore
 * const { races } = happensBeforeAnalysis([
 *   { id: 1, thread: "a", clock: { a: 1 }, location: "x", access: "write" },
 *   { id: 2, thread: "b", clock: { b: 1 }, location: "x", access: "read" },
 * ]);
 * console.log(races); // [{ location: "x", first: 1, second: 2 }]
 * ```
 */
export function happensBeforeAnalysis(events: readonly TraceEvent[], options: TraceOptions = {}): TraceAnalysis {
  const maxRaces = checkCount(checkObject(options, CALL, "options")["maxRaces"], 10_000, CALL, "maxRaces");
  const byLocation = grouped(checkEvents(events));
  const races: TraceRace[] = [];
  const raced = new Set<string>();
  const found = (isComplete: boolean): TraceAnalysis => ({
    eventCount: events.length,
    races,
    isComplete,
    racedLocations: [...raced],
  });
  for (const location of [...byLocation.keys()].sort()) {
    const accesses = (byLocation.get(location) ?? []).sort((a, b) => a.id - b.id);
    for (const [at, first] of accesses.entries()) {
      for (let other = at + 1; other < accesses.length; other++) {
        const second = accesses[other] as CheckedEvent;
        if (first.thread === second.thread || !first.isWrite && !second.isWrite) continue;
        if (!first.clock.isConcurrent(second.clock)) continue;
        if (races.length === maxRaces) return found(false);
        raced.add(location);
        races.push({ location, first: first.id, second: second.id });
      }
    }
  }
  return found(true);
}

const CALL = "happensBeforeAnalysis";

interface CheckedEvent {
  readonly id: number;
  readonly thread: string;
  readonly clock: VectorClock;
  readonly location: string;
  readonly isWrite: boolean;
}

function checkEvents(events: readonly TraceEvent[]): CheckedEvent[] {
  if (!Array.isArray(events)) throw invalid(CALL, "events", events, `is ${show(events)}; give an array`);
  const ids = new Set<number>();
  return events.map((event: TraceEvent, at) => {
    const checked = checkEvent(event, `events[${at}]`);
    if (ids.has(checked.id)) {
      throw invalid(CALL, `events[${at}].id`, checked.id, `is ${checked.id}, as of another event`);
    }
    ids.add(checked.id);
    return checked;
  });
}

function checkEvent(event: TraceEvent, place: string): CheckedEvent {
  const { id, thread, clock, location, access } = checkObject(event, CALL, place) as unknown as TraceEvent;
  const refuse = (field: string, value: unknown, wanted: string) =>
    invalid(CALL, `${place}.${field}`, value, `is ${show(value)}; give ${wanted}`);
  if (!Number.isFinite(id)) throw refuse("id", id, "a number");
  if (typeof thread !== "string") throw refuse("thread", thread, "a text");
  if (typeof location !== "string") throw refuse("location", location, "a text");
  if (access !== "read" && access !== "write") throw refuse("access", access, '"read" or "write"');
  return { id, thread, clock: checkClock(clock, place), location, isWrite: access === "write" };
}

function checkClock(clock: unknown, place: string): VectorClock {
  if (clock instanceof VectorClock) return clock;
  const counts = checkObject(clock, CALL, `${place}.clock`);
  for (const [thread, count] of Object.entries(counts)) {
    if (Number.isSafeInteger(count) && (count as number) >= 0) continue;
    throw invalid(CALL, `${place}.clock.${thread}`, count, `is ${show(count)}; give the number of its events`);
  }
  return new VectorClock(counts as Record<string, number>);
}

function grouped(events: readonly CheckedEvent[]): Map<string, CheckedEvent[]> {
  const groups = new Map<string, CheckedEvent[]>();
  for (const event of events) {
    const group = groups.get(event.location);
    if (group === undefined) groups.set(event.location, [event]);
    else group.push(event);
  }
  return groups;
}
