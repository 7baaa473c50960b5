import { UnrecoverableError } from "bullmq";
import { describe, expect, it } from "vitest";
import { explainImportError } from "../../../src/handlers/import-error.ts";
import { describeError, toRunError } from "../../../src/worker/run-error.ts";
import { keepResult } from "../../../src/worker/run-result.ts";
import { hostileErrors } from "../../support/hostile-values.ts";

const LIMIT = 20_000;

describe.each(hostileErrors())("a thrown value ($what)", ({ thrown, text }) => {
  it("becomes an error that can be stored and read again and again", () => {
    const error = toRunError(thrown);
    for (let i = 0; i < 3; i++) {
      expect(error.message).toMatch(text);
      expect(typeof error.name).toBe("string");
      expect(error.stack?.length).toBeLessThan(LIMIT);
    }
    expect(describeError(error).error).toMatch(text);
  });
});

describe("what cannot be read", () => {
  it.each(hostileErrors())("is described for an event ($what)", ({ thrown }) => {
    const { error, stack = "" } = describeError(thrown);
    expect(error.length + stack.length).toBeLessThan(LIMIT);
  });

  it.each(hostileErrors())("is described when a module throws it ($what)", async ({ thrown }) => {
    expect(await explainImportError(thrown, "jobs/a.mjs", file => file)).toMatch(/\S/);
  });
});

it("keeps an error's name, message and stack, and that it ends the retries", () => {
  class Fatal extends UnrecoverableError {
    override readonly name = "Fatal";
  }
  const thrown = new Fatal("no such customer");
  const error = toRunError(thrown);
  expect(error).toBeInstanceOf(UnrecoverableError);
  expect(error).toMatchObject({ name: "Fatal", message: "no such customer", stack: thrown.stack });
});

it("keeps the frames of an error whose message is huge, and the message once", () => {
  const error = toRunError(new RangeError("y".repeat(1_000_000)));
  expect(error.stack).toMatch(/hostile-errors\.test\.ts/);
  expect(error.stack?.length).toBeLessThan(LIMIT);
});

describe("what a handler returns", () => {
  const refuse = () => {
    throw Object.create(null);
  };
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each([
    ["toJSON throws", { toJSON: refuse }],
    ["toJSON returns nothing", { toJSON: () => undefined }],
    ["a BigInt", { id: 5n }],
    ["a circle", circle],
    ["a symbol", Symbol("a")],
    ["a function", () => 1],
    [
      "a getter throws",
      {
        get a() {
          return refuse();
        },
      },
    ],
    ["a Proxy whose traps throw", new Proxy({}, new Proxy({}, { get: refuse }))],
  ])("is dropped where it has no form in JSON (%s)", (_what, result) => {
    expect(keepResult(result)).toMatchObject({
      result: null,
      dropped: { code: expect.stringMatching(/^(unwritable|not_json)$/) },
    });
  });

  it("is kept as plain data, which is read once", () => {
    let calls = 0;
    const result = { toJSON: () => (calls++ === 0 ? { paid: 5 } : refuse()) };
    const kept = keepResult(result);
    expect(JSON.stringify(kept.result)).toBe('{"paid":5}');
    expect(kept.dropped).toBeNull();
  });

  it("is kept where there is none", () => {
    expect(keepResult(undefined)).toEqual({ result: undefined, dropped: null });
  });
});
