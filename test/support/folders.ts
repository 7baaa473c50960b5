import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test as base } from "vitest";
import { createProject, type ProjectFiles } from "./project.ts";

/** Folders that go away with their test, and a way to dispose of anything else. */
export const test = base
  /** Calls this when the test has ended, the newest first. Each call has ten seconds. */
  .extend("defer", ({ onTestFinished }) => (dispose: () => unknown): void => {
    onTestFinished(async () => {
      await dispose();
    });
  })
  /** Makes an empty folder. */
  .extend("makeFolder", ({ defer }) => async (): Promise<string> => {
    const folder = await mkdtemp(path.join(tmpdir(), "bellwether-test-"));
    defer(() => rm(folder, { recursive: true, force: true }));
    return folder;
  })
  .extend("makeProject", ({ defer }) => async (files: ProjectFiles) => {
    const project = await createProject(files);
    defer(() => project.dispose());
    return project;
  });
