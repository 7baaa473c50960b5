import type { EventMap, EventName } from "../event-map.ts";
import type { Events } from "../events.ts";

/** What to do at which event. */
export type Reactions = { readonly [K in EventName]?: (fields: EventMap[K]) => void };

/** Returns the function that ends the subscription. */
export function react(events: Events, reactions: Reactions): () => void {
  return events.subscribe((name, fields) => reactions[name]?.(fields));
}
