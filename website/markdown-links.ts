/** How the Markdown of the repository becomes that of the site, for markdown-it. */
import path from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { siteLink } from "./pages.ts";

/**
 * Turns links between files of the repository into links between pages. A link to a file that is no page leads to the
 * repository, and is plain text while the repository has no address.
 */
export function linkToPages(md: MarkdownRenderer, root: string, repository: string | null): void {
  md.core.ruler.push("links-to-pages", ({ tokens, env }) => {
    const file = path
      .relative(root, env.realPath ?? env.path)
      .split(path.sep)
      .join("/");
    for (const { children } of tokens) {
      let isText = false;
      for (const token of children ?? []) {
        if (token.type === "link_open") {
          const url = token.attrGet("href") ?? "";
          // Other hosts, and headings of the same page: the search takes only these for the anchors of headings.
          if (/^([a-z][a-z+.-]*:|#)/i.test(url)) continue;
          const link = siteLink(file, url, repository);
          if (link === null) isText = true;
          else token.attrSet("href", link);
        }
        if (!isText || !token.type.startsWith("link_")) continue;
        isText = token.type !== "link_close";
        token.type = "text";
        token.content = "";
        token.nesting = 0;
      }
    }
  });
  // VitePress keeps Vue away from fenced code only.
  md.renderer.rules["code_block"] = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token === undefined) return "";
    token.info = "text";
    return md.renderer.rules.fence?.(tokens, index, options, env, self) ?? "";
  };
}
