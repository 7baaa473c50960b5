import { expect, it } from "vitest";
import { storedDefinitionOf } from "../../../src/launch/definition.ts";
import { loadValid } from "../../support/config.ts";

/** The policies in the JSON of a job that sets none. */
const POLICIES = '"catchUp":"latest","catchUpWindowMs":3600000,"catchUpLimit":100';

/**
 * Fingerprints are written down from a release that ran: a job with another one begins a new epoch on every cluster that is
 * upgraded, and runs that were late are lost. With another digest its definition is only stored again.
 */
it.each([
  [
    "cron",
    '{ cron: ["*/15 3 * * mon", "H H * * *"], dst: { gap: skip }, jitter: 5m }',
    { fingerprint: "16e5bfe5ea189587", digest: "5ff261a14b23247b", legacy: "d0740e77d2101ef4" },
    `{"rules":1,"spec":{"cron":["*/15 3 * * mon","H H * * *"],"timezone":"Europe/Berlin","dst":{"gap":"skip","overlap":"first"},"except":[],"jitterMs":300000,"seed":"cron"},${POLICIES},"maxRuns":null,"scheduleText":"*/15 3 * * mon, H H * * *","queue":"default","overlap":"allow","handler":"x"}`,
  ],
  [
    "excepted",
    '{ cron: 0 2 * * *, start: "2026-01-01T00:00:00Z", except: ["calendar:closed", "2026-12-31"], maxRuns: 3 }',
    { fingerprint: "3e649b82c06779a0", digest: "6d843e17f92621a0", legacy: "d563ed7738b85214 3" },
    `{"rules":1,"spec":{"cron":["0 2 * * *"],"timezone":"Europe/Berlin","dst":{"gap":"run","overlap":"first"},"startMs":1767225600000,"except":["calendar:closed","2026-12-31"],"jitterMs":0,"seed":"excepted","calendars":{"closed":"calendar 6a92aa53abcf4e4c"}},${POLICIES},"maxRuns":3,"scheduleText":"0 2 * * *","queue":"default","overlap":"allow","handler":"x"}`,
  ],
  [
    "every",
    '{ every: 90m, end: "2030-01-01T00:00:00Z" }',
    { fingerprint: "43f63f8bce22528d", digest: "83d877f706cf8628", legacy: "ac0cc0b67a578eb5" },
    `{"rules":1,"spec":{"everyMs":5400000,"timezone":"Europe/Berlin","dst":{"gap":"run","overlap":"first"},"endMs":1893456000000,"except":[],"jitterMs":0,"seed":"every"},${POLICIES},"maxRuns":null,"scheduleText":"every 1h30m","queue":"default","overlap":"allow","handler":"x"}`,
  ],
  [
    "every-excepted",
    '{ every: 1h, except: "* 1-5 * * *" }',
    { fingerprint: "42e023ee235fbb77", digest: "6ee7b7209a7c8965", legacy: "7717909c621f3774" },
    `{"rules":1,"spec":{"everyMs":3600000,"timezone":"Europe/Berlin","dst":{"gap":"run","overlap":"first"},"except":["* 1-5 * * *"],"jitterMs":0,"seed":"every-excepted"},${POLICIES},"maxRuns":null,"scheduleText":"every 1h","queue":"default","overlap":"allow","handler":"x"}`,
  ],
  [
    "at",
    '{ at: ["2026-12-24T18:00:00Z", "2026-03-01T00:00:00+01:00", "2026-12-24T18:00:00Z"] }',
    { fingerprint: "16b07ba0a490d808", digest: "64b261a88063830d", legacy: "def494c70af9f96e" },
    `{"rules":1,"spec":{"at":[1772319600000,1798135200000],"timezone":"Europe/Berlin","dst":{"gap":"run","overlap":"first"},"except":[],"jitterMs":0,"seed":"at"},${POLICIES},"maxRuns":null,"scheduleText":"at 2026-02-28T23:00:00Z, 2026-12-24T18:00:00Z","queue":"default","overlap":"allow","handler":"x"}`,
  ],
])("keeps the epochs of earlier releases: %s", async (name, job, marks, json) => {
  const lines = [
    'calendars: { closed: ["2026-12-24"] }',
    "defaults: { timezone: Europe/Berlin }",
    `jobs: { ${name}: ${job.replace(/ }$/, ", handler: x }")} }`,
  ];
  const { jobs } = await loadValid({ "jobs.yaml": lines.join("\n") });
  const stored = jobs.map(storedDefinitionOf);
  expect(stored).toMatchObject([{ ...marks, json }]);
});

it("hashes the jobs of a configuration as earlier releases do", async () => {
  const lines = [
    "jobs:",
    "  a: { every: 90m, command: [ls, -l] }",
    '  b: { cron: "H 2 * * *", http: { url: "https://e.com", headers: { A: b } } }',
    "  c: { at: [2026-12-24T18:00:00Z], handler: ./x.ts }",
  ];
  const { hash } = await loadValid({ "jobs.yaml": lines.join("\n") });
  expect(hash).toBe("62a4b7047e00");
});
