import { describe, expect } from "vitest";
import { readAudit } from "../../src/launch/read-history.ts";
import { test } from "../support/leader.ts";
import { PASSED, PASSED_AT } from "../support/passed-ticks.ts";

const it = test.extend(
  "write",
  ({ keys, redis }) =>
    (fields: Readonly<Record<string, string | number>>) =>
      redis.xadd(keys.history("report"), "*", ...Object.entries(fields).flat()),
);

const RECORD = { tick: PASSED_AT, outcome: "missed", kind: "scheduled", term: 1, lateMs: 0 } as const;

describe("the reason of a tick in its history", () => {
  it.for(Object.entries(PASSED))(
    "has the code %s beside its text",
    async ([code, { decision, text }], { lead, history }) => {
      const { open, commit } = lead();
      const { cursors } = await open(PASSED_AT - 1_000);
      await commit([decision], cursors, { nowMs: PASSED_AT });
      expect(await history()).toMatchObject([{ reason: text, reasonCode: code }]);
    },
  );

  it("is its text alone where a release without codes has written it", async ({ write, history }) => {
    await write({ ...RECORD, reason: "older than catchUpWindow 1h" });
    const [row] = await history();
    expect(row).toMatchObject({ outcome: "missed", reason: "older than catchUpWindow 1h" });
    expect(row).not.toHaveProperty("reasonCode");
  });

  it.for([
    { what: "with its text", stored: { reason: "the moon is full" }, reason: "the moon is full" },
    { what: "in place of a text", stored: {}, reason: "full_moon" },
  ])(
    "is shown as it is where its code is not known here, $what",
    async ({ stored, reason }, { write, history }) => {
      await write({ ...RECORD, ...stored, reasonCode: "full_moon" });
      expect(await history()).toMatchObject([{ outcome: "missed", reason, reasonCode: "full_moon" }]);
    },
  );

  it("is shown of what operators did as well", async ({ keys, redis, write, history }) => {
    const done = { action: "skip-next", at: PASSED_AT, by: "ann", reasonCode: "full_moon" };
    await write({ ...done, ticks: String(PASSED_AT) });
    await redis.xadd(keys.audit, "*", ...Object.entries({ ...done, job: "report" }).flat());
    const reason = `tick ${new Date(PASSED_AT).toISOString()}: full_moon`;
    expect(await history()).toMatchObject([{ outcome: "skip-next", reason, reasonCode: "full_moon" }]);
    expect(await readAudit(redis, keys, 5)).toMatchObject([{ reason: "full_moon", reasonCode: "full_moon" }]);
  });
});
