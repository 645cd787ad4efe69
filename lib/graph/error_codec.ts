/** Errors that travel between threads: what is thrown on one side is thrown on the other. */

import {
  ClosedError,
  ConflictError,
  CorruptionError,
  DatabaseLockedError,
  GraphError,
  type GraphErrorOptions,
  InvalidArgumentError,
  IoError,
  NotFoundError,
  NotRetainedError,
  QueueOverflowError,
  UnsupportedError,
} from "../backend/errors.ts";
import { show } from "../backend/validate.ts";

type GraphErrorClass = new (message: string, options: GraphErrorOptions) => GraphError;

const CLASSES: Readonly<Record<string, GraphErrorClass>> = {
  GraphError,
  NotFoundError,
  InvalidArgumentError,
  ConflictError,
  DatabaseLockedError,
  CorruptionError,
  IoError,
  UnsupportedError,
  NotRetainedError,
  ClosedError,
};

/** The classes of the language that a caller may want to tell apart. */
const PLAIN_CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Causes of causes that travel along. A chain may be a ring. */
const MAX_CAUSES = 8;

/** An error as it travels: only what every runtime's `postMessage` can clone. */
interface EncodedError {
  readonly kind: "graph" | "overflow" | "dom" | "plain" | "thrown";
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  readonly field: string | undefined;
  readonly value: unknown;
  readonly cause: EncodedError | undefined;
}

/** An error, or whatever else was thrown, as something that `postMessage` can clone. Never throws. */
export function encodeError(error: unknown): unknown {
  return encode(error, MAX_CAUSES);
}

function encode(error: unknown, causes: number): EncodedError {
  const nothing = { stack: undefined, code: undefined, field: undefined, value: undefined, cause: undefined };
  if (!(error instanceof Error)) {
    return { ...nothing, kind: "thrown", name: "Error", message: textOf(error), value: cloneable(error) };
  }
  const common = {
    ...nothing,
    name: error.name,
    message: error.message,
    stack: error.stack,
    cause: error.cause === undefined || causes === 0 ? undefined : encode(error.cause, causes - 1),
  };
  if (error instanceof QueueOverflowError) return { ...common, kind: "overflow", value: error.firstLostLsn };
  if (error instanceof GraphError) {
    const { code, field, value } = error;
    return { ...common, kind: "graph", code, field, value: cloneable(value) };
  }
  if (error instanceof DOMException) return { ...common, kind: "dom" };
  return { ...common, kind: "plain", code: cloneable((error as { code?: unknown }).code) };
}

/** The value, or a text that shows it when it cannot travel. */
function cloneable(value: unknown): unknown {
  if (value === null || typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol") {
    return value;
  }
  try {
    return structuredClone(value);
  } catch {
    return show(value);
  }
}

function textOf(thrown: unknown): string {
  try {
    return typeof thrown === "string" ? thrown : `a value that is no error was thrown: ${show(thrown)}`;
  } catch {
    return "a value that is no error was thrown";
  }
}

/** The error again: its class, code, field, value, message, cause, and the stack of the thread that threw it. */
export function decodeError(encoded: unknown): Error {
  const travelled = encoded as EncodedError;
  const error = revive(travelled);
  const { kind, cause, value, stack } = travelled;
  if (kind === "dom") return error;
  if (kind === "thrown") define(error, "cause", value);
  else if (cause !== undefined) define(error, "cause", decodeError(cause));
  if (stack !== undefined) define(error, "stack", stack);
  return error;
}

function revive({ kind, name, message, code, field, value }: EncodedError): Error {
  switch (kind) {
    case "graph":
      return new (CLASSES[name] ?? GraphError)(message, {
        code: code as string,
        ...(field === undefined ? undefined : { field }),
        ...(value === undefined ? undefined : { value }),
      });
    case "overflow":
      return new QueueOverflowError(message, { firstLostLsn: value as number });
    case "dom":
      return new DOMException(message, name);
    case "thrown":
      return new Error(message);
    case "plain": {
      const error = new (PLAIN_CLASSES[name] ?? Error)(message);
      if (error.name !== name) define(error, "name", name);
      if (code !== undefined) define(error, "code", code);
      return error;
    }
  }
}

function define(error: Error, property: string, value: unknown): void {
  Object.defineProperty(error, property, { value, configurable: true, writable: true });
}
