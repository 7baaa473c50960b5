import { expect } from "vitest";
import { test } from "../support/fixtures.ts";
import type { ReplicaProcess } from "../support/replica-process.ts";

/** Its nth loss, from 0. */
const lossOf = (replica: ReplicaProcess, nth: number) => {
  const told = () => replica.lines.filter(({ event }) => event === "redis.lostData");
  return replica.when("redis.lostData", line => told().indexOf(line) === nth);
};

test("a paused job stays paused when Redis is emptied, and when it comes back without its data", async ({
  server,
  deploy,
}) => {
  const jobs = ["beat: { every: 1s, handler: echo }", "held: { every: 1s, handler: echo }"];
  const deployment = await deploy({ jobs });
  const replicas = [deployment.start(), deployment.start()];
  await deployment.when("tick.launched", line => line["job"] === "held");
  expect((await deployment.command("pause", "held")).code).toBe(0);
  const terms = () => deployment.lines("leader.elected", () => true).map(line => Number(line["term"]));
  const status = async () => JSON.parse((await deployment.command("status", "--json")).stdout);
  const redis = deployment.redis();

  for (const [nth, lose] of [() => redis.flushall(), () => server.restart()].entries()) {
    // Each replica has seen the pause by the time that a later tick of the other job is launched.
    const tick = Date.now() + 3_000;
    await deployment.when(
      "tick.launched",
      line => line["job"] === "beat" && Date.parse(String(line["tick"])) > tick,
    );
    const term = Math.max(...terms());
    const lostAt = Date.now();
    await lose();
    for (const replica of replicas) {
      const line = await lossOf(replica, nth);
      // A leader of a new term may have given the jobs new cursors by then.
      const isLed = deployment
        .lines("leader.elected", ({ time }) => String(time) <= String(line["time"]))
        .some(elected => Number(elected["term"]) > term);
      const lost = expect.arrayContaining(isLed ? ["terms"] : ["terms", "cursors"]);
      expect(line).toMatchObject({ level: "error", lost });
    }
    await deployment.when("leader.elected", line => Number(line["term"]) > term);
    await deployment.when("tick.launched", line => {
      return line["job"] === "beat" && Date.parse(String(line["tick"])) > lostAt + 3_000;
    });
    expect(
      deployment.lines(
        "tick.launched",
        line => line["job"] === "held" && Date.parse(String(line["tick"])) > lostAt,
      ),
    ).toEqual([]);
    const { jobs } = await status();
    expect(jobs.find((job: { name: string }) => job.name === "held")).toMatchObject({ paused: true });
  }
  expect(terms()).toEqual([...new Set(terms())]);
  expect(
    deployment.lines("redis.lostData", line => String(line["pausedAgain"]).includes("held")),
  ).toHaveLength(2);
  expect((await deployment.command("audit")).stdout).toContain("held");
}, 90_000);
