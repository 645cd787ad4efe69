/** `kv get|set|delete|scan`: the key-value store. */

import { Buffer } from "node:buffer";
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { NotFoundError } from "../backend/errors.ts";
import type { Key, KeyValue, KeyValueEntry } from "../backend/key_value.ts";
import { readCell } from "../graph/csv.ts";
import {
  type CommandParser,
  databaseArgument,
  EXIT_OK,
  type Invocation,
  invocation,
  jsonOption,
  limitOption,
  UsageError,
} from "./command.ts";
import { openForReading, openForWriting } from "./database.ts";
import { toJsonText } from "./json_text.ts";
import { keyJson, keyText } from "./key_text.ts";
import type { Output } from "./output.ts";
import { printable, writeTable } from "./table.ts";

const keyArgument = argument(string({ metavar: "KEY" }), { description: message`The key.` });

const hexOption = option("--hex", { description: message`Keys are given as hexadecimal bytes.` });

interface KeyArguments {
  readonly database: string;
  readonly key: string;
  readonly hex: boolean;
  readonly json: boolean;
}

const keyArguments = { database: databaseArgument, key: keyArgument, hex: hexOption, json: jsonOption };

const getCommand = command("get", invocation(object(keyArguments), get), {
  brief: message`Print the value of a key.`,
  description:
    message`Print the value of a key. Exit code 1 when there is no such key. With --json: the key, its value and when it expires.`,
});

const setCommand = command(
  "set",
  invocation(
    object({
      database: databaseArgument,
      key: keyArgument,
      value: argument(string({ metavar: "VALUE" }), {
        description: message`The value: JSON when it parses as JSON, else a text.`,
      }),
      text: option("--text", { description: message`Take the value as a text in any case.` }),
      ttlSeconds: optional(
        option("--ttl", integer({ metavar: "SECONDS", min: 0 }), {
          description: message`Time to live; default for ever.`,
        }),
      ),
      hex: hexOption,
      json: jsonOption,
    }),
    set,
  ),
  {
    brief: message`Write a key.`,
    description: message`Write a key. A negative number is given after --: kv set DB KEY -- -1`,
  },
);

const deleteCommand = command("delete", invocation(object(keyArguments), remove), {
  brief: message`Remove a key.`,
  description: message`Remove a key. Exit code 1 when there is no such key.`,
});

const scanCommand = command(
  "scan",
  invocation(
    object({
      database: databaseArgument,
      prefix: optional(
        option("--prefix", string({ metavar: "KEY" }), { description: message`Only keys that begin with this.` }),
      ),
      after: optional(
        option("--after", string({ metavar: "KEY" }), { description: message`Only keys after this one.` }),
      ),
      limit: limitOption,
      hex: hexOption,
      json: jsonOption,
    }),
    scan,
  ),
  {
    brief: message`List keys and values.`,
    description: message`List keys and values in byte order of the keys. With --json: one entry a line.`,
  },
);

/** `kv get|set|delete|scan` */
export const kvCommand: CommandParser = command(
  "kv",
  or(getCommand, setCommand, deleteCommand, scanCommand) as unknown as Parser<"sync", Invocation, unknown>,
  { brief: message`Read and write key-values.`, description: message`Read and write the key-value store.` },
);

function get({ database, key: text, hex, json }: KeyArguments, output: Output): number {
  using db = openForReading(database);
  const key = readKey(text, hex);
  const entry = db.kv.entry(key);
  if (entry === undefined) throw noSuchKey(key);
  if (json) output.json(entryJson(entry));
  else output.line(valueText(entry.value));
  return EXIT_OK;
}

interface SetArguments extends KeyArguments {
  readonly value: string;
  readonly text: boolean;
  readonly ttlSeconds: number | undefined;
}

function set(args: SetArguments, output: Output): number {
  using db = openForWriting(args.database);
  const key = readKey(args.key, args.hex);
  const value: KeyValue = args.text ? args.value : readCell(args.value);
  db.kv.set(key, value, { ttlSeconds: args.ttlSeconds });
  if (args.json) output.json(entryJson(db.kv.entry(key) ?? { key, value }));
  return EXIT_OK;
}

function remove({ database, key: text, hex, json }: KeyArguments, output: Output): number {
  using db = openForWriting(database);
  const key = readKey(text, hex);
  if (!db.kv.delete(key)) throw noSuchKey(key);
  if (json) output.json({ ...keyJson(key), deleted: true });
  return EXIT_OK;
}

interface ScanArguments {
  readonly database: string;
  readonly prefix: string | undefined;
  readonly after: string | undefined;
  readonly limit: number | undefined;
  readonly hex: boolean;
  readonly json: boolean;
}

function scan(args: ScanArguments, output: Output): number {
  using db = openForReading(args.database);
  const after = args.after === undefined ? undefined : readKey(args.after, args.hex);
  const prefix = readKey(args.prefix ?? "", args.hex);
  const range = { after, limit: args.limit };
  const entries: Iterable<KeyValueEntry> = typeof prefix === "string"
    ? db.kv.scan({ ...range, prefix })
    : db.kv.scan({ ...range, prefix });
  if (args.json) {
    for (const entry of entries) output.json(entryJson(entry));
    return EXIT_OK;
  }
  const rows = function* () {
    for (const { key, value, expiresAt } of entries) {
      yield [keyText(key), valueText(value), expiresAt === undefined ? "" : new Date(expiresAt).toISOString()];
    }
  };
  writeTable(output, [{ title: "key" }, { title: "value" }, { title: "expires" }], rows());
  return EXIT_OK;
}

function readKey(text: string, hex: boolean): Key {
  if (!hex) return text;
  if (/^(?:[\da-f]{2})*$/i.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  throw new UsageError(`with --hex a key is an even number of hexadecimal digits, not ${JSON.stringify(text)}`);
}

function entryJson({ key, value, expiresAt }: KeyValueEntry): unknown {
  return { ...keyJson(key), ...valueJson(value), ...(expiresAt === undefined ? undefined : { expiresAt }) };
}

function valueJson(value: KeyValue): object {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "number" && !Number.isFinite(value)) return { float: String(value) };
  return { value };
}

function valueText(value: KeyValue): string {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return printable(toJsonText(value));
}

function noSuchKey(key: Key): NotFoundError {
  return new NotFoundError(`there is no key ${keyText(key)}`, { code: "key-not-found", field: "key", value: key });
}
