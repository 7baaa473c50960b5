import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const GOOD = `import { defineHandler } from "bellwether";
export default defineHandler(async (data, run) => ({ job: run.id, answer: data.answer }));`;

/** What a user may write into jobs/; all of it is loaded by one Node process, as a replica would at its start. */
const FILES: Record<string, string> = {
  "reports/nightly.ts": `import { defineHandler } from "bellwether";
export default defineHandler<{ answer: number }>(async (data: { answer: number }) => ({ nightly: data.answer }));`,
  "plain.js": GOOD,
  "module.mjs": GOOD,
  "typed.mts": GOOD,
  "common.cjs": `const { defineHandler } = require("bellwether");
module.exports = defineHandler(async data => ({ common: data.answer }));`,
  "node_modules/@acme/reports/package.json":
    '{ "type": "module", "exports": { ".": { "import": "./index.js" }, "./weekly": "./weekly.cjs" } }',
  "node_modules/@acme/reports/index.js": `${GOOD.replace("export default", "export const nightly =")}\nexport const format = "csv";`,
  "node_modules/@acme/reports/weekly.cjs": `const { defineHandler } = require("bellwether");
exports.weekly = defineHandler(async data => ({ weekly: data.answer }));`,
  "two.ts": GOOD,
  "two.js": GOOD,
  "counted.mjs": `globalThis.imports = (globalThis.imports ?? 0) + 1;\n${GOOD.replace("data.answer", "globalThis.imports")}`,
  "other-copy.mjs": `export default Object.assign(async () => "other copy", { [Symbol.for("bellwether.handler")]: 1 });`,
  "function.mjs": "export default async () => 1;",
  "object.mjs": "export default { handle() {} };",
  "named.mjs": "export const handler = 1; export const other = 2;",
  "empty.mjs": "",
  "throws.ts": `const limit: number = 3;\nfunction read() {\n  throw new TypeError("no such table");\n}\nread();\nexport default limit;`,
  "throws-text.mjs": `throw "just text";`,
  "syntax.ts": "const a: number = 1;\n\nexport default function ( { ;\n",
  "syntax.mjs": "const a = 1;\nconst b = { const };\n",
  "enum.ts": "enum Colour { Red }\nexport default Colour;",
  "imports-nothing.mjs": `import { a } from "./nowhere.mjs";\nexport default a;`,
  "hangs.mjs": "await new Promise(() => setInterval(() => undefined, 1000));",
};

interface Printed {
  readonly results: Record<string, unknown>;
  readonly problems: readonly { jobs: readonly string[]; message: string }[];
}

let root: string;
let printed: Printed;

const REFERENCES: Record<string, string> = {
  nightly: "reports/nightly",
  plain: "plain",
  module: "module",
  typed: "typed",
  common: "common",
  package: "@acme/reports#nightly",
  "package-path": "@acme/reports/weekly#weekly",
  "other-copy": "other-copy",
  "counted-1": "counted",
  "counted-2": "./counted",
  "through-link": "linked/elsewhere",
  two: "two",
  misspelt: "reports/nihgtly",
  extension: "plain.js",
  absent: "something/entirely/different",
  above: "../outside",
  "above-within": "reports/../../other",
  absolute: "/etc/passwd",
  folder: "reports",
  function: "function",
  object: "object",
  named: "named",
  "package-export": "@acme/reports#nihgtly",
  "package-value": "@acme/reports#format",
  "package-absent": "@acme/invoices#all",
  "package-hidden": "@acme/reports/secret#all",
  empty: "empty",
  throws: "throws",
  "throws-text": "throws-text",
  "syntax-ts": "syntax-ts",
  "syntax-js": "syntax-js",
  enum: "enum",
  "imports-nothing": "imports-nothing",
  hangs: "hangs",
  "shares-hang": "hangs",
};

beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), "bellwether-jobs-")));
  const jobsDir = path.join(root, "jobs");
  for (const [file, text] of Object.entries(FILES)) {
    const target = path.join(
      jobsDir,
      file === "syntax.ts" ? "syntax-ts.ts" : file === "syntax.mjs" ? "syntax-js.mjs" : file,
    );
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  await mkdir(path.join(root, "elsewhere"));
  await writeFile(path.join(root, "elsewhere", "elsewhere.mjs"), GOOD);
  await symlink(path.join(root, "elsewhere"), path.join(jobsDir, "linked"));
  printed = await load({ jobsDir, references: REFERENCES, importLimitMs: 10_000 });
}, 60_000);

afterAll(() => rm(root, { recursive: true, force: true }));

describe("loadHandlers", () => {
  test.each([
    { job: "nightly", result: { nightly: 42 } },
    { job: "plain", result: { job: "plain@test", answer: 42 } },
    { job: "module", result: { job: "module@test", answer: 42 } },
    { job: "typed", result: { job: "typed@test", answer: 42 } },
    { job: "common", result: { common: 42 } },
    { job: "package", result: { job: "package@test", answer: 42 } },
    { job: "package-path", result: { weekly: 42 } },
    { job: "other-copy", result: "other copy" },
    { job: "through-link", result: { job: "through-link@test", answer: 42 } },
  ])("loads $job, which can be called", ({ job, result }) => {
    expect(printed.results[job]).toEqual(result);
  });

  test("imports a module that several jobs share once", () => {
    expect(printed.results).toMatchObject({ "counted-1": { answer: 1 }, "counted-2": { answer: 1 } });
  });

  test.each([
    { job: "two", message: 'job "two": handler "two" could be ROOT/two.ts or ROOT/two.js: keep one of them' },
    {
      job: "misspelt",
      message:
        'job "misspelt": there is no ROOT/reports/nihgtly.ts (or .mts, .js, .mjs, .cjs); did you mean handler: reports/nightly?',
    },
    {
      job: "extension",
      message:
        'job "extension": there is no ROOT/plain.js.ts (or .mts, .js, .mjs, .cjs): leave the extension .js out of handler "plain.js"',
    },
    {
      job: "absent",
      message: 'job "absent": there is no ROOT/something/entirely/different.ts (or .mts, .js, .mjs, .cjs)',
    },
    {
      job: "above",
      message: `job "above": handler "../outside" is not below ROOT/: name the file's path from there`,
    },
    {
      job: "above-within",
      message: `job "above-within": handler "reports/../../other" is not below ROOT/: name the file's path from there`,
    },
    {
      job: "absolute",
      message: `job "absolute": handler "/etc/passwd" is not below ROOT/: name the file's path from there`,
    },
    { job: "folder", message: 'job "folder": there is no ROOT/reports.ts (or .mts, .js, .mjs, .cjs)' },
    {
      job: "function",
      message: 'job "function": ROOT/function.mjs has a default export that is a plain function; EXPECTED',
    },
    {
      job: "object",
      message: 'job "object": ROOT/object.mjs has a default export of type object; EXPECTED',
    },
    {
      job: "named",
      message: 'job "named": ROOT/named.mjs has no default export, only handler, other; EXPECTED',
    },
    {
      job: "package-export",
      message:
        'job "package-export": @acme/reports has no export nihgtly, only format, nightly; expected export const nihgtly = defineHandler(async (data, run) => …), with defineHandler from "bellwether"',
    },
    {
      job: "package-value",
      message:
        'job "package-value": @acme/reports has an export format of type string; expected export const format = defineHandler(async (data, run) => …), with defineHandler from "bellwether"',
    },
    {
      job: "package-absent",
      message:
        "job \"package-absent\": @acme/invoices cannot be loaded: Error: Cannot find package '@acme/invoices' imported from ROOT/",
    },
    {
      job: "package-hidden",
      message:
        'job "package-hidden": @acme/reports/secret cannot be loaded: Error: Package subpath \'./secret\' is not defined by "exports" in ROOT/node_modules/@acme/reports/package.json imported from ROOT/',
    },
    { job: "empty", message: 'job "empty": ROOT/empty.mjs has no exports; EXPECTED' },
    {
      job: "throws",
      message: 'job "throws": ROOT/throws.ts cannot be loaded: TypeError: no such table (ROOT/throws.ts:3:9)',
    },
    {
      job: "throws-text",
      message:
        'job "throws-text": ROOT/throws-text.mjs cannot be loaded: "just text" (thrown, and not an Error)',
    },
    {
      job: "syntax-ts",
      message:
        /^job "syntax-ts": ROOT\/syntax-ts.ts cannot be loaded: SyntaxError: Unexpected token .* \(ROOT\/syntax-ts.ts:3:29\)$/,
    },
    {
      job: "syntax-js",
      message:
        /^job "syntax-js": ROOT\/syntax-js.mjs cannot be loaded: SyntaxError: Unexpected token .* \(ROOT\/syntax-js.mjs:2:\d+\)$/,
    },
    {
      job: "enum",
      message:
        /^job "enum": ROOT\/enum.ts cannot be loaded: SyntaxError: .*enum is not supported.* \(ROOT\/enum.ts:1:1\)$/,
    },
    {
      job: "imports-nothing",
      message:
        /^job "imports-nothing": ROOT\/imports-nothing.mjs cannot be loaded: Error: Cannot find module 'ROOT\/nowhere.mjs' imported from ROOT\/imports-nothing.mjs$/,
    },
    {
      job: "hangs",
      message:
        'jobs "hangs", "shares-hang": ROOT/hangs.mjs did not finish loading within 10000 ms: a top-level await does not settle; move it into the handler',
    },
  ])("says what is wrong with $job", ({ job, message }) => {
    const problem = printed.problems.find(({ jobs }) => jobs[0] === job);
    const text = problem?.message
      .replaceAll(path.join(root, "jobs"), "ROOT")
      .replace(/expected export default defineHandler.*from "bellwether"$/, "EXPECTED");
    if (typeof message === "string") expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  test("tells every problem at once, in the order of the jobs", () => {
    expect(printed.problems.map(({ jobs }) => jobs[0])).toEqual(
      Object.keys(REFERENCES).slice(Object.keys(REFERENCES).indexOf("two"), -1),
    );
  });

  test("says that the jobs folder is missing", async () => {
    const { problems } = await load({
      jobsDir: path.join(root, "nothing"),
      references: { a: "b" },
      importLimitMs: 10_000,
    });
    expect(problems[0]?.message).toBe(
      `job "a": the jobs folder ${path.join(root, "nothing")} does not exist, so handler "b" is not in it`,
    );
  });

  test("names a few of the jobs that share a broken handler", async () => {
    const references = Object.fromEntries([1, 2, 3, 4, 5].map(n => [`job-${n}`, "empty"]));
    const { problems } = await load({ jobsDir: path.join(root, "jobs"), references, importLimitMs: 10_000 });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(/^jobs "job-1", "job-2", "job-3" and 2 more: /);
  });
});

async function load(options: object): Promise<Printed> {
  const script = fileURLToPath(new URL("./load-handlers.child.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)]);
  return JSON.parse(stdout);
}
