/** The library's own declarations lie elsewhere and name types that it does not bring along. */
declare module "hnswlib-wasm/lib/hnswlib.mjs" {
  const load: (options: object) => Promise<unknown>;
  export default load;
}
