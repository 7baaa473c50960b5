import { defineHandler } from "bellwether";

export default defineHandler(async ({ format }: { format: string }, run) => {
  const day = run.tick.toISOString().slice(0, 10);
  run.log.info({ day, format }, "wrote the report");
  return { file: `report-${day}.${format}` };
});
