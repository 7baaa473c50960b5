/**
 * `npm run build`: src/ to dist/, as it is published and put into images. `npm pack` calls it too, with whatever Node the
 * machine has: plain JavaScript that Node 20 runs. No module of dist/ reads a file of the package when it is loaded, so
 * that a bundler can put them into one file elsewhere: the scripts for Redis and package.json are written into them.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const SOURCE_MAP = /\n\/\/# sourceMappingURL=\S*\s*$/;
const TSC = "node_modules/typescript/bin/tsc";
if (!existsSync(TSC)) {
  console.error("cannot build: TypeScript is not installed here; run `npm ci` first");
  process.exit(1);
}
rmSync("dist", { recursive: true, force: true });
for (const project of ["tsconfig.build.json", "src/dashboard/tsconfig.build.json"]) {
  const { status } = spawnSync(process.execPath, [TSC, "-p", project], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
for (const file of readdirSync("src/dashboard", { encoding: "utf8", recursive: true })) {
  if (/\.(css|svg)$/.test(file)) cpSync(join("src/dashboard", file), join("dist/dashboard", file));
}

// The libraries of the dashboard go to browsers as they are: a project that installs the package needs none of them.
cpSync("src/dashboard/libraries.json", "dist/dashboard/libraries.json");
mkdirSync("dist/dashboard/lib");
for (const [bare, file] of Object.entries(JSON.parse(readFileSync("src/dashboard/libraries.json", "utf8")))) {
  const script = readFileSync(join("node_modules", file), "utf8").replace(SOURCE_MAP, "\n");
  writeFileSync(join("dist/dashboard/lib", `${bare.replace(/^@/, "").replaceAll("/", "-")}.js`), script);
}

const LUA_FILE = /new URL\("(\.[^"]+\.lua)", import\.meta\.url\)/g;
for (const file of readdirSync("dist", { encoding: "utf8", recursive: true })) {
  if (!file.endsWith(".js")) continue;
  const code = readFileSync(join("dist", file), "utf8");
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

// Types that no program can import are no part of the package: they are a third of its files.
const importable = new Set();
/** @param {string} file */
const follow = file => {
  if (importable.has(file)) return;
  importable.add(file);
  for (const [, to = ""] of readFileSync(join("dist", file), "utf8").matchAll(
    /(?:from|import\()\s*"(\.[^"]+)"/g,
  )) {
    follow(join(dirname(file), to.replace(/\.[jt]s$/, ".d.ts")));
  }
};
follow("index.d.ts");
follow(join("testing", "index.d.ts"));
for (const file of readdirSync("dist", { encoding: "utf8", recursive: true })) {
  if (file.endsWith(".d.ts") && !importable.has(file)) rmSync(join("dist", file));
}

const { version, engines, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const manifest = JSON.stringify({ version, engines, peerDependencies });
writeFileSync("dist/manifest.js", `export const MANIFEST = ${manifest};\n`);
chmodSync("dist/main.js", 0o755);
