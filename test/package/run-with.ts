/** Commands as the user of a package runs them, with nothing of this checkout in their environment. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { plainEnvironment } from "../support/command.ts";
import { nodeRelease } from "../support/node-release.ts";

export const ROOT = path.resolve(import.meta.dirname, "../..");

export const NODES = {
  tooOld: "20.20.2",
  /** The oldest release that package.json allows. */
  oldest: "22.18.0",
};

/** By name, the folder of each Node.js that is supported and that is tested. */
export function supportedNodes(): Readonly<Record<string, string>> {
  return {
    "the oldest Node that it supports": nodeRelease(NODES.oldest),
    "the Node of its checkout": path.dirname(process.execPath),
  };
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** That Node is first in PATH, and there is none that a checkout's npm put there. */
export function userEnvironment(node: string): NodeJS.ProcessEnv {
  const ours = (entry: string) => entry.includes("node_modules") || entry.includes(".cache");
  const machine = (process.env["PATH"] ?? "").split(path.delimiter).filter(entry => !ours(entry));
  const npmSettings =
    /^npm_(package|lifecycle|command|execpath|node_execpath|config_(local_)?prefix|config_loglevel)/;
  const inherited = Object.entries(plainEnvironment()).filter(([name]) => !npmSettings.test(name));
  return { ...Object.fromEntries(inherited), PATH: [node, ...machine].join(path.delimiter) };
}

/** Runs a command to its end, whatever that is. */
export async function runWith(
  node: string,
  cwd: string,
  program: string,
  ...args: readonly string[]
): Promise<Ended> {
  return await promisify(execFile)(program, args, { cwd, env: userEnvironment(node) }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

/** The words of an `npm install` that says no more than what is wrong. */
export function npmInstall(...args: readonly string[]): ["npm", ...string[]] {
  return ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline", ...args];
}
