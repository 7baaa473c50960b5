import { signal } from "@preact/signals";
import { setClock } from "./clock.ts";
import { get, messageOf, RefusedError, send, setCsrf } from "./request.ts";
import type { Session } from "./shapes.ts";

/** Redis's clock and this one drift apart by some ms an hour; a suspended laptop by more. */
const REFRESH_MS = 5 * 60_000;
const RETRY_MS = 2_000;

/** `null`: no user is signed in; `undefined`: not known yet. */
export const session = signal<Session | null | undefined>(undefined);

/** Why it is not known who is signed in; null while it is. */
export const sessionProblem = signal<string | null>(null);

/** Whether actions are offered: on jobs and runs to operators, a step-down to admins. The server decides by itself. */
export function mayAct(as: "operator" | "admin" = "operator"): boolean {
  const role = session.value?.role;
  return role === "admin" || (as === "operator" && role === "operator");
}

/** Asks who is signed in, and goes on asking for the clock. */
export async function watchSession(): Promise<void> {
  await readSession();
  setInterval(() => {
    if (session.value) void readSession();
  }, REFRESH_MS);
  addEventListener("visibilitychange", () => {
    if (!document.hidden && session.value) void readSession();
  });
}

export async function readSession(): Promise<void> {
  const sentAtMs = performance.now();
  try {
    accept(await get<Session>("/session"), sentAtMs);
  } catch (error) {
    if (error instanceof RefusedError && error.status === 401) session.value = null;
    else sessionProblem.value = messageOf(error);
    // Before the first answer there is nothing else that would ask again.
    if (session.value === undefined) setTimeout(() => void readSession(), RETRY_MS);
  }
}

export async function signIn(token: string): Promise<void> {
  await send("POST", "/session", { token });
  await readSession();
}

export async function signOut(): Promise<void> {
  await send("DELETE", "/session");
  session.value = null;
}

function accept(next: Session, sentAtMs: number): void {
  setCsrf(next.csrf);
  setClock(next.clock, sentAtMs);
  sessionProblem.value = null;
  const before = session.value;
  const isSame =
    before && before.name === next.name && before.role === next.role && before.csrf === next.csrf;
  // The clock alone is no reason to render everything.
  if (!isSame) session.value = next;
}
