/** The URL of the folder that holds Bellwether's own code. In a bundle no file is Bellwether's alone. */
export const OWN_CODE = /\/stack-frames\.[jt]s$/.test(String(import.meta.url))
  ? new URL("..", import.meta.url).href
  : "no-file:";

/**
 * The text without the stack's lines that show Node.js, BullMQ or Bellwether at work: below a handler they are the same
 * each time. All other lines stay.
 */
export function withoutInternalFrames(text: string): string {
  if (!text.includes("    at ")) return text;
  return text
    .split("\n")
    .filter(line => !isInternalFrame(line))
    .join("\n");
}

/** Whether Bellwether's own code threw the error. */
export function isThrownByOwnCode(stack: string): boolean {
  const first = stack.split("\n").find(line => locationOf(line) !== null);
  return first !== undefined && locationOf(first)?.startsWith(OWN_CODE) === true;
}

function isInternalFrame(line: string): boolean {
  const location = locationOf(line);
  if (location === null) return false;
  return (
    location.startsWith("node:") ||
    location === "<anonymous>" ||
    location.startsWith(OWN_CODE) ||
    location.includes("/node_modules/bullmq/")
  );
}

/** Of a stack's line: `file:///…`, a path, `node:…` or `<anonymous>`; null for any other line. */
export function locationOf(line: string): string | null {
  const frame = /^\s+at (.+)$/.exec(line)?.[1];
  if (frame === undefined) return null;
  return frame
    .slice(frame.lastIndexOf("(") + 1)
    .replace(/\)$/, "")
    .replace(/^async /, "");
}
