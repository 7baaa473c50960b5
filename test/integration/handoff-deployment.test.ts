import { chmod, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, vi } from "vitest";
import { test } from "../support/folders.ts";
import { HandoffDeployment } from "../support/handoff-deployment.ts";

test("a deployment whose etcd does not start leaves no Redis behind", async ({ makeFolder, defer }) => {
  const [programs, servers] = [await makeFolder(), await makeFolder()];
  const etcd = path.join(programs, "etcd");
  await writeFile(etcd, "#!/bin/sh\nexit 1\n");
  await chmod(etcd, 0o755);
  defer(() => vi.unstubAllEnvs());
  vi.stubEnv("PATH", `${programs}${path.delimiter}${process.env["PATH"]}`);
  vi.stubEnv("TMPDIR", servers);
  await expect(HandoffDeployment.create({ store: "etcd", roles: "scheduler" })).rejects.toThrow();
  expect(await readdir(servers)).toEqual([]);
});
