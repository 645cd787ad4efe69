/** One number for target and type of an edge, as key of maps. */

/** Numbers of types are below this: fewer types than that fit into a file of a TiB. */
const MAX_TYPES = 2 ** 21;

/** The number of a target (position in `NodeIds`) and a type (number in `TypeTable`). */
export function edgeNumber(to: number, type: number): number {
  return to * MAX_TYPES + type;
}

/** The target in a number. */
export function targetOf(number: number): number {
  return Math.floor(number / MAX_TYPES);
}
