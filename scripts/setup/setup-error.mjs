/** The machine lacks something that the set-up cannot give it. The message says every way out. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/** Prints what the set-up does, one line a step. On stderr: stdout belongs to the command. */
export function step(/** @type {string} */ text) {
  console.error(`set-up: ${text}`);
}
