/** The errors that every backend throws: one root class, one subclass per thing that a caller can do about it. */

/** What a `GraphError` carries besides its message. */
export interface GraphErrorOptions {
  /** Stable, machine-readable reason such as `node-not-found`. */
  readonly code: string;
  /** The error of the system below, kept for the log. */
  readonly cause?: unknown;
  /** Name of the offending argument or field. */
  readonly field?: string;
  /** The offending value, as it was given. */
  readonly value?: unknown;
}

/**
 * Root of every error that this package throws (besides `AbortError`, which comes from the platform). `code` is stable
 * across releases; the message names the value and says what to do.
 */
export class GraphError extends Error {
  /** Stable, machine-readable reason. */
  readonly code: string;
  /** Name of the offending argument or field, where there is one. */
  readonly field: string | undefined;
  /** The offending value, where there is one. */
  readonly value: unknown;

  /** Makes an error that prints as `Name [code]: message`. */
  constructor(message: string, options: GraphErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (!Object.hasOwn(new.target.prototype, "name")) this.name = new.target.name;
    this.code = options.code;
    this.field = options.field;
    this.value = options.value;
    const stack = this.stack;
    const frames = stack === undefined ? -1 : stack.indexOf("\n    at ");
    if (stack !== undefined) this.stack = `${this.toString()}${frames < 0 ? "" : stack.slice(frames)}`;
  }

  /** `Name [code]: message`. */
  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

/** A node, edge or file that the call needs does not exist. */
export class NotFoundError extends GraphError {}

/** An argument is not what the call takes; nothing was changed. */
export class InvalidArgumentError extends GraphError {}

/** The call contradicts what the database holds or what another transaction did. */
export class ConflictError extends GraphError {}

/** Another process or connection holds the database's lock. */
export class DatabaseLockedError extends GraphError {}

/** Stored bytes are not what was written. Never repaired silently, never reported as "not found". */
export class CorruptionError extends GraphError {}

/** The file system refused: permission, space, I/O. The cause is kept. */
export class IoError extends GraphError {}

/** This backend, file or mode cannot do what was asked. */
export class UnsupportedError extends GraphError {}

/** A past state is no longer (or was never) kept. */
export class NotRetainedError extends GraphError {}

/** The database, snapshot or transaction was closed before the call. */
export class ClosedError extends GraphError {}

/** What a `QueueOverflowError` carries. */
export interface QueueOverflowErrorOptions {
  /** LSN of the first commit whose changes were lost. */
  readonly firstLostLsn: number;
}

/** A change stream was read too slowly and ended. */
export class QueueOverflowError extends GraphError {
  /** LSN of the first commit whose changes were lost; read the graph again from here. */
  readonly firstLostLsn: number;

  /** Names the first commit that the reader missed. */
  constructor(message: string, options: QueueOverflowErrorOptions) {
    super(message, { code: "change-queue-overflow", value: options.firstLostLsn });
    this.firstLostLsn = options.firstLostLsn;
  }
}

// On the prototypes and as text, so that a bundler that shortens class names does not shorten them.
for (
  const [name, type] of Object.entries({
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
    QueueOverflowError,
  })
) {
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true, writable: true });
}
