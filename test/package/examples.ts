import { cp } from "node:fs/promises";
import path from "node:path";
import { expect } from "vitest";
import { npmInstall, ROOT, runWith } from "./run-with.ts";

const NODE = path.dirname(process.execPath);

/**
 * Installs an example as its README says, beside the tarball; resolves with its folder. Two levels up, where its package.json
 * expects it, the tarball is in a checkout as well.
 */
export async function installExample(name: string, packedFolder: string): Promise<string> {
  const folder = path.join(packedFolder, "examples", name);
  const isSource = (file: string) => !/node_modules|package-lock/.test(path.relative(ROOT, file));
  await cp(path.join(ROOT, "examples", name), folder, { recursive: true, filter: isSource });
  expect(await runWith(NODE, folder, ...npmInstall())).toMatchObject({ code: 0 });
  expect(await runWith(NODE, folder, "npm", "run", "--silent", "check")).toEqual({
    code: 0,
    // Of `bellwether check`, where that is a part of it.
    stdout: expect.stringMatching(/^(ok: .+\n)?$/),
    stderr: "",
  });
  return folder;
}
