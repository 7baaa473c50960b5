/** True when `work` ends within the limit, also when it fails; false when it is still going on then. */
export async function settlesWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => over.resolve(false), limitMs);
  try {
    const done = work.then(
      () => true,
      () => true,
    );
    return await Promise.race([done, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
