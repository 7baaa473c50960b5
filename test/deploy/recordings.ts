import path from "node:path";

/** One file for each situation: what Prometheus would have scraped (record.ts). */
export const RECORDINGS = path.resolve(import.meta.dirname, "recordings");
