/** Data of an edge from its property row and the weight in its record. */

import { jsonMembers } from "../backend/json.ts";
import { DEFAULT_WEIGHT } from "./edge_data.ts";

/** Most digits that a binary32 number needs. */
const MAX_DIGITS = 9;

/** Shortest decimal text that is this binary32 number: 0.1, not 0.10000000149011612. */
export function weightText(weight: number): string {
  for (let digits = 1; digits < MAX_DIGITS; digits++) {
    const short = Number(weight.toPrecision(digits));
    if (Math.fround(short) === weight) return JSON.stringify(short);
  }
  return JSON.stringify(Number(weight.toPrecision(MAX_DIGITS)));
}

/**
 * JSON text of an edge's data. A weight other than 1 becomes the member `weight`, unless the data has one already or is no object:
 * the reference takes the weight from there.
 *
 * @param data valid JSON text from the row, if there is one
 */
export function edgeDataText(data: string | undefined, weight: number): string {
  if (weight === DEFAULT_WEIGHT || !Number.isFinite(weight)) return data ?? "{}";
  if (data === undefined || data === "{}") return `{"weight":${weightText(weight)}}`;
  const members = jsonMembers(data);
  if (members === undefined || members.has("weight")) return data;
  members.set("weight", weightText(weight));
  return `{${[...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}
