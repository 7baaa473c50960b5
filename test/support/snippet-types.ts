/** The TypeScript of the documentation, as the compiler sees it. */
import { symlink } from "node:fs/promises";
import path from "node:path";
import type { DocBlock } from "./doc-blocks.ts";
import { makeDesk } from "./snippet-scope.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

const EMBEDDED = 'import { Bellwether } from "bellwether"; declare const bellwether: Bellwether;';

/** What is around a piece of TypeScript. */
export const AROUND: Readonly<Record<string, string>> = {
  "README.md: A job (2)": "",
  "docs/client.md: The client: operations from code": "",
  "docs/client.md: Repeating a call safely": "declare const invoice: { id: number };",
  "docs/client.md: Errors": "",
  "docs/events-in-code.md: Events in code": "",
  "docs/events-in-code.md: The error itself": `${EMBEDDED} declare const Sentry: { captureException(error: unknown, hint: { tags: object; extra: object }): string };`,
  "docs/events-in-code.md: The error itself (2)": EMBEDDED,
  "docs/events-in-code.md: A loop over all events": `${EMBEDDED} void countFailures;`,
  "README.md: In code": `import type { Logger } from "pino"; declare const db: object; declare const logger: Logger;`,
  "docs/embedding.md: The connection": "declare const password: string;",
  "docs/embedding.md: What is left to the program":
    'import type { Logger } from "pino"; declare const logger: Logger;',
  "docs/errors.md: Errors": "declare function sendInvoices(): Promise<void>;",
  "docs/getting-started.md: A job of your own (2)": "",
  "docs/handlers.md: Modules":
    "declare function query(options: { signal: AbortSignal }): Promise<unknown[]>;",
  "docs/handlers.md: Modules (2)": "",
  "docs/handlers.md: Modules (4)": "declare const response: Response;",
  "docs/handlers.md: BullMQ's dashboards, and workers of your own":
    'declare const connection: import("bullmq").ConnectionOptions;',
  "docs/queues.md: Set it up (3)":
    'declare const connection: import("bullmq").ConnectionOptions; declare function closeOrders(at: string): Promise<void>;',
  "docs/queues.md: BullMQ's options (3)": "",
  "docs/locks.md: Locks":
    "declare const invoice: object; declare const store: { write(what: object, options: { fence: number }): Promise<void> };",
  "docs/locks.md: Locks (2)":
    "declare const url: string; declare function migrate(signal: AbortSignal): Promise<void>;",
  "docs/testing.md: One handler": `import { defineHandler } from "bellwether";
    const handler = defineHandler<{ format: string }>(async (_data, run) => void run.log.info("")); `,
  "docs/testing.md: A replica": 'import { expect } from "vitest";',
  "docs/testing.md: Hooks of a test runner": "",
  "docs/testing.md: Hooks of a test runner (2)": "",
  "docs/locks.md: A resource that checks the fence (2)": `import type { Locks } from "bellwether";
    declare const locks: Locks; declare const account: string;
    declare const db: { query(sql: string, values: unknown[]): Promise<{ rows: { balance: number }[]; rowCount: number }> };
    declare function settle(balance: number, options: { signal: AbortSignal }): Promise<number>;`,
};

/** What the compiler finds. */
export async function typeProblems(blocks: readonly DocBlock[]): Promise<string[]> {
  const names = blocks.map((_, index) => `snippet-${index}.ts`);
  const files = blocks.map(({ name, text }, index) => [
    names[index],
    `${AROUND[name] ?? ""}\n${text}\nexport {};\n`,
  ]);
  const config = {
    extends: path.join(ROOT, "tsconfig.json"),
    compilerOptions: {
      paths: {
        bellwether: [path.join(ROOT, "src/index.ts")],
        "bellwether/testing": [path.join(ROOT, "src/testing/index.ts")],
        bullmq: [path.join(ROOT, "node_modules/bullmq/dist/esm/index.d.ts")],
      },
      typeRoots: [path.join(ROOT, "node_modules/@types")],
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ["*.ts"],
  };
  const desk = await makeDesk({
    ...Object.fromEntries(files),
    "tsconfig.json": JSON.stringify(config),
    "package.json": '{ "type": "module" }',
  });
  // Other packages are found as in any project.
  await symlink(path.join(ROOT, "node_modules"), path.join(desk.project.dir, "node_modules"));
  const tsc = path.join(ROOT, "node_modules/.bin/tsc");
  const { code, output } = await desk.shell(`'${process.execPath}' '${tsc}' --project . --pretty false`);
  if (code === 0) return [];
  return output
    .trim()
    .split("\n")
    .map(line => line.replace(/^snippet-(\d+)\.ts/, (_, index) => blocks[Number(index)]?.name ?? ""));
}
