import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ERROR_CODES } from "../../src/errors.ts";

it("docs/errors.md lists every code once, and nothing else", () => {
  const text = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const documented = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  expect(documented.toSorted()).toEqual([...ERROR_CODES].toSorted());
});
