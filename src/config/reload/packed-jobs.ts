import { BellwetherError } from "../../errors.ts";
import { Calendar, type CalendarOptions } from "../../schedule/calendar.ts";
import { createSchedule } from "../../schedule/create-schedule.ts";
import type { ScheduleSpec } from "../../schedule/spec.ts";
import type { Job } from "../config.ts";
import { deepFreeze } from "../freeze.ts";
import type { PolicySources } from "../policy-sources.ts";

/** A job and where its policies come from. */
export interface SourcedJob {
  readonly job: Job;
  readonly sources: PolicySources;
}

type SharedValue =
  | { readonly kind: "plain"; readonly value: object }
  | { readonly kind: "calendar"; readonly calendar: CalendarOptions }
  | {
      readonly kind: "spec";
      readonly spec: object;
      readonly calendars: Readonly<Record<string, number>> | null;
    };

/** A job without what cannot be sent to another thread. */
interface PackedJob {
  readonly own: Readonly<Record<string, unknown>>;
  /** What jobs share, by the number of the value. */
  readonly shared: Readonly<Record<string, number>>;
  readonly sources: number;
}

/** Some jobs, and of what they share all that no page before had. */
export interface JobPage {
  readonly values: readonly (readonly [number, SharedValue])[];
  readonly jobs: readonly PackedJob[];
}

/** Writes jobs down for another thread. What jobs share is sent once, so that they share it there too. */
export class JobPacker {
  readonly #numbers = new Map<object, number>();
  #values: [number, SharedValue][] = [];

  pack(sourced: readonly SourcedJob[]): JobPage {
    this.#values = [];
    const jobs = sourced.map(({ job, sources }) => this.#packJob(job, sources));
    return { values: this.#values, jobs };
  }

  #packJob(job: Job, sources: PolicySources): PackedJob {
    // The schedule follows from the spec.
    const { schedule: _, spec, ...rest } = job;
    const own: Record<string, unknown> = {};
    const shared: Record<string, number> = { spec: this.#numberOf(spec, () => this.#packSpec(spec)) };
    for (const [key, value] of Object.entries(rest)) {
      if (typeof value !== "object" || value === null) own[key] = value;
      else shared[key] = this.#numberOf(value, () => ({ kind: "plain", value }));
    }
    return { own, shared, sources: this.#numberOf(sources, () => ({ kind: "plain", value: sources })) };
  }

  #packSpec({ calendars, ...spec }: ScheduleSpec): SharedValue {
    if (calendars === undefined) return { kind: "spec", spec, calendars: null };
    const numbers = Object.entries(calendars).map(([name, calendar]) => {
      const { label, stretches } = calendar;
      const options = { name: label.replace(/^calendar /, ""), stretches };
      return [name, this.#numberOf(calendar, () => ({ kind: "calendar", calendar: options }))] as const;
    });
    return { kind: "spec", spec, calendars: Object.fromEntries(numbers) };
  }

  #numberOf(value: object, pack: () => SharedValue): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    const packed = pack();
    const number = this.#numbers.size;
    this.#numbers.set(value, number);
    this.#values.push([number, packed]);
    return number;
  }
}

/** Makes the jobs again that a packer has written down, in the order of its pages. */
export class JobUnpacker {
  readonly #values = new Map<number, object>();

  /** To be called before `unpack` for the jobs of the page. */
  take({ values }: JobPage): void {
    for (const [number, value] of values) this.#values.set(number, this.#unpackValue(value));
  }

  unpack({ own, shared, sources }: PackedJob): SourcedJob {
    const fields = Object.entries(shared).map(([key, number]) => [key, this.#values.get(number)] as const);
    const read = { ...own, ...Object.fromEntries(fields) } as unknown as Omit<Job, "schedule">;
    const created = createSchedule(read.spec);
    if (!created.ok) {
      throw new BellwetherError("BW_BUG", {
        rule: `a schedule that was built is built again, but not that of ${read.name}`,
      });
    }
    const job: Job = Object.freeze({ ...read, schedule: created.schedule });
    return { job, sources: this.#values.get(sources) as PolicySources };
  }

  #unpackValue(value: SharedValue): object {
    if (value.kind === "calendar") return new Calendar(value.calendar);
    if (value.kind === "plain") return deepFreeze(value.value);
    const { spec, calendars } = value;
    if (calendars === null) return deepFreeze(spec);
    const found = Object.entries(calendars).map(([name, number]) => [name, this.#values.get(number)]);
    return deepFreeze({ ...spec, calendars: Object.fromEntries(found) });
  }
}
