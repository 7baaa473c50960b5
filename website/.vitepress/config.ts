import { readFileSync } from "node:fs";
import path from "node:path";
import { slug } from "github-slugger";
import { defineConfig } from "vitepress";
import { linkToPages } from "../markdown-links.ts";
import { pageOf } from "../pages.ts";
import { GROUPS, HOME } from "../sidebar.ts";

const WEBSITE = path.resolve(import.meta.dirname, "..");
const PAGES = path.join(WEBSITE, ".cache/pages");

/** The address of the repository for people, from package.json; null where that names none. */
function repositoryAddress(): string | null {
  const { repository } = JSON.parse(readFileSync(path.join(WEBSITE, "../package.json"), "utf8"));
  const address: string | undefined = repository?.url ?? repository;
  return address?.replace(/^git\+/, "").replace(/\.git$/, "") ?? null;
}

const repository = repositoryAddress();
const link = (file: string) => `/${pageOf(file)?.replace(/(index)?\.md$/, "")}`;

export default defineConfig({
  title: "Bellwether",
  description: "Cron for replicated Node.js workers",
  srcDir: PAGES,
  rewrites: file => pageOf(file) ?? file,
  outDir: "dist",
  cacheDir: ".cache/vite",
  // Otherwise browsers ask for a favicon.ico, which is not there.
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    // The anchors of GitHub, so that a link to a heading works in both places.
    anchor: { slugify: heading => slug(heading) },
    languageAlias: { conf: "ini" },
    config: md => linkToPages(md, PAGES, repository),
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Getting started", link: link("docs/getting-started.md") },
      { text: "API", link: link("api/index.md") },
      { text: "Changelog", link: link("CHANGELOG.md") },
    ],
    sidebar: [
      { text: "Map of the documentation", link: link(HOME) },
      ...GROUPS.map(({ title, pages }) => ({
        text: title,
        items: pages.map(([text, file]) => ({ text, link: link(file) })),
      })),
    ],
    ...(repository === null ? {} : { socialLinks: [{ icon: "github" as const, link: repository }] }),
  },
});
