import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { Bellwether, type BellwetherOptions } from "../../src/index.ts";

test.each([
  ["no object", 5, "new Bellwether(): expected an object of options"],
  ["an unknown option", { konfig: {} }, "konfig: there is no such option (did you mean config?)"],
  ["a config of another kind", { config: 5 }, "config: expected the path of a folder, or an object"],
  ["a config without a path", { config: "" }, "config: expected the path of a folder, or an object"],
  ["jobs that are a list", { jobs: [] }, "jobs: expected an object of jobs by name"],
  [
    "a context that is not there",
    { context: undefined },
    "context: found undefined, expected what handlers get",
  ],
  [
    "a logger that is none",
    { logger: console.log },
    "logger: expected a pino logger: it has child, debug, info, warn and error",
  ],
  ["a logger without children", { logger: console }, "logger: expected a pino logger"],
  [
    "a connection that is an address",
    { connection: "redis://a" },
    "connection: expected options of ioredis, or a function that returns a new Redis",
  ],
  ["a registry that is none", { registry: {} }, "registry: expected a Registry of prom-client"],
  ["no roles", { roles: [] }, 'roles: expected a list of "scheduler", "worker" or both'],
  ["an unknown role", { roles: ["leader"] }, "roles: expected a list"],
  ["an empty id", { id: "" }, "id: expected a text"],
  ["a generation that is no whole number", { generation: 1.5 }, "generation: expected a whole number from 0"],
  ["another reload", { reload: "no" }, "reload: expected true or false"],
])("%s is refused in one line", (_name, options, problem) => {
  const make = () => new Bellwether(options as BellwetherOptions);
  expect(make).toThrow(expect.objectContaining({ code: "BW_USAGE" }));
  expect(make).toThrow(problem);
});

test("all mistakes are told together, and what is right is none", () => {
  expect(() => new Bellwether({ konfig: 1, id: 5 } as unknown as BellwetherOptions)).toThrow(
    /konfig: .*\n.* id: /,
  );
  const { id } = new Bellwether({
    id: "web",
    logger: pino({ enabled: false }),
    registry: new Registry(),
    reload: false,
  });
  expect(id).toMatch(/^web-[0-9a-f]{6}$/);
});
