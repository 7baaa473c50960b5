import { z } from "zod";

/** What distinguishes an answer of the API from that of another program, or from a login page. It has what commands read, and not all. */
export type AnswerShape = z.ZodType;

const name = z.string();
const items = z.array(z.looseObject({}));
/** `null` is an answer too, and a missing field is none. */
const orNull = z.unknown().refine(value => value !== undefined);

export const SHAPES = {
  status: z.looseObject({ leader: orNull, replicas: items, jobs: items, queues: items, stuck: items }),
  job: z.looseObject({ name, timezone: name, queue: name }),
  page: z.looseObject({ items, next: z.string().nullable() }),
  why: z.looseObject({ job: name, text: name, verdict: name }),
  forecast: z.looseObject({
    total: z.number(),
    buckets: z.array(z.tuple([z.string(), z.number()])),
    worst: z.array(z.looseObject({ jobs: z.array(name) })),
  }),
  next: z.looseObject({
    items: z.array(z.looseObject({ job: name, tick: z.iso.datetime(), local: name })),
    next: z.string().nullable(),
    cut: z.array(name),
    sparse: z.array(name),
    zones: z.record(z.string(), z.string()),
  }),
  run: z.looseObject({ run: name, state: name, attempts: items }),
  changed: z.looseObject({ job: name, paused: z.boolean(), changed: z.boolean() }),
  bulk: z.looseObject({ items, count: z.number() }),
  skipped: z.looseObject({ job: name, skips: z.iso.datetime() }),
  kept: z.looseObject({ job: name, keeps: z.array(name) }),
  triggered: z.looseObject({ run: name }),
  backfilled: z.looseObject({ job: name, ticks: z.array(name), runs: z.array(name) }),
  steppedDown: z.looseObject({
    steppedDown: z.number(),
    leader: z.looseObject({ replica: name }).nullable(),
  }),
} satisfies Record<string, AnswerShape>;
