/** Entry of the threads that the tests of pools start: does what the job says. */

import process from "node:process";
import { serveJobs } from "../../lib/graph/job_server.ts";

/** What a thread of the tests can be asked for. */
export type TestJob =
  | { readonly do: "echo"; readonly value: unknown }
  | { readonly do: "start data" }
  | { readonly do: "return a function" }
  | { readonly do: "end the thread" }
  | { readonly do: "fail in a timer" }
  /** Adds 1 to the first word and waits until it has the wanted value. */
  | { readonly do: "meet"; readonly words: Int32Array<SharedArrayBuffer>; readonly wanted: number }
  /** Sets the first word and then computes until the second one is set. */
  | { readonly do: "spin"; readonly words: Int32Array<SharedArrayBuffer> };

const run: (job: unknown) => Promise<unknown> = await serveJobs((data) => ({
  async run(given) {
    const job = given as TestJob;
    switch (job.do) {
      case "echo":
        return job.value;
      case "start data":
        return data;
      case "return a function":
        return () => {};
      case "end the thread":
        process.exit(3);
        break;
      case "fail in a timer":
        setTimeout(() => {
          throw new RangeError("failed in a timer");
        });
        return await new Promise(() => {});
      case "meet":
        Atomics.add(job.words, 0, 1);
        Atomics.notify(job.words, 0);
        for (let met = 0; (met = Atomics.load(job.words, 0)) < job.wanted;) Atomics.wait(job.words, 0, met);
        return "met";
      case "spin":
        Atomics.store(job.words, 0, 1);
        while (Atomics.load(job.words, 1) === 0);
        return "spun";
    }
  },
  uncloneable: (job) => `not sent: the result of ${JSON.stringify(job)}`,
  close() {
    const { closed } = (data ?? {}) as { readonly closed?: Int32Array<SharedArrayBuffer> };
    if (closed !== undefined) Atomics.add(closed, 0, 1);
  },
}));

export default run;
