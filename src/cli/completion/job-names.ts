import { isMap, parseDocument } from "yaml";
import { findConfigFiles, readText } from "../../config/document/files.ts";

/**
 * The jobs of a folder's files, without the checks and references of the real loader: the files may be half-written, and
 * each press of Tab waits for this.
 */
export async function readJobNames(configDir: string): Promise<{ value: string; description: string }[]> {
  const { jobs: files } = await findConfigFiles(configDir);
  const names = await Promise.all(
    files.map(async file => {
      const read = await readText(file);
      if ("problem" in read) return [];
      const jobs = parseDocument(read.text, { logLevel: "silent" }).get("jobs");
      return isMap(jobs) ? jobs.items.map(({ key }) => String(key)) : [];
    }),
  );
  return names.flat().map(value => ({ value, description: "" }));
}
