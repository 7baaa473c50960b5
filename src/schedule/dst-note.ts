import { durationText } from "./duration.ts";
import { HOUR_MS } from "./time-units.ts";
import type { ZoneSegment } from "./zone.ts";

/** Says that the tick was moved out of a gap, and names the wall time that does not exist. */
export function shiftNote(segment: ZoneSegment, at: number): string {
  const missing = wallText(at + segment.previousOffset);
  const actual = wallText(at + segment.offset);
  const isSameDay = missing.date === actual.date;
  const gap = durationText(segment.offset - segment.previousOffset);
  return `shifted by +${gap}: ${isSameDay ? missing.time : `${missing.date} ${missing.time}`} does not exist${isSameDay ? " on this day" : ""}`;
}

/** Says in which pass of a repeated hour the tick is, or null when its wall time comes once. */
export function passNote(segment: ZoneSegment, at: number): string | null {
  const before = segment.previousOffset - segment.offset;
  if (before > 0 && at < segment.start + before) return `second pass of a repeated ${repeatText(before)}`;
  const after = segment.offset - segment.nextOffset;
  if (after > 0 && at >= segment.end - after) return `first pass of a repeated ${repeatText(after)}`;
  return null;
}

function repeatText(lengthMs: number): string {
  if (lengthMs === HOUR_MS) return "hour";
  return lengthMs === HOUR_MS / 2 ? "half hour" : `stretch of ${durationText(lengthMs)}`;
}

function wallText(wall: number): { date: string; time: string } {
  const [date = "", time = ""] = new Date(wall).toISOString().split("T");
  return { date, time: time.startsWith("00", 6) ? time.slice(0, 5) : time.slice(0, 8) };
}
