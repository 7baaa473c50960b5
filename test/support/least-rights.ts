import { readFileSync } from "node:fs";

const DOC = new URL("../../docs/redis.md", import.meta.url);

/** The rule of docs/redis.md, for a namespace: what is documented is what is tested. */
export function leastRights(namespace: string): string[] {
  const rule = /^ACL SETUSER bellwether on >secret (.+)$/m.exec(readFileSync(DOC, "utf8"))?.[1];
  if (rule === undefined) throw new Error("docs/redis.md has no ACL SETUSER line");
  return rule
    .replaceAll("{bellwether}", `{${namespace}}`)
    .split(" ")
    .map(word => word.replace(/^'(.*)'$/, "$1"));
}
