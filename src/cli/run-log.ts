import { styleText } from "node:util";
import { formLog } from "../log.ts";
import { formatLogRecord, isOnStderr, type Paint, parseLogLine } from "./log-line.ts";

export type LogForm = "json" | "text";

/** A replica's log is JSON for programs, and readable lines on a terminal unless the user says otherwise. */
export function chooseLogForm(form: LogForm = process.stdout.isTTY ? "text" : "json"): void {
  if (form === "text") formLog(readable);
}

function readable(line: string): string {
  const record = parseLogLine(line);
  if (record === null) return line;
  if (process.stderr.isTTY && isOnStderr(record)) return "";
  const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
  return `${formatLogRecord(record, { name: "replica", style: "cyan" }, paint)}\n`;
}
