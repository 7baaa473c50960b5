/** What is around each view: where one can go, whether the page is live, the zone of times, who is signed in. */
import type { ComponentChildren } from "preact";
import { nowMs } from "./clock.ts";
import { classes, html } from "./html.ts";
import { page } from "./place.ts";
import { route } from "./router.ts";
import { mayAct, session, signOut } from "./session.ts";
import { liveness } from "./stream.ts";
import { chooseZone, clockTime, ZONES, type Zone, zone, zoneName } from "./zone.ts";

const VIEWS = [
  { path: "", name: "Now" },
  { path: "jobs", name: "Jobs" },
  { path: "timeline", name: "Timeline" },
  { path: "forecast", name: "Forecast" },
  { path: "audit", name: "Audit" },
] as const;

const ZONE_NAMES: Readonly<Record<Zone, string>> = { local: "Local", job: "Job's", utc: "UTC" };

export function Shell({ children }: { children?: ComponentChildren }) {
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <a class="brand" href=${page("")}><${Logo} /> <span>Bellwether</span></a>
      <nav aria-label="Views">
        ${VIEWS.map(view => html`<${ViewLink} ...${view} />`)}
        ${mayAct() && html`<a href=${page("queues")} target="_blank" rel="noopener">Queues <span aria-hidden="true">↗</span></a>`}
      </nav>
      <div class="tools">
        <${Live} />
        <${ZoneSwitch} />
        <${SignedIn} />
      </div>
    </header>
    <main id="main" tabindex="-1">${children}</main>
  `;
}

function ViewLink({ path, name }: { path: string; name: string }) {
  const here = route.value.path;
  const isHere = path === "" ? here === "" : here === path || here.startsWith(`${path}/`);
  return html`<a href=${page(path)} aria-current=${isHere ? "page" : null}>${name}</a>`;
}

function Live() {
  const { isLive, sinceMs } = liveness.value;
  const text = isLive ? "live" : sinceMs === null ? "connecting …" : `not live since ${clockTime(sinceMs)}`;
  return html`<span class=${classes("live", isLive ? "is-live" : sinceMs !== null && "is-stale")} role="status">${text}</span>`;
}

function ZoneSwitch() {
  return html`<fieldset class="segments">
    <legend class="sr-only">Time zone of the times shown</legend>
    ${ZONES.map(
      one => html`<label title=${titleOf(one)}>
        <input type="radio" name="zone" checked=${zone.value === one} onChange=${() => chooseZone(one)} />
        <span>${ZONE_NAMES[one]}</span>
      </label>`,
    )}
    <span class="zone-clock" title=${zoneName()}><${Clock} /></span>
  </fieldset>`;
}

function titleOf(one: Zone): string {
  return {
    local: "Your time zone",
    job: "The time zone of each job, and yours for what belongs to no job",
    utc: "UTC",
  }[one];
}

/** By the clock of Redis. */
function Clock() {
  return html`${clockTime(nowMs.value)}`;
}

function SignedIn() {
  const who = session.value;
  if (!who) return null;
  return html`<span class="who"><b>${who.name}</b> <span class="faint">${who.role}</span></span>
    ${who.signedInBy === "session" && html`<button class="quiet" onClick=${() => void signOut()}>Sign out</button>`}`;
}

/** A bell, drawn here so that nothing has to be fetched. */
export function Logo() {
  return html`<svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
    <path d="M10 1.5a1.5 1.5 0 0 1 1.5 1.5v.4a5.5 5.5 0 0 1 4 5.3v3.6l1.5 2.2v1H3v-1l1.5-2.2V8.7a5.5 5.5 0 0 1 4-5.3V3A1.5 1.5 0 0 1 10 1.5z" />
    <path d="M8 16.8h4a2 2 0 0 1-4 0z" />
  </svg>`;
}
