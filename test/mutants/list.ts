import { EPOCH_MUTANTS } from "./epoch-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { SCHEDULE_MUTANTS } from "./schedule-mutants.ts";
import { SURROUNDING_MUTANTS } from "./surrounding-mutants.ts";

export const MUTANTS: readonly Mutant[] = [...SCHEDULE_MUTANTS, ...SURROUNDING_MUTANTS, ...EPOCH_MUTANTS];
