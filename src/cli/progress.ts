/**
 * Shows that work is under way, on stderr where that is a terminal of a person. The line goes when the work has ended; what
 * is printed meanwhile comes before it.
 */
export async function withProgress<T>(text: string, work: () => Promise<T>): Promise<T> {
  const { TERM, CI } = process.env;
  if (!process.stderr.isTTY || TERM === "dumb" || CI !== undefined) return await work();
  const { default: createSpinner } = await import("yocto-spinner");
  const spinner = createSpinner({ text }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}
