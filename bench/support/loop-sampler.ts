/**
 * Loaded with `--import` into a process that is measured and has an IPC channel: how much CPU time its main thread uses, and
 * how much time passes, between two turns of its event loop. Answers the message `read` with the most since the last answer.
 */
import { isMainThread } from "node:worker_threads";

const LONG_MS = 20;

if (isMainThread && process.send !== undefined) {
  let [longestCpuMs, longestMs, over20] = [0, 0, 0];
  let cpu = process.threadCpuUsage();
  let atMs = performance.now();
  const turn = () => {
    const now = process.threadCpuUsage();
    const cpuMs = (now.user + now.system - cpu.user - cpu.system) / 1_000;
    const nowMs = performance.now();
    longestCpuMs = Math.max(longestCpuMs, cpuMs);
    longestMs = Math.max(longestMs, nowMs - atMs);
    if (cpuMs > LONG_MS) {
      over20++;
      if (process.env["SHOW_STRETCHES"] !== undefined)
        console.error(`${Math.round(nowMs)}: ${cpuMs} ms of CPU`);
    }
    [cpu, atMs] = [now, nowMs];
    setTimeout(turn, 1).unref();
  };
  turn();
  process.on("message", () => {
    process.send?.({ longestCpuMs, longestMs, over20 });
    [longestCpuMs, longestMs, over20] = [0, 0, 0];
  });
  process.channel?.unref();
}
