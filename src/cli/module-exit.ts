import { modulesBeingLoaded } from "../handlers/module-handler.ts";
import { endsByItself } from "../process-end.ts";
import { EXIT } from "./io.ts";

const NAMED_MODULES = 3;

/**
 * Reports that the process ends while modules of handlers are loaded, and that no part of Bellwether ends it. The exit code
 * is 2 then: a module that calls `process.exit(0)` must not pass a check. Returns the function that ends this.
 */
export function reportExitWhileLoading(report: (problem: string) => void): () => void {
  const onExit = (exitCode: number) => {
    const modules = modulesBeingLoaded();
    if (modules.length === 0 || endsByItself()) return;
    process.exitCode = EXIT.usage;
    report(
      `the process ends with exit code ${exitCode} while ${named(modules)} loaded: expected a module that neither calls process.exit nor throws outside of a promise`,
    );
  };
  process.on("exit", onExit);
  return () => process.off("exit", onExit);
}

function named(modules: readonly string[]): string {
  const [first = ""] = modules;
  if (modules.length === 1) return `${first} is`;
  const more = modules.length - NAMED_MODULES;
  return `${modules.slice(0, NAMED_MODULES).join(", ")}${more > 0 ? ` and ${more} more` : ""} are`;
}
