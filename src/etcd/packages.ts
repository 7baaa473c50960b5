import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

// Loaded when they are first used: with gRPC they are a quarter of what a replica does to start, and those whose
// election is in Redis never need them.

export function etcd3(): typeof import("etcd3") {
  return require("etcd3");
}

export function cockatiel(): typeof import("cockatiel") {
  return require("cockatiel");
}
