import { expect, it, vi } from "vitest";
import { runProgram } from "../../../src/cli/program.ts";

vi.mock("../../../src/cli/trigger.ts", () => {
  throw new Error("the file of a command was loaded");
});

async function outputOf(...argv: readonly string[]) {
  const printed = { out: "", err: "" };
  const io = {
    env: {},
    cwd: "/",
    out: (text: string) => {
      printed.out += text;
    },
    err: (text: string) => {
      printed.err += text;
    },
  };
  return { exitCode: await runProgram(argv, io), ...printed };
}

/** `pause [options] <job>` and the like, as the help lists them. */
async function listedUsages(): Promise<string[]> {
  const { out } = await outputOf("--help");
  const [, list = ""] = out.split("Commands:\n");
  return [...list.matchAll(/^ {2}(\S+(?: \S+)*) {2}/gm)].map(([, usage = ""]) => usage);
}

it("lists each command as the command's own help shows it, which knows all of its options", async () => {
  const usages = (await listedUsages()).filter(usage => !/^(import|help)\b/.test(usage));
  expect(usages).toContain("trigger [options] <job>");
  expect(usages.length).toBeGreaterThan(15);
  for (const usage of usages) {
    const [name = ""] = usage.split(" ");
    const { exitCode, out } = await outputOf(name, "--help");
    const shown = out.split("\n", 1)[0]?.replace(/\[options\] (?=\[file\]$|<shell>$)/, "");
    expect({ exitCode, shown }).toEqual({ exitCode: 0, shown: `Usage: bellwether ${usage}` });
  }
});

it("shows the help of a command without loading its file", async () => {
  const { exitCode, out } = await outputOf("trigger", "--help");
  expect({ exitCode, out }).toEqual({ exitCode: 0, out: expect.stringContaining("--data <json>") });
  await expect(outputOf("trigger", "a")).rejects.toThrow();
});

it("suggests the command that may be meant", async () => {
  const { exitCode, err } = await outputOf("pauze", "job");
  expect({ exitCode, err }).toEqual({
    exitCode: 2,
    err: "error: unknown command 'pauze'\n(Did you mean pause?)\n",
  });
});

it("reads options also of a command that another argument names", async () => {
  const { exitCode, err } = await outputOf("pause", "status", "--nothing");
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: "error: unknown option '--nothing'\n" });
});
