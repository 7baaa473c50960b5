/**
 * Server-sent events over fetch. The browser's own EventSource hides heartbeats, so that a connection which died without a
 * word would look alive for ever.
 */
import { api } from "./place.ts";

/** The server writes at least each 15 s. */
const SILENCE_MS = 40_000;

export interface StreamEvent {
  readonly type: string;
  readonly id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventSink {
  opened(): void;
  event(event: StreamEvent): void;
}

/** Resolves when the server ends the stream; rejects when it refuses it, breaks it off or is silent. */
export async function readEvents(lastId: string | null, ending: AbortSignal, sink: EventSink): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (lastId !== null) headers["last-event-id"] = lastId;
    const signal = AbortSignal.any([ending, silence.signal]);
    const response = await fetch(api("/events"), { headers, signal, cache: "no-store" });
    if (!response.ok || !response.body) throw new Error(`the stream was answered with ${response.status}`);
    sink.opened();
    const parser = new EventParser(event => sink.event(event));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      parser.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The fields of the HTML standard's event streams that the server writes: `event`, `id`, `data`. */
export class EventParser {
  readonly #tell: (event: StreamEvent) => void;
  #rest = "";
  #type = "";
  #id: string | null = null;
  #data: string[] = [];

  constructor(tell: (event: StreamEvent) => void) {
    this.#tell = tell;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  #line(line: string): void {
    if (line === "") {
      this.#end();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#type = value;
    else if (field === "id") this.#id = value;
    else if (field === "data") this.#data.push(value);
  }

  #end(): void {
    const data = this.#data.length === 0 ? null : parsed(this.#data.join("\n"));
    if (data !== null) this.#tell({ type: this.#type || "message", id: this.#id, data });
    this.#type = "";
    this.#data = [];
  }
}

function parsed(text: string): StreamEvent["data"] | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as StreamEvent["data"]) : null;
  } catch {
    return null;
  }
}
