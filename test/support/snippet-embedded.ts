/** The service of docs/embedding.md: compiled by itself, because it declares a context, and run twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { plainEnvironment } from "./command.ts";
import type { DocBlock } from "./doc-blocks.ts";
import { atEnd, makeDesk, makeRedis } from "./snippet-scope.ts";
import { typeProblems } from "./snippet-types.ts";
import { unusedPort } from "./unused-port.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** As an installed package would be found. */
const HOOK = `import { resolveOwnPackage } from "${ROOT}/src/handlers/own-package.ts";\nresolveOwnPackage();\n`;

type Line = Readonly<Record<string, unknown>>;

class Service {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #errors: string[] = [];
  readonly #heard = new Set<() => void>();

  constructor(folder: string, env: NodeJS.ProcessEnv, port: number) {
    this.port = port;
    const args = ["--import", "./hook.mjs", "server.ts"];
    this.#child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stderr?.on("data", chunk => this.#errors.push(String(chunk)));
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on("line", line => {
        this.#lines.push(JSON.parse(line));
        for (const look of this.#heard) look();
      });
    atEnd(async () => this.#child.kill("SIGKILL"));
  }

  /** Resolves with the first line that has these, past or to come; rejects when the service ends before. */
  when(fields: Line): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.#lines.find(line =>
          Object.entries(fields).every(([key, value]) => line[key] === value),
        );
        if (found) resolve(found);
      };
      this.#heard.add(look);
      this.#child.once("exit", () => reject(new Error(`the service ended: ${this.#errors.join("")}`)));
      look();
    });
  }

  async get(route: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}${route}`);
    return { status: response.status, text: await response.text() };
  }

  async end(): Promise<number | null> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const [code] = await ended;
    return code;
  }

  get errors(): string {
    return this.#errors.join("");
  }
}

export async function embeddedService(block: DocBlock): Promise<string[]> {
  const problems = await typeProblems([block]);
  if (problems.length > 0) return problems;
  const redis = await makeRedis();
  const desk = await makeDesk({
    "server.ts": block.text,
    "hook.mjs": HOOK,
    "package.json": '{ "type": "module" }',
  });
  await symlink(path.join(ROOT, "node_modules"), path.join(desk.project.dir, "node_modules"));
  const start = async () => {
    const port = await unusedPort();
    const env = plainEnvironment({ REDIS_URL: redis.url, PORT: String(port) });
    return new Service(desk.project.dir, env, port);
  };
  const one = await start();
  await one.when({ event: "leader.elected" });
  const other = await start();
  await other.when({ event: "leader.observed" });
  await Promise.race([one, other].map(service => service.when({ msg: "counted orders", orders: 4 })));
  const [live, ready, metrics] = await Promise.all(
    ["/livez", "/readyz", "/metrics"].map(route => one.get(route)),
  );
  const said = [
    live?.status,
    ready?.status,
    metrics?.text.includes("bellwether_leader 1"),
    metrics?.text.includes("process_cpu_seconds_total"),
  ];
  const code = await one.end();
  await other.when({ event: "leader.elected", reason: "resigned" });
  const outcome = JSON.stringify([...said, code, await other.end(), one.errors + other.errors]);
  return outcome === JSON.stringify([200, 200, true, true, 0, 0, ""]) ? [] : [outcome];
}
