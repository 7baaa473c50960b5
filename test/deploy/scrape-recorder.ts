import { setTimeout as sleep } from "node:timers/promises";
import { scrape } from "../support/exposition.ts";
import type { ReplicaProcess } from "../support/replica-process.ts";
import { urlOf } from "../support/test-deployment.ts";
import { METRICS } from "./metrics.ts";

/** As the chart's ServiceMonitor has it. */
export const INTERVAL_MS = 15_000;
/** Prometheus's own limit. */
const TIMEOUT_MS = 10_000;
const LABELS = { namespace: "shop", service: "jobs" };

/** Series as `promtool test rules` reads them: a name with labels, and values with runs of equal ones shortened. */
export type Series = Readonly<Record<string, string>>;

/**
 * Scrapes replicas as Prometheus would, with the target labels that a ServiceMonitor makes, and what kube-state-metrics
 * would say of their containers. A target that does not answer has `up` 0, and its other series become stale.
 */
export class ScrapeRecorder {
  /** By instance. One without a process is a pod whose container waits for its restart. */
  readonly #targets = new Map<string, ReplicaProcess | null>();
  readonly #restarts = new Map<string, number>();
  readonly #series = new Map<string, (number | null)[]>();
  #scrapes = 0;

  /** The pod is there from the next scrape on; again for a pod whose container was started anew. */
  watch(instance: string, replica: ReplicaProcess | null): void {
    this.#restarts.set(instance, this.#targets.has(instance) ? (this.#restarts.get(instance) ?? 0) + 1 : 0);
    this.#targets.set(instance, replica);
  }

  /** The pod was deleted. */
  forget(instance: string): void {
    this.#targets.delete(instance);
    this.#restarts.delete(instance);
  }

  /** Scrapes until the signal aborts. */
  async run(ending: AbortSignal): Promise<void> {
    const startMs = performance.now();
    while (!ending.aborted) {
      const at = this.#scrapes;
      this.#scrapes += 1;
      await Promise.all([...this.#targets].map(([instance, replica]) => this.#scrape(at, instance, replica)));
      const pauseMs = startMs + this.#scrapes * INTERVAL_MS - performance.now();
      await sleep(Math.max(pauseMs, 0), undefined, { signal: ending }).catch(() => undefined);
    }
  }

  get series(): Series {
    const sorted = [...this.#series].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([key, values]) => [key, notation(values, this.#scrapes)]));
  }

  async #scrape(at: number, instance: string, replica: ReplicaProcess | null): Promise<void> {
    const restarts = this.#restarts.get(instance) ?? 0;
    const pod = { namespace: LABELS.namespace, pod: instance, container: "bellwether" };
    this.#note(at, "kube_pod_container_status_restarts_total", pod, restarts);
    // Its address is in its log, as long as it has got that far.
    const answer = replica === null ? null : await inTime(urlOf(replica).then(scrape));
    this.#note(at, "up", { ...LABELS, instance, job: "jobs" }, answer === null ? 0 : 1);
    for (const { name, labels, value } of answer?.samples ?? []) {
      const isWanted = name.startsWith("bellwether_") && METRICS.includes(name);
      if (isWanted) this.#note(at, name, { ...LABELS, instance, job: "jobs", ...labels }, value);
    }
  }

  #note(at: number, name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const shown = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    const key = `${name}{${shown.join(",")}}`;
    const values = this.#series.get(key) ?? [];
    values[at] = Math.round(value * 1_000) / 1_000;
    this.#series.set(key, values);
  }
}

async function inTime<T>(work: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const late = sleep(TIMEOUT_MS, null, { signal: over.signal }).catch(() => null);
  const answer = await Promise.race([work.catch(() => null), late]);
  over.abort();
  return answer;
}

/** `1x3` is 1 and three more of it; `_` is no sample, and `stale` the end of a series. */
function notation(values: readonly (number | null)[], length: number): string {
  const parts: { text: string; more: number }[] = [];
  for (let at = 0; at < length; at++) {
    const value = values[at] ?? null;
    const isEnd = value === null && at > 0 && (values[at - 1] ?? null) !== null;
    const text = value !== null ? String(value) : isEnd ? "stale" : "_";
    const last = parts.at(-1);
    if (last?.text === text && text !== "stale") last.more += 1;
    else parts.push({ text, more: 0 });
  }
  return parts
    .map(({ text, more }) => (more === 0 ? text : `${text}x${text === "_" ? more + 1 : more}`))
    .join(" ");
}
