import { readFileSync } from "node:fs";
import type { ConfigDocument } from "./document/document.ts";
import { shownPath } from "./document/files.ts";
import type { parseConfigDocument } from "./document/parse-document.ts";

export interface JobPlacesOptions {
  /** The jobs files, absolute. */
  readonly files: readonly string[];
  /** By job in code, what the place is called. */
  readonly inCode: ReadonlyMap<string, string>;
  /** Null where there are no files. */
  readonly parse: typeof parseConfigDocument | null;
}

/**
 * Where jobs are in the files. A place is wanted only when a job has a problem, so nothing is kept for it: the files are
 * read again. A file that was changed meanwhile gives the places that it has then.
 */
export class JobPlaces {
  readonly #options: JobPlacesOptions;
  #documents: readonly ConfigDocument[] | null = null;

  constructor(options: JobPlacesOptions) {
    this.#options = options;
  }

  /** What they are made of. */
  get origin(): { readonly files: readonly string[]; readonly inCode: ReadonlyMap<string, string> } {
    const { files, inCode } = this.#options;
    return { files, inCode };
  }

  /** `config/jobs.yaml:3:3`; null for a job that is nowhere. */
  of(job: string): string | null {
    const path = ["jobs", job];
    this.#documents ??= this.#readAgain();
    return (
      this.#documents.find(document => document.has(path))?.placeText(path) ??
      this.#options.inCode.get(job) ??
      null
    );
  }

  #readAgain(): readonly ConfigDocument[] {
    const { files, parse } = this.#options;
    return files.flatMap(file => {
      try {
        const parsed = parse?.({ file: shownPath(file), text: readFileSync(file, "utf8"), env: {} });
        return parsed?.ok ? [parsed.document] : [];
      } catch {
        // It was removed meanwhile.
        return [];
      }
    });
  }
}

/** By job in code, what its place is called. */
export function placesInCode(documents: readonly ConfigDocument[]): ReadonlyMap<string, string> {
  const inCode = documents.filter(({ isCode }) => isCode);
  return new Map(
    inCode.flatMap(document => document.keysOf(["jobs"]).map(job => [job, document.file] as const)),
  );
}
