import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

/** A replica's id: a name for people, by default the host's, with what makes it unique per process start. */
export function newReplicaId(name = hostname()): string {
  return `${name}-${randomBytes(3).toString("hex")}`;
}
