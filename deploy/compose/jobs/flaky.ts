import { defineHandler } from "bellwether";

export default defineHandler(async (_data, run) => {
  if (Math.random() < 0.5) throw new Error(`attempt ${run.attempt} did not work out`);
});
