import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "vitest";
import { ownSpec } from "../../../src/cli/init/own-spec.ts";
import { version } from "../../../src/cli/version.ts";
import { test } from "../../support/folders.ts";

test.for([
  { title: "a tarball", resolved: "file:../packed/bellwether.tgz", spec: "file:../../packed/bellwether.tgz" },
  { title: "a registry", resolved: "https://registry.example/bellwether.tgz", spec: `^${version()}` },
  { title: "a registry that npm was asked not to note", resolved: undefined, spec: `^${version()}` },
  {
    title: "git",
    resolved: "git+ssh://git@git.example/bellwether.git#1",
    spec: "git+ssh://git@git.example/bellwether.git#1",
  },
])(
  "a project of a Bellwether from $title names where npm took it from",
  async ({ resolved, spec }, { makeFolder }) => {
    const folder = await makeFolder();
    const own = path.join(folder, "app/node_modules/bellwether");
    await mkdir(own, { recursive: true });
    const lock = { packages: { "node_modules/bellwether": { resolved } } };
    await writeFile(path.join(folder, "app/node_modules/.package-lock.json"), JSON.stringify(lock));
    expect(ownSpec(path.join(folder, "app/new"), own)).toBe(spec);
  },
);

test("a project of a checkout names the checkout, and one of another package manager the version", async ({
  makeFolder,
}) => {
  const folder = await makeFolder();
  expect(ownSpec(path.join(folder, "new"), path.join(folder, "checkout"))).toBe("file:../checkout");
  expect(ownSpec(folder, path.join(folder, "node_modules/bellwether"))).toBe(`^${version()}`);
});
