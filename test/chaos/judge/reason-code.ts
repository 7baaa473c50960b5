import type { MissReason, SkipReason } from "../../../src/reasons.ts";
import type { Recorded } from "./evidence.ts";

export type MissCode = MissReason["code"];
export type SkipCode = SkipReason["code"];

/** The texts of records that have no code: a release without codes wrote them. */
const TEXTS: Readonly<Record<MissCode | SkipCode, RegExp>> = {
  catch_up_none: /none/,
  superseded: /latest/,
  older_than_window: /window/i,
  beyond_limit: /limit/i,
  skip_next: /skip-next/,
  paused: /paused/,
  removed: /removed/,
  overlap: /overlap/,
  replaced: /newer tick$/,
};

/** The code of a record, or null for one that is not known. */
export function codeOf({ reason = "", reasonCode }: Recorded): MissCode | SkipCode | null {
  const codes = Object.keys(TEXTS) as (MissCode | SkipCode)[];
  const isIt = (code: MissCode | SkipCode) => code === reasonCode;
  return codes.find(reasonCode === undefined ? code => TEXTS[code].test(reason) : isIt) ?? null;
}
