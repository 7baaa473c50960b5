import { defineHandler } from "bellwether";

export default defineHandler(async ({ pages }: { pages: number }, run) => {
  const day = run.tick.toISOString().slice(0, 10);
  for (let page = 1; page <= pages; page++) {
    run.signal.throwIfAborted();
    await run.progress((100 * page) / pages);
  }
  if (pages === 0) throw new Error(`there is nothing to report of ${day}`);
  run.log.info({ pages }, "wrote the report");
  return { file: `report-${day}.csv` };
});
