import { Document, isMap, isScalar, isSeq, type Node, Pair, Scalar, visit } from "yaml";
import { parseConfigDocument } from "../config/document/parse-document.ts";
import { readJobs } from "../config/jobs.ts";
import { formatNote, type ImportedJob, type ImportedJobs, type ImportNote } from "./imported-jobs.ts";

export interface JobsDocument {
  /** A jobs.yaml that is valid; null when no job is left to put into it. */
  readonly text: string | null;
  /** Those of the import, and one for each job that this version of Bellwether refuses. */
  readonly notes: readonly ImportNote[];
}

/** Writes what was imported as a jobs.yaml. Each job is judged by what judges a configuration. */
export function writeJobsDocument({ head, defaults, jobs, notes }: ImportedJobs): JobsDocument {
  const judged = jobs.map(job => ({ job, problems: problemsOf(job, defaults) }));
  const valid = judged.filter(({ problems }) => problems.length === 0).map(({ job }) => job);
  const refused = judged.flatMap(({ job, problems }) =>
    problems.map(text => ({ place: job.place, text, isLost: true })),
  );
  const ofFile = inOrder([...notes, ...refused]);
  return {
    text: valid.length === 0 ? null : render(head, defaults, valid, ofFile),
    notes: inOrder([...ofFile, ...valid.flatMap(notesOf)]),
  };
}

/** In the order of what was read; notes about everything come last. */
function inOrder(notes: readonly ImportNote[]): ImportNote[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return notes.toSorted((a, b) => compare(a.place ?? "\uffff", b.place ?? "\uffff"));
}

function notesOf({ place, notes }: ImportedJob): ImportNote[] {
  return notes.map(text => ({ place, text, isLost: false }));
}

const ANY_QUEUE = { file: "bellwether.yaml", names: null, refusedHandlers: [] };

/** Why the configuration would not be accepted with this job, without places in a file that the reader has not seen. */
function problemsOf({ name, definition }: ImportedJob, defaults: ImportedJobs["defaults"]): string[] {
  const text = JSON.stringify(escapeReferences({ defaults, jobs: { [name]: definition } }));
  const parsed = parseConfigDocument({ file: "jobs.yaml", text, env: {} });
  const mistakes = parsed.ok
    ? readJobs([parsed.document], { calendars: new Map(), queues: ANY_QUEUE }).issues
    : parsed.issues;
  return mistakes.map(({ key, problem }) => {
    const ownKey = key.replace(`jobs.${name}.`, "");
    return ownKey === "" || key === `jobs.${name}` ? problem : `${ownKey}: ${problem}`;
  });
}

function render(
  head: readonly string[],
  defaults: ImportedJobs["defaults"],
  jobs: readonly ImportedJob[],
  notes: readonly ImportNote[],
): string {
  const document = new Document(escapeReferences({ defaults, jobs: {} }));
  const told = notes.map(formatNote);
  document.commentBefore = comment([...head, ...(told.length === 0 ? [] : ["", ...told])]);
  for (const [index, job] of jobs.entries()) {
    const key = new Scalar(job.name);
    key.commentBefore = comment([`${job.place}: ${job.source}`, ...job.notes]);
    key.spaceBefore = index > 0;
    document.addIn(["jobs"], new Pair(key, document.createNode(escapeReferences(job.definition))));
  }
  layOut(document.contents);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** Lists stand on one line, and what is code in quotes: so that it looks like the documentation. */
function layOut(contents: Node | null): void {
  visit(contents, {
    Seq: (_, seq) => {
      seq.flow = true;
      for (const item of seq.items) if (isScalar(item)) quote(item);
    },
    Pair: (_, { key, value }) => {
      const name = isScalar(key) ? key.value : null;
      if (name === "cron" && isScalar(value)) quote(value);
      if ((name === "retry" || name === "dst") && isMap(value)) value.flow = true;
      if (isSeq(value)) value.flow = true;
    },
  });
}

function quote(scalar: Scalar): void {
  if (typeof scalar.value === "string") scalar.type = Scalar.QUOTE_DOUBLE;
}

function comment(lines: readonly string[]): string {
  return lines.map(line => (line === "" ? "" : ` ${line.replace(/[\r\n]+/g, " ")}`)).join("\n");
}

/** In a configuration `${` begins a reference to the environment, and `$${` is a `${`. */
function escapeReferences(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${", "$$${");
  if (Array.isArray(value)) return value.map(escapeReferences);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeReferences(inner)]));
}
