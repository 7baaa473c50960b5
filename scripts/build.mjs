/**
 * `npm run build`: src/ to dist/, as it is published and put into images. `npm pack` calls it too, with whatever Node the
 * machine has: plain JavaScript that Node 20 runs.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from "node:fs";
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
const sources = readdirSync("src", { encoding: "utf8", recursive: true });
for (const file of sources.filter(file => file.endsWith(".lua"))) cpSync(`src/${file}`, `dist/${file}`);
chmodSync("dist/main.js", 0o755);
