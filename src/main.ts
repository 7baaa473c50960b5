#!/usr/bin/env node
// First of all: it listens for signals.
import "./interruption.ts";

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
