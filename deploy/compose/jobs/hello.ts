import { defineHandler } from "bellwether";

export default defineHandler<{ name: string }>(async ({ name }, run) => {
  run.log.info({ tick: run.tick }, `hello, ${name}`);
});
