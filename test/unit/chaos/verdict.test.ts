import { expect, it } from "vitest";
import { type Evidence, judge, type QueueEvent } from "../../chaos/verdict.ts";

const FIRST = Date.parse("2026-11-23T07:00:00Z");
const TERM = 7;

/** A run of which everything is in order: three ticks of two jobs, launched, handled and completed. */
function setup() {
  const runs = ["00", "01", "02"].flatMap(second => ["a", "b"].map(job => `${job}@20261123T0700${second}Z`));
  const events = runs.flatMap((run, i) => [
    event(`${i}-0`, "added", run, TERM),
    event(`${i}-1`, "completed", run),
  ]);
  const handled = runs.map(run => ({ run, attempt: 1, term: TERM }));
  const evidence: Evidence = {
    jobs: [
      { name: "a", periodMs: 1_000, overlap: "skip" },
      { name: "b", periodMs: 1_000, overlap: "queue" },
    ],
    history: runs.map(run => ({ run, outcome: "launched" })),
    ...{ events, handled, quietAt: FIRST + 2_000, accidents: [] },
  };
  return { runs, evidence };
}

function event(id: string, name: string, run: string, term: number | null = null): QueueEvent {
  return { id, event: name, run, term };
}

function breaches(evidence: Evidence): string[] {
  return judge(evidence).violations.map(({ breach, run }) => `${breach} ${run ?? ""}`.trim());
}

it("finds nothing where everything is in order", () => {
  const { evidence } = setup();
  expect(judge(evidence)).toEqual({
    violations: [],
    ...{ ticks: 6, launched: 6, held: 0, handled: 6, newestTerm: TERM },
    onRecord: { launched: 6, skipped: 0, missed: 0 },
  });
});

const [A0, A1, A2, B2] = [
  "a@20261123T070000Z",
  "a@20261123T070001Z",
  "a@20261123T070002Z",
  "b@20261123T070002Z",
] as const;

it.each<{ what: string; change: (evidence: Evidence) => Partial<Evidence>; breach: string }>([
  {
    what: "a tick in the middle is missing",
    change: ({ events }) => ({ events: events.filter(({ run }) => run !== A1) }),
    breach: `lost ${A1}`,
  },
  {
    what: "the last tick is missing",
    change: ({ events }) => ({ events: events.filter(({ run }) => run !== B2) }),
    breach: `lost ${B2}`,
  },
  {
    what: "a run is added once more when it is over",
    change: ({ events }) => ({ events: [...events, event("9-0", "added", A2, TERM)] }),
    breach: `launched twice ${A2}`,
  },
  {
    what: "a run is added once more while it is there",
    change: ({ events }) => ({ events: [...events, event("9-0", "duplicated", A1)] }),
    breach: `launched twice ${A1}`,
  },
  {
    what: "a tick is launched and skipped",
    change: ({ events }) => ({ events: [...events, event("9-0", "deduplicated", A2)] }),
    breach: `launched twice ${A2}`,
  },
  {
    what: "an older term launches after a newer one",
    change: ({ events }) => ({
      events: events.map(other =>
        other.event === "added" && other.run === B2 ? { ...other, term: 6 } : other,
      ),
    }),
    breach: `older term after a newer one ${B2}`,
  },
  {
    what: "no handler was called",
    change: ({ handled }) => ({ handled: handled.filter(({ run }) => run !== A1) }),
    breach: `not handled ${A1}`,
  },
  {
    what: "a run was never completed",
    change: ({ events }) => ({
      events: events.filter(({ run, event }) => run !== A1 || event !== "completed"),
    }),
    breach: `not handled ${A1}`,
  },
  {
    what: "a run failed",
    change: ({ events }) => ({ events: [...events, event("9-0", "failed", A0)] }),
    breach: `failed ${A0}`,
  },
  {
    what: "a replica crashed",
    change: () => ({ accidents: ["r0: ended by itself"] }),
    breach: "accident",
  },
])("says so when $what", ({ change, breach }) => {
  const { evidence } = setup();
  expect(breaches({ ...evidence, ...change(evidence) })).toEqual([breach]);
});

it("says so when a job's ticks are launched out of order", () => {
  const { evidence } = setup();
  const late = event("9-0", "added", A1, TERM);
  const events = evidence.events.filter(({ run, event }) => run !== A1 || event !== "added");
  expect(breaches({ ...evidence, events: [...events, late] })).toEqual([`out of order ${A1}`]);
});

it("takes a skip for a decision, in BullMQ's stream or on Bellwether's record", () => {
  const { evidence } = setup();
  const others = evidence.events.filter(({ run }) => run !== A1);
  const inStream = [...others.slice(0, 4), event("9-0", "deduplicated", A1), ...others.slice(4)];
  expect(breaches({ ...evidence, events: inStream })).toEqual([]);
  for (const outcome of ["skipped", "missed"] as const) {
    const history = evidence.history.map(entry => (entry.run === A1 ? { run: A1, outcome } : entry));
    expect(breaches({ ...evidence, events: others, history })).toEqual([]);
  }
});

it("says so when a tick is not in the history, or twice", () => {
  const { evidence } = setup();
  const { history } = evidence;
  const without = history.filter(({ run }) => run !== A1);
  expect(breaches({ ...evidence, history: without })).toEqual([`not on record once ${A1}`]);
  const twice = [...history, { run: A1, outcome: "missed" } as const];
  expect(breaches({ ...evidence, history: twice })).toEqual([`not on record once ${A1}`]);
});

it("takes a run that waited and was added later for one decision, and not for more", () => {
  const { evidence } = setup();
  const others = evidence.events.filter(({ run }) => run !== B2);
  const waited = [...others, event("9-0", "deduplicated", B2), event("9-1", "added", B2, TERM - 1)];
  const completed = event("9-2", "completed", B2);
  expect(breaches({ ...evidence, events: [...waited, completed] })).toEqual([]);
  const again = event("9-3", "added", B2, TERM);
  expect(breaches({ ...evidence, events: [...waited, completed, again] })).toEqual([`launched twice ${B2}`]);
});

it("does not ask for runs to be handled that were launched after the quiet instant", () => {
  const { evidence } = setup();
  const run = "a@20261123T070003Z";
  const events = [...evidence.events, event("9-0", "added", run, TERM)];
  const history = [...evidence.history, { run, outcome: "launched" } as const];
  expect(breaches({ ...evidence, events, history })).toEqual([]);
});

it("expects each job at the multiples of its own period, from the first tick that anybody launched", () => {
  const job = { name: "c", periodMs: 700, overlap: "allow" } as const;
  const runs = ["c@20261123T070000.500Z", "c@20261123T070001.200Z", "c@20261123T070001.900Z"];
  const events = runs.flatMap((run, i) => [
    event(`${i}-0`, "added", run, TERM),
    event(`${i}-1`, "completed", run),
  ]);
  const evidence: Evidence = {
    jobs: [job],
    history: runs.map(run => ({ run, outcome: "launched" })),
    handled: runs.map(run => ({ run, attempt: 1, term: TERM })),
    ...{ events, quietAt: FIRST + 2_000, accidents: [] },
  };
  expect(judge(evidence)).toMatchObject({ violations: [], ticks: 3 });
  expect(breaches({ ...evidence, quietAt: FIRST + 2_600 })).toEqual([
    "lost c@20261123T070002.600Z",
    "not on record once c@20261123T070002.600Z",
  ]);
});
