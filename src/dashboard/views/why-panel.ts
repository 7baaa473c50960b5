import { nowMs } from "../clock.ts";
import { html } from "../html.ts";
import { Badge, Card, Loaded, Time } from "../parts.ts";
import { never, useResource } from "../resource.ts";
import { route, setParameters } from "../router.ts";
import type { Why } from "../shapes.ts";
import { fieldOf, instantOf, zoneName } from "../zone.ts";

const KINDS: Readonly<Record<string, string>> = {
  launched: "run",
  skipped: "skip",
  held: "skip",
  missed: "miss",
};

/** Why something happened, or did not, at the instant that the address names; and a way to ask for another one. */
export function WhyPanel({ job, timezone }: { job: string; timezone: string }) {
  const at = route.value.parameters.get("why");
  const why = useResource<Why>(at === null ? null : `/jobs/${encodeURIComponent(job)}/why`, { at }, never);
  const ask = (event: Event) => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements.namedItem("why-at") as HTMLInputElement;
    setParameters({ why: instantOf(field.value), run: null });
  };
  const asked = at === null ? nowMs.peek() : Date.parse(at);
  return html`<${Card} class="panel" title="Why">
    <form class="why-form" onSubmit=${ask}>
      <label for="why-at">What became of this job at</label>
      <input id="why-at" type="datetime-local" step="1" required value=${fieldOf(asked)} />
      <span class="faint">${zoneName()}</span>
      <button>Ask</button>
      ${at !== null && html`<button type="button" class="quiet" onClick=${() => setParameters({ why: null })}>Close</button>`}
    </form>
    ${at !== null && html`<${Loaded} of=${why} show=${(answer: Why) => html`<${Answer} why=${answer} timezone=${timezone} />`} />`}
  </${Card}>`;
}

function Answer({ why, timezone }: { why: Why; timezone: string }) {
  const { verdict, text, reasonCode, run, nearest } = why;
  return html`<div class="why" role="status">
    <p><${Badge} kind=${KINDS[verdict] ?? "plain"}>${verdict.replaceAll("_", " ")}</${Badge}> ${reasonCode && html`<code class="faint">${reasonCode}</code>`}</p>
    <p class="why-text">${text}</p>
    <p>
      ${run && html`<button class="link" onClick=${() => setParameters({ run, why: null })}>The run</button>`}
      ${nearest.before && html`<button class="link" onClick=${() => setParameters({ why: nearest.before })}>The tick before: <${Time} at=${nearest.before} zone=${timezone} /></button>`}
      ${nearest.after && html`<button class="link" onClick=${() => setParameters({ why: nearest.after })}>The tick after: <${Time} at=${nearest.after} zone=${timezone} /></button>`}
    </p>
  </div>`;
}
