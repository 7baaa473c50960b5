import type { HandlerRef } from "../config/config.ts";

/** What does a job's work, for people: arguments and paths of addresses may hold secrets, and stay out. */
export function describeHandler(handler: HandlerRef): string {
  switch (handler.kind) {
    case "module":
      return handler.path;
    case "command":
      return `command ${handler.argv[0]}${handler.argv.length > 1 ? " …" : ""}`;
    case "http":
      return `${handler.method} ${new URL(handler.url).origin}/…`;
  }
}
