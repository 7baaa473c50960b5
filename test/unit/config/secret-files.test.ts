// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what the tests are about
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect } from "vitest";
import { MAX_SECRET_BYTES, readSecretFile } from "../../../src/config/document/secret-files.ts";
import { jobFile, load, loadValid, ONE_JOB } from "../../support/config.ts";
import { test } from "../../support/folders.ts";

const it = test
  /** A folder as secrets are mounted into, which goes away with the test. */
  .extend("secretsFolder", ({ onTestFinished }) => async (): Promise<string> => {
    const folder = await mkdtemp(path.join(tmpdir(), "bellwether-secrets-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    return folder;
  })
  .extend("secretFile", ({ secretsFolder }) => async (content: string | Uint8Array): Promise<string> => {
    const file = path.join(await secretsFolder(), "secret");
    await writeFile(file, content);
    return file;
  });

describe("a secret", () => {
  it.for([
    { name: "a text", content: "hunter2", text: "hunter2" },
    { name: "a text with a newline", content: "hunter2\n", text: "hunter2" },
    { name: "a text with a newline of Windows", content: "hunter2\r\n", text: "hunter2" },
    { name: "a text with two newlines", content: "hunter2\n\n", text: "hunter2\n" },
    {
      name: "lines",
      content: "-----BEGIN-----\nx\n-----END-----\n",
      text: "-----BEGIN-----\nx\n-----END-----",
    },
    { name: "blanks", content: "  ", text: "  " },
    { name: "a byte order mark", content: "\uFEFFgrün", text: "grün" },
    { name: "all that it may be", content: "x".repeat(MAX_SECRET_BYTES), text: "x".repeat(MAX_SECRET_BYTES) },
  ])("is the text of its file: $name", async ({ content, text }, { secretFile }) => {
    expect(readSecretFile(await secretFile(content))).toEqual({ text });
  });

  it.for([
    { name: "empty", content: "", problem: "the file is empty", isMissing: true },
    { name: "a newline and nothing else", content: "\n", problem: "the file is empty", isMissing: true },
    { name: "not UTF-8", content: new Uint8Array([0xff, 0xfe, 0x41]), problem: "the file is not UTF-8 text" },
    { name: "binary", content: "a\0b", problem: "it is binary: expected text" },
    {
      name: "huge",
      content: "x".repeat(MAX_SECRET_BYTES + 1),
      problem: "it is too large: expected at most 65536 bytes",
    },
  ])("is refused: $name", async ({ content, problem, isMissing = false }, { secretFile }) => {
    expect(readSecretFile(await secretFile(content))).toEqual({ problem, isMissing });
  });

  it("is refused where there is no file that can be read", async ({ secretsFolder }) => {
    const folder = await secretsFolder();
    const inFolder = (name: string) => path.join(folder, name);
    await mkdir(inFolder("folder"));
    await symlink("loop", inFolder("loop"));
    execFileSync("mkfifo", [inFolder("pipe")]);
    const problemOf = (file: string) => readSecretFile(file);
    expect(problemOf(inFolder("nothing"))).toEqual({ problem: "there is no such file", isMissing: true });
    expect(problemOf(inFolder("folder"))).toEqual({
      problem: "found a directory, expected a file",
      isMissing: false,
    });
    expect(problemOf(inFolder("loop"))).toEqual({ problem: "cannot be read (ELOOP)", isMissing: false });
    expect(problemOf(inFolder("pipe"))).toEqual({ problem: "it is not a regular file", isMissing: false });
    expect(problemOf("/dev/zero")).toEqual({ problem: "it is not a regular file", isMissing: false });
  });
});

describe("${file:…} in the files", () => {
  it("is the secret: a text where a text is wanted, else what it looks like", async ({ secretFile }) => {
    const [password, port] = [await secretFile("0123\n"), await secretFile("9090\n")];
    const config = await loadValid({
      "bellwether.yaml": [
        `redis: { cluster: { nodes: ["10.0.0.1"] }, username: "\${file:${port}}", password: "\${file:${password}}" }`,
        `http: { port: "\${file:${port}}" }`,
      ].join("\n"),
      "jobs.yaml": ONE_JOB,
    });
    expect(config).toMatchObject({
      redis: { credentials: { username: "9090", password: "0123" } },
      http: { port: 9090 },
    });
  });

  it("is told where it is used when it cannot be read", async () => {
    const { lines } = await load({
      ...jobFile("every: ${file:/nowhere/every}"),
      "bellwether.yaml": "generation: ${file:generation}\nnamespace: ${file:/}\n",
    });
    expect(lines).toEqual([
      "config/bellwether.yaml:1:13 generation: ${file:generation} has a relative path: expected an absolute one, like ${file:/run/secrets/name}",
      "config/bellwether.yaml:2:12 namespace: /: found a directory, expected a file",
      "config/jobs.yaml:4:12 jobs.a.every: /nowhere/every: there is no such file: mount it, or write ${file:/nowhere/every:-default}",
    ]);
  });

  it("says so where a flow needs quotes around it", async () => {
    const { lines } = await load({
      "jobs.yaml": ONE_JOB,
      "bellwether.yaml": "redis: { url: ${file:/run/redis} }\n",
    });
    expect(lines).toEqual([
      'config/bellwether.yaml:1:15 inside [ ] and { } a reference needs quotes: "${file:/run/redis}"',
    ]);
  });

  it("is shown as it is written where its value is not valid", async ({ secretFile }) => {
    const secret = await secretFile("hun ter2");
    const { lines } = await load({
      ...jobFile(`cron: ["\${file:${secret}}"]`, `queue: \${file:${secret}}`),
      "bellwether.yaml": `http: { port: "x\${file:${secret}}" }\nlog: { level: "\${file:${secret}}" }`,
    });
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).toContain("${file:");
      expect(line).not.toMatch(/hun|ter2/);
    }
  });

  it("counts among the files of the configuration, once, also when it is not there", async ({
    secretFile,
  }) => {
    const secret = await secretFile("x");
    const uses = `namespace: \${file:${secret}}\nadmin: { host: "\${file:${secret}:-x}" }`;
    const { result } = await load({
      ...jobFile("every: 5s", "data: { a: '${file:/nowhere/a:-none}' }"),
      "bellwether.yaml": uses,
    });
    expect(result.files.slice(2)).toEqual([secret, "/nowhere/a"]);
  });
});
