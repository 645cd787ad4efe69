/** How much memory a call asks for at once, by its typed arrays. */

const NAMES = [
  "ArrayBuffer",
  "Uint8Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigUint64Array",
  "BigInt64Array",
] as const;

type Constructor = abstract new (...args: unknown[]) => { readonly byteLength: number };

/** Bytes of the largest buffer that is made while the function runs. */
export function largestAllocation(run: () => void): number {
  const globals = globalThis as unknown as Record<string, Constructor>;
  let largest = 0;
  const originals = NAMES.map((name) => globals[name] as Constructor);
  NAMES.forEach((name, index) => {
    const original = originals[index] as Constructor;
    globals[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget === globals[name] ? target : newTarget) as {
          byteLength: number;
        };
        if (typeof args[0] === "number") largest = Math.max(largest, made.byteLength);
        return made;
      },
    });
  });
  try {
    run();
  } finally {
    NAMES.forEach((name, index) => globals[name] = originals[index] as Constructor);
  }
  return largest;
}
