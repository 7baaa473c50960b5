import type { Command } from "commander";
import type { Does } from "./command.ts";
import { declareCommand as declareBullmq } from "./import-bullmq.ts";
import { declareCommand as declareCrontab } from "./import-crontab.ts";

export function declareCommand(command: Command, does: Does): void {
  declareCrontab(command.command("crontab").description("from a crontab"), does);
  const bullmq = "from the job schedulers and repeatable jobs of a BullMQ or Bull queue; only reads";
  declareBullmq(command.command("bullmq").description(bullmq), does);
}
