/** Answers each message of the parent with the CPU time of this process, in milliseconds. */
export function serveUsage(): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMs: (user + system) / 1_000 });
  });
}
