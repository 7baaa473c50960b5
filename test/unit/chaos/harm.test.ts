import { expect, it } from "vitest";
import { LEASE_TTL_MS } from "../../chaos/fault-kinds.ts";
import { awayWindowsOf, disturbancesOf, type Hit } from "../../chaos/harm.ts";

const TERMS = [
  { term: 1, replica: "r0.1-abc", sinceMs: 0 },
  { term: 2, replica: "r1.2-abc", sinceMs: 20_000 },
];

function hit(kind: Hit["kind"], slot: string, fromMs: number, untilMs: number): Hit {
  return { kind, slots: [slot], fromMs, untilMs };
}

it("excuses the leader for as long as it takes to replace it, and the replica for as long as it is away", () => {
  const frozen = disturbancesOf([hit("freeze beyond the TTL", "r0", 10_000, 19_000)], TERMS);
  expect(frozen).toEqual([
    { kind: "freeze beyond the TTL", of: "follower", fromMs: 10_000, untilMs: 20_000 },
    {
      kind: "freeze beyond the TTL",
      of: "leader",
      fromMs: 10_000,
      endsTerm: true,
      untilMs: 10_000 + LEASE_TTL_MS + 1_500,
    },
  ]);
});

it("excuses no leader for what is done to a follower", () => {
  const disturbances = disturbancesOf([hit("kill -9 of a follower", "r2", 10_000, 10_100)], TERMS);
  expect(disturbances.map(({ of }) => of)).toEqual(["follower"]);
});

it("excuses a leader from when it leads, if it leads at all while the fault lasts", () => {
  const disturbances = disturbancesOf([hit("Redis: delay", "r1", 18_000, 22_000)], TERMS);
  expect(disturbances.filter(({ of }) => of === "leader")).toEqual([
    { kind: "Redis: delay", of: "leader", fromMs: 20_000, untilMs: 23_500 },
  ]);
});

it("gives a leader that has just begun the time of its lease, because others may not have seen its process yet", () => {
  const [, killed] = disturbancesOf([hit("kill -9 of a leader", "r1", 20_100, 20_200)], TERMS);
  expect(killed?.untilMs).toBe(20_100 + LEASE_TTL_MS + 1_500);
});

it("excuses nothing for what costs no launch", () => {
  expect(disturbancesOf([hit("BullMQ: pause", "r0", 10_000, 12_000)], TERMS)).toEqual([]);
  expect(disturbancesOf([hit("worker connection", "r0", 10_000, 12_000)], TERMS)).toEqual([]);
});

it("takes a replica for away while a fault is its own or that of the server, and until it is connected again", () => {
  const hits = [
    hit("Redis: requests held up", "r0", 10_000, 14_000),
    hit("worker connection", "r1", 20_000, 21_000),
    { kind: "Redis: freeze", slots: [], fromMs: 30_000, untilMs: 31_000 } as const,
  ];
  expect(awayWindowsOf(hits, "r0")).toEqual([
    { fromMs: 10_000, untilMs: 17_000 },
    { fromMs: 30_000, untilMs: 34_000 },
  ]);
});
