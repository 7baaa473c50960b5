import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** The time that a comparison of digests takes says nothing about the secret. */
export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

export function isSameDigest(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** 256 random bits, as a cookie can hold them. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Bound to the session: only a page of ours can read it, and that of another session is no use. */
export function csrfOf(sessionId: string): string {
  return createHmac("sha256", sessionId).update("csrf").digest("base64url");
}
