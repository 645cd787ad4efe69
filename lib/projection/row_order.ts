/** Rows of links in their final order: ascending targets, then edge ids. */

/** Rows up to this length are sorted by insertion. */
const SHORT_ROW = 24;

/** Rows of links that are being put in order. */
export interface Rows {
  /** Links up to and including each row. */
  readonly ends: Uint32Array;
  /** Dense index of the target of each link. */
  readonly targets: Uint32Array;
  /** Edge of each link, where it matters. */
  readonly edges: Float64Array | undefined;
}

/** What came of rows. */
export interface OrderedRows {
  /** Links that are left. */
  readonly count: number;
  /** Of these, links from a node to itself. */
  readonly loops: number;
}

/**
 * Puts each of the first `rowCount` rows in order; `firstRow` is the dense index of the first one. `isSimple` drops links from
 * a node to itself and all but the first to each target. Ends are changed with it.
 */
export function orderRows(
  { ends, targets, edges }: Rows,
  rowCount: number,
  firstRow: number,
  isSimple: boolean,
): OrderedRows {
  let loops = 0;
  let kept = 0;
  let start = 0;
  for (let row = 0; row < rowCount; row++) {
    const end = ends[row] as number;
    if (!isOrdered(targets, edges, start, end)) sortRow(targets, edges, start, end);
    const own = firstRow + row;
    if (isSimple) {
      let last = own;
      for (let at = start; at < end; at++) {
        const target = targets[at] as number;
        if (target === own || target === last) continue;
        last = target;
        targets[kept] = target;
        if (edges !== undefined) edges[kept] = edges[at] as number;
        kept++;
      }
      ends[row] = kept;
    } else {
      for (let at = start; at < end; at++) if (targets[at] === own) loops++;
    }
    start = end;
  }
  return { count: isSimple ? kept : start, loops };
}

function isOrdered(targets: Uint32Array, edges: Float64Array | undefined, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) {
    const before = targets[at - 1] as number;
    const target = targets[at] as number;
    if (before > target) return false;
    if (edges !== undefined && before === target && (edges[at - 1] as number) > (edges[at] as number)) return false;
  }
  return true;
}

function sortRow(targets: Uint32Array, edges: Float64Array | undefined, start: number, end: number): void {
  if (end - start <= SHORT_ROW) insertionSort(targets, edges, start, end);
  else if (edges === undefined) targets.subarray(start, end).sort();
  else sortPairs(targets.subarray(start, end), edges.subarray(start, end));
}

function insertionSort(targets: Uint32Array, edges: Float64Array | undefined, start: number, end: number): void {
  for (let at = start + 1; at < end; at++) {
    const target = targets[at] as number;
    const edge = edges === undefined ? 0 : edges[at] as number;
    let to = at;
    while (to > start) {
      const before = targets[to - 1] as number;
      if (before < target || (before === target && (edges === undefined || (edges[to - 1] as number) <= edge))) break;
      targets[to] = before;
      if (edges !== undefined) edges[to] = edges[to - 1] as number;
      to--;
    }
    targets[to] = target;
    if (edges !== undefined) edges[to] = edge;
  }
}

/** Sorts a long row: places by target, then the edges of each target. */
function sortPairs(targets: Uint32Array, edges: Float64Array): void {
  const { length } = targets;
  const places = placesByTarget(targets);
  const oldTargets = targets.slice();
  const oldEdges = edges.slice();
  for (let at = 0; at < length; at++) {
    const place = places[at] as number;
    targets[at] = oldTargets[place] as number;
    edges[at] = oldEdges[place] as number;
  }
  for (let start = 0; start < length;) {
    let end = start + 1;
    while (end < length && targets[end] === targets[start]) end++;
    if (end - start > 1) edges.subarray(start, end).sort();
    start = end;
  }
}

function placesByTarget(targets: Uint32Array): Uint32Array {
  const { length } = targets;
  const places = new Uint32Array(length);
  let most = 0;
  for (let at = 0; at < length; at++) most = Math.max(most, targets[at] as number);
  if ((most + 1) * length > Number.MAX_SAFE_INTEGER) {
    for (let at = 0; at < length; at++) places[at] = at;
    return places.sort((a, b) => (targets[a] as number) - (targets[b] as number));
  }
  // Sorting numbers takes a fifth of the time of sorting with a function.
  const keys = new Float64Array(length);
  for (let at = 0; at < length; at++) keys[at] = (targets[at] as number) * length + at;
  keys.sort();
  for (let at = 0; at < length; at++) {
    const key = keys[at] as number;
    places[at] = key - Math.floor(key / length) * length;
  }
  return places;
}
