import { writeFile } from "node:fs/promises";
import path from "node:path";
import { generateApi } from "swagger-typescript-api";
import { expect } from "vitest";
import { TOKENS, test } from "../support/admin.ts";

const OPENAPI = path.resolve(import.meta.dirname, "../../config/schema/openapi.json");

test("a client that a generator makes of OpenAPI works", { timeout: 60_000 }, async ({
  serve,
  makeFolder,
}) => {
  const { files } = await generateApi({ input: OPENAPI, output: false, silent: true, fileName: "client.ts" });
  const file = path.join(await makeFolder(), "client.ts");
  await writeFile(file, files[0]?.fileContent ?? "");
  const { Api } = await import(/* @vite-ignore */ file);

  const { origin } = await serve();
  const failure = (answer: Promise<unknown>) =>
    answer.then(
      () => "it was answered",
      ({ status, error }) => ({ status, code: error?.code }),
    );
  const headers = { authorization: `Bearer ${TOKENS.operator}` };
  const { api } = new Api({ baseUrl: origin, baseApiParams: { headers } });
  const listed = await api.listJobs({ search: "rep", limit: 10 });
  expect(listed.data).toMatchObject({ items: [{ name: "report", paused: false }], total: 1 });
  expect((await api.pauseJob("report", { reason: "a test" })).data).toMatchObject({ changed: true });
  expect((await api.getStatus()).data).toMatchObject({ jobs: [{ paused: true }] });
  // Not resumeJobs: this generator takes what follows the colon of /jobs:resume for a parameter.
  expect((await api.resumeJob("report", {})).data).toMatchObject({ changed: true });
  expect(await failure(api.pauseJob("nothing", {}))).toEqual({ status: 404, code: "BW_JOB_UNKNOWN" });
  expect(await failure(api.stepDown())).toEqual({ status: 403, code: "BW_FORBIDDEN" });
});
