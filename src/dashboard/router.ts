/** The address bar is the state of the page: the view is its path, filters are its parameters. */
import { signal } from "@preact/signals";
import { BASE } from "./place.ts";

export interface Route {
  /** `jobs`, `jobs/mail`: below the base path. */
  readonly path: string;
  readonly parameters: URLSearchParams;
}

export const route = signal<Route>(currentRoute());

addEventListener("popstate", () => {
  route.value = currentRoute();
});

/** Links inside the page change the view without a load. With a modifier key the browser does as it always does. */
addEventListener("click", event => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a");
  if (link?.target !== "" || link.origin !== location.origin) return;
  if (!link.pathname.startsWith(BASE) || link.pathname.startsWith(`${BASE}queues`)) return;
  event.preventDefault();
  go(link.href);
});

export function go(address: string): void {
  history.pushState(null, "", address);
  route.value = currentRoute();
  scrollTo(0, 0);
  // Readers of the screen hear the new view, and the next Tab begins there.
  document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** Changes parameters of this view; an empty one is removed. Replaces the entry of the history. */
export function setParameters(changes: Readonly<Record<string, string | null>>): void {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") address.searchParams.delete(key);
    else address.searchParams.set(key, value);
  }
  history.replaceState(null, "", address);
  route.value = currentRoute();
}

function currentRoute(): Route {
  const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : "";
  return { path: path.replace(/\/$/, ""), parameters: new URLSearchParams(location.search) };
}
