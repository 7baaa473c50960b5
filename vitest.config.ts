import { defineConfig } from "vitest/config";
import { ProjectTimes } from "./test/support/project-times.ts";

/** One project after the other: what kills and freezes processes should not starve what counts events. */
const PROJECTS = [
  { name: "unit", testTimeout: 30_000 },
  { name: "deploy", testTimeout: 60_000 },
  { name: "conformance", testTimeout: 30_000 },
  { name: "integration", testTimeout: 60_000, maxWorkers: 4 },
  { name: "e2e", testTimeout: 480_000 },
  { name: "browser", testTimeout: 120_000 },
  { name: "package", testTimeout: 120_000, globalSetup: "test/package/setup.ts" },
  { name: "chaos", testTimeout: 300_000 },
  { name: "fuzz", testTimeout: 120_000 },
];

export default defineConfig({
  test: {
    reporters: ["default", new ProjectTimes()],
    projects: PROJECTS.map(({ name, testTimeout, globalSetup = [], maxWorkers = 2 }, i) => ({
      test: {
        name,
        // Most tests wait for other processes, also where there are two cores.
        maxWorkers,
        testTimeout,
        globalSetup,
        include: [`test/${name}/**/*.test.ts`],
        sequence: { groupOrder: i + 1 },
      },
    })),
  },
});
