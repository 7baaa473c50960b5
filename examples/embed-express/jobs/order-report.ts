import { defineHandler } from "bellwether";
import type {} from "../context.ts";

export default defineHandler(async (_data, run) => {
  const open = await run.context.db.count("open");
  run.log.info({ open }, "wrote the report");
  return { open };
});
