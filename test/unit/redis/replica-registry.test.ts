import { expect, it } from "vitest";
import { areJobsAgreed, type ReplicaRecord } from "../../../src/redis/replica-registry.ts";

const OWN = { generation: 5, hash: "mine" };

function replica(parts: Partial<ReplicaRecord>): ReplicaRecord {
  return {
    id: "r",
    roles: ["scheduler"],
    generation: 5,
    hash: "other",
    jobs: [],
    tz: "",
    zones: {},
    format: 1,
    startedAt: "",
    stuck: [],
    version: null,
    clockSkewMs: null,
    running: [],
    notes: [],
    runningCount: null,
    load: { eventLoopDelayMs: null, rssBytes: null },
    ...parts,
  };
}

it.each<[string, readonly ReplicaRecord[], boolean]>([
  ["no other replica", [], true],
  ["one with the same jobs", [replica({ hash: "mine" })], true],
  ["one of this generation with other jobs", [replica({ hash: "mine" }), replica({})], false],
  ["one of a newer generation with other jobs", [replica({ generation: 6 })], false],
  ["one of an older generation, which cannot lead", [replica({ generation: 4 })], true],
  ["one that only works", [replica({ roles: ["worker"] })], true],
])("whether a job is in no configuration, beside %s", (_, replicas, isAgreed) => {
  expect(areJobsAgreed(OWN, replicas)).toBe(isAgreed);
});
