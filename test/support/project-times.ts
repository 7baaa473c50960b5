import type { Reporter, TestModule } from "vitest/node";

/** Prints at the end of a run how long each project took, from the start of its first file to the end of its last. */
export class ProjectTimes implements Reporter {
  readonly #times = new Map<string, { readonly fromMs: number; toMs: number }>();

  onTestModuleStart({ project }: TestModule): void {
    const nowMs = performance.now();
    if (!this.#times.has(project.name)) this.#times.set(project.name, { fromMs: nowMs, toMs: nowMs });
  }

  onTestModuleEnd({ project }: TestModule): void {
    const times = this.#times.get(project.name);
    if (times) times.toMs = performance.now();
  }

  onTestRunEnd(): void {
    const all = [...this.#times].map(
      ([name, { fromMs, toMs }]) => `${name} ${Math.round((toMs - fromMs) / 1_000)} s`,
    );
    console.log(`   Projects  ${all.join(", ")}\n`);
  }
}
