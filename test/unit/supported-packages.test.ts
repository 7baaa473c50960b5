import { expect, it } from "vitest";
import { mustFit } from "../../src/supported-packages.ts";

it("accepts the installed version when the needed functions are there", () => {
  expect(() => mustFit("ioredis", { "Redis.call": () => undefined })).not.toThrow();
});

it("names the first function that the installed version has not, the version and its folder", () => {
  expect(() => mustFit("ioredis", { "Redis.call": () => undefined, "Redis.connectTo": undefined })).toThrow(
    /^Bellwether needs ioredis \^6\.0\.0, and this is 6\.\d+\.\d+ \(\/.+\/node_modules\/ioredis\), without Redis\.connectTo; install one that fits \(npm install ioredis@\^6\.0\.0\), or /,
  );
});
