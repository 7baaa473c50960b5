/** What a run's data must be is known before the run is started, wherever the handler's module is. */
import path from "node:path";
import { expect } from "vitest";
import { connect } from "../../src/client/connect.ts";
import { bellwether } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";

/** Marked as `defineHandler` marks it: Vitest would import the package in a way of its own. */
const HANDLER = `
// What a pool of connections does: alone it would keep the process alive.
setInterval(() => undefined, 1_000);
const validate = data =>
  data.format === "csv" ? { value: data } : { issues: [{ message: "expected csv", path: ["format"] }] };
const schema = { "~standard": { version: 1, vendor: "own", validate } };
export default Object.assign(async () => undefined, {
  [Symbol.for("bellwether.handler")]: 1,
  [Symbol.for("bellwether.handler.schema")]: schema,
});
`;
const REFUSAL =
  'the data of job "report" does not fit its schema: format: expected csv; correct the data, or the schema';
const PDF = ["trigger", "report", "--data", '{"format":"pdf"}'];

const test = base.extend(
  "setup",
  ({ server, makeProject }) =>
    async (files: Readonly<Record<string, string>> = { "jobs/report.mjs": HANDLER }) => {
      const project = await makeProject({
        "config/bellwether.yaml": `namespace: ${namespace()}\nredis: { url: "${server.url}" }\n`,
        "config/jobs.yaml": "jobs: { report: { every: 1h, handler: report, data: { format: csv } } }\n",
        ...files,
      });
      return { cwd: project.dir, config: path.join(project.dir, "config") };
    },
);

test("the command starts no run whose data the schema refuses, and one whose data it takes", async ({
  setup,
}) => {
  const { cwd } = await setup();
  expect(await bellwether(PDF, { cwd })).toEqual({ code: 2, stdout: "", stderr: `${REFUSAL}\n` });
  expect((await bellwether(["history", "report", "--json"], { cwd })).stdout.trim()).toBe("[]");
  expect(await bellwether(["trigger", "report"], { cwd })).toMatchObject({ code: 0, stderr: "" });
});

test("check ends beside a handler that keeps the process alive", async ({ setup }) => {
  const { cwd } = await setup();
  expect(await bellwether(["check"], { cwd })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok/),
  });
});

test.for([
  { title: "is not there", files: { "jobs/other.mjs": HANDLER } },
  { title: "cannot be loaded", files: { "jobs/report.mjs": "throw new Error('no database here');\n" } },
])("the command starts a run without a check where the module $title", async ({ files }, { setup }) => {
  const { cwd } = await setup(files);
  expect(await bellwether(PDF, { cwd })).toMatchObject({ code: 0, stderr: "" });
});

test("a client does the same, unless it is not to import handlers", async ({ setup, defer }) => {
  const { config } = await setup();
  const client = await connect({ config });
  defer(() => client.close());
  const pdf = { data: { format: "pdf" } };
  await expect(client.trigger("report", pdf)).rejects.toMatchObject({
    code: "BW_DATA_INVALID",
    message: REFUSAL,
  });
  expect(await client.history("report")).toEqual([]);
  const unchecked = await connect({ config, checkData: false });
  defer(() => unchecked.close());
  expect(await unchecked.trigger("report", pdf)).toEqual({ run: expect.stringContaining("report@") });
});
