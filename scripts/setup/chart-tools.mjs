/**
 * Sees to a program that renders the Helm chart: helm in PATH, or helmlet, whose Go source stands beside the checkout.
 * Says nothing when neither can be had: the tests of the chart do, and the others go on.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { installWithApt } from "./apt.mjs";
import { isInPath } from "./in-path.mjs";
import { step } from "./setup-error.mjs";

const LIBRARIES = {
  "/usr/share/gocode/src/github.com/Masterminds/sprig": "golang-github-masterminds-sprig-dev",
  "/usr/share/gocode/src/gopkg.in/yaml.v3": "golang-gopkg-yaml.v3-dev",
};

export function ensureChartTools(/** @type {string} */ root) {
  const source = join(root, "../shared/tools/helmlet");
  const program = join(root, "node_modules/.cache/helmlet");
  if (isInPath("helm") || !existsSync(source) || isBuilt(program, source)) return;
  const packages = Object.entries(LIBRARIES).flatMap(([folder, name]) => (existsSync(folder) ? [] : [name]));
  if (!isInPath("go")) packages.unshift("golang-go");
  if (packages.length > 0) installWithApt(packages, []);
  build(source, program);
}

function isBuilt(/** @type {string} */ program, /** @type {string} */ source) {
  return existsSync(program) && statSync(program).mtimeMs >= statSync(join(source, "main.go")).mtimeMs;
}

function build(/** @type {string} */ source, /** @type {string} */ program) {
  step("building helmlet, which renders the chart …");
  mkdirSync(join(program, ".."), { recursive: true });
  const { status, stderr, error } = spawnSync("go", ["build", "-o", program, "."], {
    cwd: source,
    encoding: "utf8",
    env: { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "" },
  });
  if (status !== 0) step(`go build failed:\n${error?.message ?? stderr}`);
}
