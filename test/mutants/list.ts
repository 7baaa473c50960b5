import { ELECTION_MUTANTS } from "./election-mutants.ts";
import { EPOCH_MUTANTS } from "./epoch-mutants.ts";
import { LAUNCH_MUTANTS } from "./launch-mutants.ts";
import { LEADER_MUTANTS } from "./leader-mutants.ts";
import { LOCK_MUTANTS } from "./lock-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { OPERATOR_MUTANTS } from "./operator-mutants.ts";
import { SCHEDULE_MUTANTS } from "./schedule-mutants.ts";
import { STOP_MUTANTS } from "./stop-mutants.ts";
import { SURROUNDING_MUTANTS } from "./surrounding-mutants.ts";
import { WORKER_MUTANTS } from "./worker-mutants.ts";

export const MUTANTS: readonly Mutant[] = [
  ...SCHEDULE_MUTANTS,
  ...SURROUNDING_MUTANTS,
  ...EPOCH_MUTANTS,
  ...LAUNCH_MUTANTS,
  ...LEADER_MUTANTS,
  ...ELECTION_MUTANTS,
  ...LOCK_MUTANTS,
  ...WORKER_MUTANTS,
  ...STOP_MUTANTS,
  ...OPERATOR_MUTANTS,
];
