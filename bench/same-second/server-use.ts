import type { Redis } from "ioredis";

/** What a command cost the server since it began to count. */
export interface CommandUse {
  readonly calls: number;
  readonly ms: number;
}

export interface ServerUse {
  readonly cpuMs: number;
  readonly commands: Readonly<Record<string, CommandUse>>;
}

/** What the server has used since `resetServerUse`, but for what this process asks. */
export async function serverUse(redis: Redis, fromCpuMs: number): Promise<ServerUse> {
  const stats = await redis.info("commandstats");
  const found = [...stats.matchAll(/^cmdstat_(\S+):calls=(\d+),usec=(\d+)/gm)];
  const commands = found.map(
    ([, name = "", calls, us]) => [name, { calls: Number(calls), ms: Number(us) / 1_000 }] as const,
  );
  return { cpuMs: (await serverCpuMs(redis)) - fromCpuMs, commands: Object.fromEntries(commands) };
}

/** Begins to count commands; resolves with the CPU time used by now. */
export async function resetServerUse(redis: Redis): Promise<number> {
  await redis.config("RESETSTAT");
  return await serverCpuMs(redis);
}

async function serverCpuMs(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1]);
  return 1_000 * (seconds("used_cpu_user") + seconds("used_cpu_sys"));
}
