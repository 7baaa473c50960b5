import { stat } from "node:fs/promises";
import type { AdminConfig } from "../../config/config.ts";
import { readSecretFile } from "../../config/document/secret-files.ts";
import { type AdminRole, ROLES } from "../../config/schemas/admin-schema.ts";
import { BellwetherError, messageOf } from "../../errors.ts";
import { digestOf, isSameDigest } from "./digest.ts";

/** A token of the configuration, without its secret. */
export interface Token {
  readonly name: string;
  readonly role: AdminRole;
  readonly digest: Buffer;
}

export interface TokensOptions {
  readonly config: Pick<AdminConfig, "tokens" | "tokenFile">;
  /** The file has changed and cannot be used: the tokens that it had before stay valid. */
  readonly onProblem: (problem: string) => void;
}

const CHECK_INTERVAL_MS = 1_000;
const LINE = /^(?<name>\S+)\s+(?<role>\S+)\s+(?<secret>\S+)$/;

/** The tokens of the configuration and of `tokenFile`, which is read again when it has changed. */
export class Tokens {
  readonly #options: TokensOptions;
  readonly #fixed: readonly Token[];
  #ofFile: readonly Token[] = [];
  #version = "";
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#fixed = options.config.tokens.map(({ name, role, token }) => ({
      name,
      role,
      digest: digestOf(token),
    }));
  }

  /** Reads the file for the first time. Throws BW_TOKEN_FILE. */
  async open(): Promise<void> {
    const { tokenFile } = this.#options.config;
    if (tokenFile === undefined) return;
    this.#version = await versionOf(tokenFile);
    this.#ofFile = this.#read(tokenFile);
  }

  /** The token whose secret this is. Compares with every token, so that the time it takes reveals nothing. */
  async find(secret: string): Promise<Token | null> {
    await this.#refresh();
    const digest = digestOf(secret);
    return this.#all.reduce<Token | null>(
      (found, token) => (isSameDigest(token.digest, digest) ? token : found),
      null,
    );
  }

  /** The token of that name. */
  async named(name: string): Promise<Token | null> {
    await this.#refresh();
    return this.#all.find(token => token.name === name) ?? null;
  }

  get #all(): readonly Token[] {
    return [...this.#fixed, ...this.#ofFile];
  }

  async #refresh(): Promise<void> {
    const { tokenFile } = this.#options.config;
    const nowMs = performance.now();
    if (tokenFile === undefined || nowMs - this.#checkedAtMs < CHECK_INTERVAL_MS) return;
    this.#checkedAtMs = nowMs;
    const version = await versionOf(tokenFile);
    if (version === this.#version) return;
    this.#version = version;
    try {
      this.#ofFile = this.#read(tokenFile);
    } catch (error) {
      this.#options.onProblem(messageOf(error));
    }
  }

  #read(file: string): readonly Token[] {
    const secret = readSecretFile(file);
    if ("problem" in secret) throw new BellwetherError("BW_TOKEN_FILE", { file, problem: secret.problem });
    const tokens = parseTokenFile(secret.text, problem => {
      throw new BellwetherError("BW_TOKEN_FILE", { file, problem });
    });
    const taken = this.#fixed.find(one => tokens.some(({ name }) => name === one.name));
    if (taken === undefined) return tokens;
    const problem = `it has ${taken.name}, which is also in admin.tokens: expected another name`;
    throw new BellwetherError("BW_TOKEN_FILE", { file, problem });
  }
}

/** Lines `NAME ROLE TOKEN`; empty ones and those that begin with # are left out. A problem never shows a token. */
function parseTokenFile(text: string, refuse: (problem: string) => never): readonly Token[] {
  const tokens: Token[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const { name, role, secret } = LINE.exec(trimmed)?.groups ?? {};
    if (!name || !role || !secret) return refuse(`line ${i + 1}: expected NAME ROLE TOKEN`);
    const known = ROLES.find(one => one === role);
    if (known === undefined) return refuse(`line ${i + 1}: expected ${ROLES.join(", ")} as its second word`);
    if (tokens.some(token => token.name === name)) return refuse(`line ${i + 1}: the name is there twice`);
    const digest = digestOf(secret);
    if (tokens.some(token => isSameDigest(token.digest, digest)))
      return refuse(`line ${i + 1}: the token is there twice`);
    tokens.push({ name, role: known, digest });
  }
  return tokens.length === 0 ? refuse("there is no token in it") : tokens;
}

/** Changes when the file does: a mounted secret is replaced as a whole, so it is another file then. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    return messageOf(error);
  }
}
