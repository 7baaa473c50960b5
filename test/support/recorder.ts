import type { EventMap, EventName } from "../../src/event-map.ts";
import { Events } from "../../src/events.ts";

export type Recorded = { [K in EventName]: { readonly name: K; readonly fields: EventMap[K] } }[EventName];

/** Remembers events and lets a test wait for one. */
export class Recorder {
  readonly events = new Events();
  readonly all: Recorded[] = [];
  readonly #waiting = new Set<() => void>();

  constructor() {
    this.events.subscribe((name, fields) => {
      this.all.push({ name, fields } as Recorded);
      for (const check of this.#waiting) check();
    });
  }

  of<K extends EventName>(name: K): EventMap[K][] {
    return this.all.filter(event => event.name === name).map(event => event.fields as EventMap[K]);
  }

  /** Resolves with the first event of that name that matches, past or to come. */
  when<K extends EventName>(
    name: K,
    matches: (fields: EventMap[K]) => boolean = () => true,
  ): Promise<EventMap[K]> {
    return new Promise(resolve => {
      const check = () => {
        const found = this.of(name).find(matches);
        if (!found) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }
}
