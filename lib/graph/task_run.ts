/** One run of a task, as the thread that waits for it sees it. */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { InvalidArgumentError } from "../backend/errors.ts";
import { unpackResult } from "../projection/mod.ts";
import { isCloneError } from "./clone_error.ts";
import { decodeError } from "./error_codec.ts";
import type { Pool } from "./pool.ts";
import type { RunControl } from "./run_control.ts";
import { MEMBER_ENDED, type TaskAnswer, type TaskJob } from "./task_worker.ts";

/** What all threads of a run are sent. */
export type RunWork = Pick<TaskJob, "moduleUrl" | "taskName" | "params" | "source">;

/**
 * Lets free threads of a pool work on a task together.
 *
 * @param onThreadFree called once for each thread, when it has ended its part
 * @returns what the first thread's function returned, once all have ended
 * @throws the error of the thread that failed first; the others are cancelled
 */
export async function runTogether(
  pool: Pool,
  control: RunControl,
  work: RunWork,
  workers: number,
  onThreadFree: () => void,
): Promise<unknown> {
  const ports = channels(workers);
  const failures: unknown[] = [];
  let value: unknown;
  await Promise.all(ports.map(async (own, worker) => {
    const { moduleUrl, taskName, params, source } = work;
    const job: TaskJob = { moduleUrl, taskName, params, source, control: control.buffer, workers, worker, ports: own };
    try {
      const answer = await pool.run(job, own) as TaskAnswer;
      if ("error" in answer) throw decodeError(answer.error);
      if (worker === 0) value = unpackResult(answer);
    } catch (error) {
      failures.push(isCloneError(error) ? uncloneable(taskName, error) : error);
      control.cancel();
    } finally {
      onThreadFree();
    }
  }));
  if (failures.length === 0) return value;
  throw failures.find((error) => (error as { code?: unknown }).code !== MEMBER_ENDED) ?? failures[0];
}

/** A port from the first thread to each other one: first those of the first thread, then one for each. */
function channels(workers: number): MessagePort[][] {
  const ports: MessagePort[][] = [[]];
  for (let worker = 1; worker < workers; worker++) {
    const { port1, port2 } = new MessageChannel();
    ports[0]?.push(port1);
    ports.push([port2]);
  }
  return ports;
}

function uncloneable(taskName: string, error: unknown): InvalidArgumentError {
  const why = error instanceof Error ? error.message : String(error);
  return new InvalidArgumentError(
    `task ${JSON.stringify(taskName)}: its parameters cannot be sent to another thread (${why}); pass plain data`,
    { code: "task-params-not-cloneable", field: "params", cause: error },
  );
}
