import { BoundedCache } from "./bounded-cache.ts";
import { CronExpression } from "./cron-expression.ts";
import { type CronFields, expandCronFields } from "./cron-fields.ts";
import { parseCronSyntax } from "./cron-syntax.ts";
import type { WallClockRules } from "./schedule-kind.ts";
import { EARLIEST_TICK_MS } from "./time-units.ts";
import { WallPattern } from "./wall-pattern.ts";
import { checkTimezone, zoneOf } from "./zone.ts";

export type CronResult =
  | { readonly ok: true; readonly expression: CronExpression }
  | { readonly ok: false; readonly problem: string };

/** About 20 MB; a large installation has some 500 distinct expressions. */
const POOL_LIMIT = 10_000;
/** By text as written; hashed expressions are not in it, as the same text means something else for each job. */
const byText = new BoundedCache<CronExpression>(POOL_LIMIT);
/** By what they match: `H * * * *` of 100,000 jobs has 60 meanings. */
const byMeaning = new BoundedCache<CronExpression>(POOL_LIMIT);

/**
 * Parses a cron expression, or says what is wrong with it. Expressions that match the same wall times in the
 * same zone under the same rules are one object, so 100,000 jobs cost what their distinct expressions cost.
 *
 * @see docs/schedules.md for the grammar and the rules of daylight saving.
 */
export function parseCron(text: string, options: WallClockRules): CronResult {
  const { timezone, dst } = options;
  const textKey = JSON.stringify([text, timezone, dst.gap, dst.overlap]);
  const known = byText.get(textKey);
  if (known !== undefined) return { ok: true, expression: known };
  const zone = zoneOf(timezone);
  if (zone === null) return { ok: false, problem: checkTimezone(timezone) ?? "" };
  const parsed = parseCronFields(text, options.seed);
  if (!parsed.ok) return parsed;
  const canonical = JSON.stringify(parsed.fields);
  const meaningKey = JSON.stringify([canonical, timezone, dst.gap, dst.overlap]);
  const expression =
    byMeaning.get(meaningKey) ?? new CronExpression({ fields: parsed.fields, canonical, zone, dst });
  byMeaning.put(meaningKey, expression);
  if (!parsed.isHashed) byText.put(textKey, expression);
  return { ok: true, expression };
}

export type CronFieldsResult =
  | {
      readonly ok: true;
      readonly fields: CronFields;
      readonly hasSeconds: boolean;
      readonly isHashed: boolean;
    }
  | { readonly ok: false; readonly problem: string };

/** What an expression matches on the wall clock, or what is wrong with it. */
export function parseCronFields(text: string, seed: string): CronFieldsResult {
  const parsed = parseCronSyntax(text);
  if (!parsed.ok) return { ok: false, problem: `"${text}": ${parsed.problem}` };
  const { syntax } = parsed;
  const fields = expandCronFields(syntax, seed);
  if (new WallPattern(fields).next(EARLIEST_TICK_MS) === null) {
    return { ok: false, problem: `"${text}" never fires: none of its months has such a day` };
  }
  return { ok: true, fields, hasSeconds: syntax.hasSeconds, isHashed: syntax.isHashed };
}
