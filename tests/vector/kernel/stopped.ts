/** What a worker leaves in the memory of an index when its thread ends while it links. */

import { WORD } from "../../../lib/vector/layout.ts";
import type { VectorLinker, VectorMemory } from "../../../lib/vector/memory.ts";
import { MemoryView } from "../../../lib/vector/memory_view.ts";

// Words of the header and of a place, and bytes of a slot (kernel/header.ts).
const ENTRY_LOCK = 65;
const PENDING_CLAIMED = 68;
const CLAIMED_OF_PLACE = 6;
const HELD_OF_PLACE = 7;
const LOCK_OF_SLOT = 28;

/** What a worker is in the middle of when it ends. */
export interface Scene {
  /** A slot whose list it is replacing. */
  readonly replaces?: number | undefined;
  /** Whether it is putting a slot onto the top layer. */
  readonly isAtTop?: boolean;
}

/** Stops a worker that has claimed a slot. */
export function stop(memory: VectorMemory, { place }: VectorLinker, { replaces, isAtTop = false }: Scene): void {
  const view = new MemoryView(memory.handle.memory);
  const words = view.wordsTo(0);
  const word = (name: keyof typeof WORD): number => words[WORD[name]] as number;
  const placeAt = (word("places") + place * word("placeStride")) / 4;
  const sequence = words[PENDING_CLAIMED] as number;
  words[PENDING_CLAIMED] = sequence + 1;
  const claimed = words[word("pending") / 4 + (sequence & word("ringMask"))] as number;
  words[placeAt + CLAIMED_OF_PLACE] = claimed + 1;
  if (isAtTop) words[ENTRY_LOCK] = place + 1;
  if (replaces === undefined) return;
  const lock = view.slotAddress(replaces) + LOCK_OF_SLOT;
  words[placeAt + HELD_OF_PLACE] = lock;
  words[lock / 4] = place + 1;
  const list = view.kernel.linksAddress(replaces, 0) / 4;
  const count = words[list] as number;
  const links = words.slice(list + 1, list + 1 + count);
  // The first half of the new list stands there, and the second half of the old one.
  words.set([claimed, ...links.reverse().subarray(0, count / 2)].slice(0, count), list + 1);
}
