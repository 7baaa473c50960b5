import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Encoding, encodingOf } from "./encoding.ts";
import { type PageFile, type PageFiles, readPageFiles } from "./page-files.ts";

/** The views of the page: each address gives the same document, and the page shows the view of its address. */
const VIEWS = ["/", "/jobs", "/jobs/*", "/timeline", "/forecast", "/audit"];

const YEAR_S = 31_536_000;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

interface Page {
  readonly files: PageFiles;
  readonly html: string;
  readonly policy: string;
}

/**
 * Serves the dashboard. `server` has the prefix `basePath` already ("" or "/ops", without a slash at its end). The files are read and compressed when the
 * first browser asks, so that a replica whose page is never opened pays nothing. No route here needs a session: the
 * document and its files hold nothing of the cluster.
 */
export function addPageRoutes(server: FastifyInstance, basePath: string): void {
  let document: Page | null = null;
  const page = async () => {
    const files = await sharedFiles();
    if (files !== null) document ??= pageOf(files, basePath);
    return document;
  };
  const sendDocument = async (_request: FastifyRequest, reply: FastifyReply) => {
    const found = await page();
    if (found === null)
      return reply.code(404).type("text/plain").send("This build of Bellwether has no dashboard.\n");
    return reply
      .headers({ "content-security-policy": found.policy, "cache-control": "no-cache", ...SAFE })
      .type("text/html; charset=utf-8")
      .send(found.html);
  };
  for (const view of VIEWS) server.get(view, PUBLIC, sendDocument);

  server.get<{ Params: { hash: string; "*": string } }>("/assets/:hash/*", PUBLIC, async (request, reply) => {
    const found = await page();
    const { hash, "*": name } = request.params;
    const file = found?.files.hash === hash ? found.files.files.get(name) : undefined;
    if (file === undefined) return reply.code(404).type("text/plain").send("There is no such file.\n");
    const encoding = encodingOf(request.headers["accept-encoding"]);
    if (encoding !== "identity") reply.header("content-encoding", encoding);
    return reply
      .headers({
        "cache-control": `public, max-age=${YEAR_S}, immutable`,
        vary: "accept-encoding",
        ...SAFE,
      })
      .type(file.type)
      .send(await bodyOf(file, encoding));
  });
}

/** For the hook that asks who sends a request. */
const PUBLIC = { config: { role: "public" } } as const;
const SAFE = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** They do not change while the process runs. After a failed read the next request tries again. */
let reading: Promise<PageFiles | null> | null = null;

async function sharedFiles(): Promise<PageFiles | null> {
  reading ??= readPageFiles();
  try {
    return await reading;
  } catch (error) {
    reading = null;
    throw error;
  }
}

const bodies: Readonly<Record<Encoding, WeakMap<PageFile, Promise<Buffer>>>> = {
  br: new WeakMap(),
  gzip: new WeakMap(),
  identity: new WeakMap(),
};

function bodyOf(file: PageFile, encoding: Encoding): Promise<Buffer> {
  const known = bodies[encoding].get(file);
  if (known !== undefined) return known;
  const made = compress(file, encoding);
  bodies[encoding].set(file, made);
  return made;
}

function compress({ body }: PageFile, encoding: Encoding): Promise<Buffer> {
  if (encoding === "identity") return Promise.resolve(body);
  if (encoding === "gzip") return zip(body, { level: 9 });
  return brotli(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  });
}

function pageOf(files: PageFiles, basePath: string): Page {
  const assets = `${basePath}/assets/${files.hash}`;
  const entries = Object.entries(files.imports).map(([bare, name]) => [bare, `${assets}/${name}`]);
  const importMap = JSON.stringify({ imports: Object.fromEntries(entries) });
  const digest = createHash("sha256").update(importMap).digest("base64");
  return { files, html: documentOf(files, assets, importMap), policy: policyOf(digest) };
}

/** Nothing from elsewhere, nothing inline but the import map, and no page may frame this one. */
function policyOf(importMapDigest: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${importMapDigest}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** What the page shows until its script replaces it: for long only where the script does not come. */
const LATE =
  "The script of this page has not come. During a deploy, replicas of two releases answer: load the page again.";

/** Every module is named here, so that the browser need not find them one import after the other. */
function documentOf({ files, main }: PageFiles, assets: string, importMap: string): string {
  const names = [...files.keys()];
  const styles = names.filter(name => name.endsWith(".css"));
  const scripts = names.filter(name => /\.[jt]s$/.test(name) && name !== main);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Bellwether</title>
<link rel="icon" href="${assets}/icon.svg" type="image/svg+xml">
${ordered(styles)
  .map(name => `<link rel="stylesheet" href="${assets}/${name}">`)
  .join("\n")}
<script type="importmap">${importMap}</script>
${scripts.map(name => `<link rel="modulepreload" href="${assets}/${name}">`).join("\n")}
<script type="module" src="${assets}/${main}"></script>
</head>
<body>
<div id="app"><p class="loading late">${LATE}</p></div>
<noscript>Bellwether's dashboard needs JavaScript. The same is in the command line: bellwether status.</noscript>
</body>
</html>
`;
}

/** Tokens and base first, what narrow screens change last. */
function ordered(styles: readonly string[]): readonly string[] {
  const rank = (name: string) =>
    /tokens|base/.test(name) ? (name.includes("base") ? 1 : 0) : name.includes("small") ? 3 : 2;
  return styles.toSorted((a, b) => rank(a) - rank(b));
}
