// Not by name: many projects let the bundler begin the file with an import of that name.
import nodeModule from "node:module";

// Loaded when they are first used: with gRPC they are a quarter of what a replica does to start, and those whose
// election is in Redis never need them.

export function etcd3(): typeof import("etcd3") {
  return load("etcd3");
}

export function cockatiel(): typeof import("cockatiel") {
  return load("cockatiel");
}

// Not when this file is loaded: a CommonJS bundle has no import.meta.url.
const load = (name: string) => nodeModule.createRequire(import.meta.url)(name);
