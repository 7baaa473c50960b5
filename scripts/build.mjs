/**
 * `npm run build`: src/ to dist/, as it is published and put into images. `npm pack` calls it too, with whatever Node the
 * machine has: plain JavaScript that Node 20 runs. No module of dist/ reads a file of the package when it is loaded, so
 * that a bundler can put them into one file elsewhere: the scripts for Redis and package.json are written into them.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const TSC = "node_modules/typescript/bin/tsc";
if (!existsSync(TSC)) {
  console.error("cannot build: TypeScript is not installed here; run `npm ci` first");
  process.exit(1);
}
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [TSC, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const LUA_FILE = /new URL\("(\.[^"]+\.lua)", import\.meta\.url\)/g;
for (const file of readdirSync("dist", { encoding: "utf8", recursive: true })) {
  if (!file.endsWith(".js")) continue;
  const code = readFileSync(join("dist", file), "utf8");
  // On one line, so that the source maps stay right.
  const inlined = code.replace(LUA_FILE, (_, lua) =>
    JSON.stringify(readFileSync(join("src", dirname(file), lua), "utf8")),
  );
  if (inlined !== code) writeFileSync(join("dist", file), inlined);
  const [left] = /"\.[^"\n]+\.lua"/.exec(inlined) ?? [];
  if (left === undefined) continue;
  console.error(
    `cannot build: write new URL(${left}, import.meta.url) out in ${file}, so that the script can be put there`,
  );
  process.exit(1);
}

const { version, engines, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const manifest = JSON.stringify({ version, engines, peerDependencies });
writeFileSync("dist/manifest.js", `export const MANIFEST = ${manifest};\n`);
rmSync("dist/manifest.js.map");
chmodSync("dist/main.js", 0o755);
