/** Jobs in one script, unless it says otherwise: it holds Redis up for some 20 ms. */
const PAGE = 5_000;

/** The items in their order, at most `size` in a page. */
export function pagesOf<T>(items: readonly T[], size = PAGE): T[][] {
  const pages: T[][] = [];
  for (let i = 0; i < items.length; i += size) pages.push(items.slice(i, i + size));
  return pages;
}
