/** `npm run build`: src/ to dist/, as it is published and put into images. Runs on Node 20 too. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
const sources = readdirSync("src", { encoding: "utf8", recursive: true });
for (const script of sources.filter(file => file.endsWith(".lua"))) cpSync(`src/${script}`, `dist/${script}`);
chmodSync("dist/main.js", 0o755);
