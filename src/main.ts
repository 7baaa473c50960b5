#!/usr/bin/env node
// An older Node.js has to parse and link this file to say that it is too old, so the rest is imported afterwards.
const problem = await import("./supported-node.ts").then(
  () => null,
  (error: Error) => error.message,
);
if (problem === null) {
  await import("./cli/main.ts");
} else {
  console.error(problem);
  process.exitCode = 2;
}

// Without an import or export TypeScript takes no file for a module.
export {};
