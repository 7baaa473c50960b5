/** Judges the prose of a group of files: how long its sentences are, and which listed words it has. */
import { commentsOf } from "./comments.ts";
import { listedWordsIn } from "./listed-words.ts";
import { type Prose, proseOf, wordsIn } from "./sentences.ts";

export const MAX_MEDIAN_WORDS = 16;
export const MAX_WORDS = 35;

export interface ProseReport {
  readonly sentences: number;
  readonly medianWords: number;
  readonly longest: { readonly words: number; readonly place: string } | null;
  /** One line each, with its place: sentences over `MAX_WORDS`, then listed words. */
  readonly findings: readonly string[];
}

interface TextFile {
  readonly file: string;
  readonly text: string;
}

export function proseReport(files: readonly TextFile[]): ProseReport {
  const proses = files.map(({ file, text }) => ({ file, ...proseIn(file, text) }));
  const sentences = proses
    .flatMap(({ file, sentences }) =>
      sentences.map(sentence => ({
        place: `${file}:${sentence.line}`,
        words: wordsIn(sentence),
        text: sentence.text,
      })),
    )
    .filter(({ words }) => words > 0)
    .sort((a, b) => a.words - b.words);
  const tooLong = sentences.filter(({ words }) => words > MAX_WORDS);
  const listed = proses.flatMap(({ file, passages }) =>
    passages
      .flatMap(listedWordsIn)
      .map(({ word, instead, line }) => `${file}:${line}: "${word}", instead: ${instead}`),
  );
  return {
    sentences: sentences.length,
    medianWords: sentences[Math.floor((sentences.length - 1) / 2)]?.words ?? 0,
    longest: sentences.at(-1) ?? null,
    findings: [
      ...tooLong.map(({ place, words, text }) => `${place}: ${words} words: ${beginning(text)}`),
      ...listed,
    ],
  };
}

export function isAccepted({ medianWords, findings }: ProseReport): boolean {
  return medianWords <= MAX_MEDIAN_WORDS && findings.length === 0;
}

function proseIn(file: string, text: string): Prose {
  if (file.endsWith(".md")) return proseOf(text);
  const proses = commentsOf(file, text).map(comment => proseOf(comment.text, comment.line));
  return {
    sentences: proses.flatMap(({ sentences }) => sentences),
    passages: proses.flatMap(({ passages }) => passages),
  };
}

function beginning(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
