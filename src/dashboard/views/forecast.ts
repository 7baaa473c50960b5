/** How many launches each minute of the coming week has. */
import { html } from "../html.ts";
import { Card, Empty, Heading, Loaded, Time } from "../parts.ts";
import { jobPage, page } from "../place.ts";
import { anyOf, useResource } from "../resource.ts";
import { route } from "../router.ts";
import type { Forecast } from "../shapes.ts";
import { count, counted } from "../words.ts";
import { HeatMap } from "./heat-map.ts";

const ofForecast = anyOf("job", "leader");
const DAYS = 7;

export function ForecastView() {
  const job = route.value.parameters.get("job");
  const forecast = useResource<Forecast>("/forecast", { days: DAYS, job }, ofForecast);
  const show = (found: Forecast) => html`
    <${Card} title="Launches a minute">
      <${HeatMap} forecast=${found} />
    </${Card}>
    <div class="two">
      <${Card} title="Most launches in one minute"><${Worst} worst=${found.worst} /></${Card}>
      <${Card} title="For a new job">
        <p>The next minute without launches, or with the fewest: <b><${Time} at=${found.quiet} form="minute" /></b></p>
        <p class="faint">In the whole week ${counted(found.total, "launch", "launches")}.</p>
      </${Card}>
    </div>
  `;
  return html`
    <${Heading} title="Forecast">
      ${job !== null && html`<span>of <a href=${jobPage(job)}>${job}</a></span><a href=${page("forecast")}>of all jobs</a>`}
    </${Heading}>
    <${Loaded} of=${forecast} show=${show} />
  `;
}

function Worst({ worst }: Pick<Forecast, "worst">) {
  if (worst.length === 0) return html`<${Empty}>Nothing is to be launched.</${Empty}>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Most launches in one minute"><table>
    <thead><tr><th>Minute</th><th class="number">Launches</th><th>Among them</th></tr></thead>
    <tbody>
      ${worst.map(
        ({ at, count: launches, jobs }) => html`<tr>
          <td class="nowrap"><${Time} at=${at} form="minute" /></td>
          <td class="number">${count(launches)}</td>
          <td class="about">${jobs.slice(0, 3).map((name, i) => html`${i > 0 && ", "}<a href=${jobPage(name)}>${name}</a>`)}${jobs.length > 3 && " …"}</td>
        </tr>`,
      )}
    </tbody>
  </table></div>`;
}
