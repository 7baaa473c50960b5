import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfigDocument } from "../../../src/config/document/parse-document.ts";
import { definitionText } from "../../../src/config/hash.ts";
import { type JobsResult, readJobs } from "../../../src/config/jobs.ts";
import { storedDefinitionOf } from "../../../src/launch/definition.ts";

const queues = { file: "bellwether.yaml", names: ["default", "mail"], refusedHandlers: [] };

function read(jobs: Record<string, unknown>, env: Record<string, string> = {}): JobsResult {
  const parsed = parseConfigDocument({ file: "jobs.json", text: JSON.stringify({ jobs }), env });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return readJobs([parsed.document], { calendars: new Map(), queues });
}

/** Each job in a file of its own. */
function readAlone(jobs: Record<string, unknown>, env: Record<string, string>): JobsResult[] {
  return Object.entries(jobs).map(([name, section]) => read({ [name]: section }, env));
}

const INSTANT_MS = Date.UTC(2026, 4, 1);

function seenOf({ jobs, sources, issues }: JobsResult) {
  return {
    jobs: jobs.map(({ schedule, ...job }) => ({
      ...job,
      tick: schedule.next(INSTANT_MS),
      fingerprint: schedule.fingerprint,
    })),
    texts: jobs.map(definitionText),
    stored: jobs.map(storedDefinitionOf),
    sources,
    issues: issues.map(({ key, problem }) => `${key}: ${problem}`).sort(),
  };
}

/** With the mistakes and the doubtful values that a job alone has as well. */
const sections = fc.record(
  {
    cron: fc.constantFrom("0 3 1 1 *", "H * * * *", "H H(0-7) * * *", "0 25 * * *", 5),
    timezone: fc.constantFrom("UTC", "Europe/Berlin", "Europe/Nowhere"),
    handler: fc.constantFrom("task", "mail", "", "${HANDLER}"),
    jitter: fc.constantFrom("10s", "0s"),
    except: fc.constantFrom(["* * * * *"], ["H * * * *"], "2026-12-24", "calendar:none"),
    retry: fc.constantFrom({ attempts: 3 }, '{"attempts":3}', { attempts: 0 }, null),
    catchUp: fc.constantFrom("none", "latest"),
    catchUpWindow: fc.constantFrom("1h", "1y"),
    queue: fc.constantFrom("mail", "other"),
    maxRuns: fc.constantFrom(1, "1", 1.5),
    data: fc.oneof(
      fc.dictionary(fc.constantFrom("a", "_tick", "b"), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }),
      fc.constantFrom(null, [], "text", "${HANDLER}"),
    ),
  },
  { requiredKeys: ["cron", "handler"] },
);
const env = { HANDLER: "task" };

describe("a job of a file with many", () => {
  it("is what it would be alone", () => {
    fc.assert(
      fc.property(fc.array(sections, { minLength: 2, maxLength: 12 }), list => {
        const jobs = Object.fromEntries([...list, ...list].map((section, i) => [`job-${i}`, section]));
        const alone = readAlone(jobs, env).map(seenOf);
        expect(seenOf(read(jobs, env))).toEqual({
          jobs: alone.flatMap(one => one.jobs),
          texts: alone.flatMap(one => one.texts),
          stored: alone.flatMap(one => one.stored),
          sources: alone.flatMap(one => one.sources),
          issues: alone.flatMap(one => one.issues).sort(),
        });
      }),
      { numRuns: 50 },
    );
  });

  it("shares with jobs that differ in name and data what follows from the rest", () => {
    const section = { cron: "H * * * *", handler: "task", retry: { attempts: 5 } };
    const { jobs } = read({ a: { ...section, data: { n: 1 } }, b: { ...section, data: { n: 2 } } });
    const [a, b] = jobs;
    expect(b?.retry).toBe(a?.retry);
    expect(b?.handler).toBe(a?.handler);
    expect(b?.schedule).not.toBe(a?.schedule);
    expect([a?.data, b?.data]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("is hashed with its own name and data", () => {
    const section = { cron: "0 3 * * *", handler: "task" };
    const { jobs } = read({ a: { ...section, data: { n: 1 } }, b: { ...section, data: { n: "\0gap" } } });
    const [a, b] = jobs.map(job => JSON.parse(definitionText(job)));
    expect(b).toEqual({ ...a, name: "b", data: { n: "\0gap" }, spec: { ...a.spec, seed: "b" } });
  });

  it("has the data that it has, and none where it has none", () => {
    const section = { cron: "0 3 * * *", handler: "task" };
    const { jobs } = read({ a: { ...section, data: { n: 1 } }, b: section, c: { ...section, data: {} } });
    expect(jobs.map(({ data }) => data)).toEqual([{ n: 1 }, {}, {}]);
  });

  it("is no mapping where it is written as a text, whatever another job says", () => {
    const section = { cron: "0 3 * * *", handler: "task" };
    const { issues } = read({
      a: { ...section, retry: { attempts: 3 } },
      b: { ...section, retry: '{"attempts":3}' },
    });
    expect(issues).toMatchObject([{ key: "jobs.b.retry" }]);
  });
});
