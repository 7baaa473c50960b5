import { connect } from "node:net";
import { createInterface } from "node:readline";

/** What Redis carried out in some time, by name. */
export interface CommandCount {
  /** By name of the client's connection and name of the command. */
  readonly sent: ReadonlyMap<string, number>;
  /** Inside scripts. */
  readonly inside: number;
}

/** Counts by MONITOR for as long as `during` takes. `nameOf`: the name of the connection from an address. */
export async function countCommands(
  port: number,
  during: Promise<unknown>,
  nameOf: (address: string) => string,
): Promise<CommandCount> {
  const socket = connect(port, "127.0.0.1");
  socket.write("MONITOR\r\n");
  const sent = new Map<string, number>();
  let inside = 0;
  createInterface({ input: socket }).on("line", line => {
    const [, from = "", command = ""] = /^\+\S+ \[\d+ (\S+)\] "([^"]+)"/.exec(line) ?? [];
    if (from === "lua") inside++;
    else if (from !== "") {
      const key = `${nameOf(from)} ${command.toLowerCase()}`;
      sent.set(key, (sent.get(key) ?? 0) + 1);
    }
  });
  await during;
  socket.destroy();
  return { sent, inside };
}
