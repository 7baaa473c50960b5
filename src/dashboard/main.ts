import { effect } from "@preact/signals";
import { render } from "preact";
import { ActionDialog } from "./action-dialog.ts";
import { html } from "./html.ts";
import { route } from "./router.ts";
import { session, sessionProblem, watchSession } from "./session.ts";
import { Shell } from "./shell.ts";
import { startStream } from "./stream.ts";
import { AuditView } from "./views/audit.ts";
import { ForecastView } from "./views/forecast.ts";
import { JobView } from "./views/job.ts";
import { JobsView } from "./views/jobs.ts";
import { NowView } from "./views/now.ts";
import { SignIn } from "./views/sign-in.ts";
import { TimelineView } from "./views/timeline.ts";

function App() {
  if (session.value === undefined)
    return html`<p class="loading" role="status">${sessionProblem.value ?? "Loading …"}</p>`;
  if (session.value === null) return html`<${SignIn} />`;
  return html`<${Shell}><${CurrentView} /></${Shell}><${ActionDialog} />`;
}

function CurrentView() {
  const [view = "", ...rest] = route.value.path.split("/");
  switch (view) {
    case "":
      return html`<${NowView} />`;
    case "jobs":
      return rest[0] === undefined
        ? html`<${JobsView} />`
        : html`<${JobView} key=${rest[0]} name=${decoded(rest[0])} />`;
    case "timeline":
      return html`<${TimelineView} />`;
    case "forecast":
      return html`<${ForecastView} />`;
    case "audit":
      return html`<${AuditView} />`;
    default:
      return html`<p class="empty">There is no such page.</p>`;
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// The stream belongs to a session: it begins with signing in, and ends with signing out.
let stop: (() => void) | null = null;
effect(() => {
  const isSignedIn = Boolean(session.value);
  if (isSignedIn && stop === null) {
    stop = startStream();
  } else if (!isSignedIn && stop !== null) {
    stop();
    stop = null;
  }
});

const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void watchSession();
