/** Small projects within the one that has the package and the tools. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** Writes the files, by path, to a folder of that project; resolves with the folder. */
export async function inFolder(
  workshop: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = path.join(workshop, name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  }
  return folder;
}
