/**
 * Which Markdown files of the repository are pages of the site, and where. The files stay where they are, with links as
 * GitHub resolves them: from file to file, within the repository.
 */
import path from "node:path";

/** The page's path on the site, such as `handlers.md` for `docs/handlers.md`; null for a file that is no page. */
export function pageOf(file: string): string | null {
  const name = path.posix.basename(file);
  switch (path.posix.dirname(file)) {
    case "docs":
      return name === "README.md" ? "index.md" : name;
    case ".":
      return `project/${name.toLowerCase()}`;
    // What TypeDoc writes.
    case "api":
      return file;
    default:
      return null;
  }
}

/**
 * Where a link from one file to another leads on the site: to a page, or to a file of the repository. Null for the latter while the
 * repository has no address.
 */
export function siteLink(file: string, url: string, repository: string | null): string | null {
  const [target = "", anchor] = url.split("#");
  const found = path.posix.join(path.posix.dirname(file), target);
  const page = found.endsWith(".md") ? pageOf(found) : null;
  const suffix = anchor === undefined ? "" : `#${anchor}`;
  if (page !== null) return `/${page.replace(/\.md$/, ".html")}${suffix}`;
  return repository === null ? null : `${repository}/blob/HEAD/${found}${suffix}`;
}
