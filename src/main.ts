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
  if (process.argv[2] === "run") {
    const failure = { event: "replica.failed", code: "BW_NODE_TOO_OLD", error: problem };
    const level = { level: "error", time: new Date().toISOString() };
    console.log(JSON.stringify({ ...level, ...failure, msg: "the replica cannot start or go on" }));
  }
  process.exitCode = 2;
}
