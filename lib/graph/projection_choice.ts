/** Checks what an algorithm is asked to read. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { ProjectOptions } from "../backend/projection.ts";
import { checkProjectOptions, handleOf, type Projection } from "../projection/mod.ts";
import type { AnyTask } from "../task/task_registry.ts";

/** The choice, as it is given. */
export interface SourceChoice {
  /** As in `ProjectionChoice`. */
  readonly project?: ProjectOptions | undefined;
  /** As in `ProjectionChoice`. */
  readonly projection?: Projection | undefined;
  /** As in `RunOptions`. */
  readonly snapshot?: unknown;
}

/** A projection that threads of the pool make. */
export interface PooledProjection {
  /** Equal for options that mean the same. */
  readonly key: string;
  /** Options that are this run's own, and can be sent. */
  readonly options: ProjectOptions;
}

/** @throws {InvalidArgumentError} for options that contradict each other, or that this task does not have */
export function checkSourceChoice(task: AnyTask, { project, projection, snapshot }: SourceChoice, call: string): void {
  if (task?.source === "snapshot") {
    for (const [field, value] of Object.entries({ project, projection })) {
      if (value === undefined) continue;
      throw refusal(
        `${call}: ${field} is given, but ${
          JSON.stringify(task.taskName)
        } reads a snapshot, not a projection; leave it out`,
        field,
        value,
      );
    }
  }
  if (projection === undefined) return;
  handleOf(projection, call);
  for (const [field, value] of Object.entries({ project, snapshot })) {
    if (value === undefined) continue;
    throw refusal(
      `${call}: ${field} is given besides a projection, which is there already; leave one out`,
      field,
      value,
    );
  }
}

/** @throws {InvalidArgumentError} for bad options, and for a function, which cannot travel */
export function checkPooledProjection(project: ProjectOptions | undefined, call: string): PooledProjection {
  const checked = checkProjectOptions(project, call);
  if (project?.where !== undefined) {
    throw refusal(
      `${call}: project.where is a function, which cannot travel to the threads of the pool; project on this thread and give ` +
        "the result: graph.run(algorithm, params, { projection: snapshot.project({ where }) })",
      "project.where",
      project.where,
    );
  }
  return { key: JSON.stringify(checked), options: structuredClone(project ?? {}) };
}

function refusal(message: string, field: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(message, { code: "invalid-projection-options", field, value });
}
