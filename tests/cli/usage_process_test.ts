import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { VERSION } from "../../lib/cli/version.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { RUNTIME, test } from "../support/test.ts";
import { failJson, failJsonEach, peopleIn, run, runEach, succeed, workplace } from "./command_line.ts";

const COMMANDS: readonly (readonly string[])[] = [
  ...["import", "export", "status", "get", "neighbors", "path", "bfs", "pattern", "algo", "kv", "vector"].map((
    name,
  ) => [name]),
  ...["tag", "history", "diff", "backup", "check", "checkpoint", "compact", "salvage"].map((name) => [name]),
  ...["inspect", "import-reference"].map((name) => [name]),
  ...["get", "set", "delete", "scan"].map((name) => ["kv", name]),
  ...["add", "list", "remove"].map((name) => ["tag", name]),
  ...["create", "import", "search", "stats", "drop"].map((name) => ["vector", name]),
];

test("help lists all commands, and each explains itself", async () => {
  const help = await succeed("--help");
  const helps = await runEach(COMMANDS.map((command) => [...command, "--help"]));
  COMMANDS.forEach((command, index) => {
    const { code, stdout, stderr } = helps[index] as typeof helps[number];
    assertEquals([code, stderr], [0, ""]);
    assertMatch(help, new RegExp(`^  ${command[0]} `, "m"));
    assertStringIncludes(stdout, `Usage: sqlitegraph ${command.join(" ")}`);
  });
  assertEquals(await succeed("get", "-h"), await succeed("get", "--help"));
});

test("the version is printed", async () => {
  assertEquals(await succeed("--version"), `${VERSION}\n`);
});

test("without a command, help goes to standard error with exit code 2", async () => {
  const { code, stdout, stderr } = await run();
  assertEquals([code, stdout, stderr], [2, "", await succeed("--help")]);
});

const MISTAKES: readonly (readonly string[])[] = [
  ["imprt"],
  ["get"],
  ["get", "db"],
  ["get", "db", "1", "2"],
  ["get", "db", "1", "--frob"],
  ["bfs", "db", "1", "--depth", "-1"],
  ["bfs", "db", "1", "--depth", "x"],
  ["bfs", "db", "1", "--limit", "1.5"],
  ["neighbors", "db", "1", "--direction", "up"],
  ["neighbors", "db", "1", "--types", "A,,B"],
  ["import", "file"],
  ["import", "--into", "db"],
  ["import", "file", "--into", "db", "--format", "xml"],
  ["pattern", "db", "(A"],
  ["kv"],
  ["kv", "get", "db"],
  ["backup", "db"],
  ["import", "file", "--into", "db", "--backend", "mysql"],
  ["tag"],
  ["tag", "add", "db"],
  ["diff", "db", "1"],
  ["compact", "db"],
  ["salvage", "db"],
  ["inspect"],
  ["import-reference", "file"],
  ["vector"],
  ["vector", "create", "db", "bio"],
  ["vector", "create", "db", "bio", "--dimension", "0"],
  ["vector", "create", "db", "bio", "--dimension", "3", "--metric", "hamming"],
  ["vector", "search", "db", "bio", "-k", "0", "--query", "[1]"],
  ["vector", "import", "db", "bio", "file", "--format", "hdf5"],
];

test("a wrong command line ends with exit code 2, as text or as JSON", async () => {
  const errors = [...await failJsonEach(2, MISTAKES), await failJson(2, "imprt")];
  errors.forEach((error, at) => {
    assertEquals([error["name"], error["code"]], ["UsageError", "usage"], (MISTAKES[at] ?? ["imprt"]).join(" "));
  });
  const { code, stdout, stderr } = await run("imprt");
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "Did you mean `import`?");
  assertStringIncludes(stderr, "sqlitegraph --help");
});

test("check lists what is wrong and ends with exit code 1", async () => {
  using place = workplace();
  const database = peopleIn(place, "sqlite");
  {
    using raw = openRaw(database);
    raw.exec("PRAGMA foreign_keys = OFF; DELETE FROM graph_entities WHERE id = 3");
  }
  const { code, stdout, stderr } = await run("check", database, "--json");
  const result = JSON.parse(stdout) as { ok: boolean; findings: { severity: string; code: string }[] };
  assertEquals([code, stderr, result.ok], [1, "", false]);
  assertEquals(
    result.findings.some(({ severity, code: reason }) => severity === "error" && reason === "dangling-edge"),
    true,
  );
  const text = await run("check", database);
  assertEquals(text.code, 1);
  assertMatch(text.stdout, /^error +dangling-edge +1 /m);
  assertMatch(text.stdout, /^damaged: \d+ errors?$/m);
});

test(
  "a reader that goes away ends a command quietly",
  { skip: process.platform === "win32" && "needs a shell" },
  async () => {
    using place = workplace();
    const database = place.path("many.graph");
    const rows = Array.from({ length: 20_000 }, (_, number) => `{"kv": {"key": "key ${number}", "value": ${number}}}`);
    await succeed("import", place.write("many.jsonl", rows), "--into", database);
    const line = await shell(`{ ${commandLine()} kv scan '${database}' --json; echo "exit code $?" >&2; } | head -n 1`);
    assertEquals(line, '{"key":"key 0","value":0}\nexit code 0\n');
  },
);

function commandLine(): string {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const deno = `'${process.execPath}' run --no-prompt --no-check --allow-read='${root}' --allow-write='${root}.tmp'`;
  return `${RUNTIME === "bun" ? `'${process.execPath}'` : deno} '${root}lib/cli/main.ts'`;
}

/** The parts of the two runtimes' own calls that are used here; neither's types are known to the other's checker. */
interface Runtimes {
  readonly Bun?: {
    spawn(
      command: readonly string[],
      options: unknown,
    ): { readonly stdout: ReadableStream; readonly stderr: ReadableStream };
  };
  readonly Deno?: {
    readonly Command: new (path: string, options: unknown) => {
      output(): Promise<{ readonly stdout: Uint8Array; readonly stderr: Uint8Array }>;
    };
  };
}

/** What a shell command prints: standard output, then standard error. */
async function shell(command: string): Promise<string> {
  const { Bun, Deno } = globalThis as unknown as Runtimes;
  if (Deno !== undefined) {
    const { stdout, stderr } = await new Deno.Command("sh", { args: ["-c", command] }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  }
  const child = Bun?.spawn(["sh", "-c", command], { stdout: "pipe", stderr: "pipe" });
  if (child === undefined) throw new Error("neither Bun nor Deno");
  return await new Response(child.stdout).text() + await new Response(child.stderr).text();
}
