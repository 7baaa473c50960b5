/** A recorded situation as a file for `promtool test rules`: which alerts have fired by its end, and whether they end. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { RECORDINGS } from "./recordings.ts";
import { INTERVAL_MS, type Series } from "./scrape-recorder.ts";
import type { Situation } from "./situations.ts";

const PER_MINUTE = 60_000 / INTERVAL_MS;
const FIRING = 'group by (alertname) (ALERTS{alertstate="firing"})';
const FIRED = 'group by (alertname) (last_over_time(ALERTS{alertstate="firing"}[10h]))';

export async function promtoolTestOf(situation: Situation, rules: string): Promise<string> {
  const { name, fires, minutes, holdMinutes = 0, endsAfterMinutes = 0 } = situation;
  const series: Series = JSON.parse(await readFile(path.join(RECORDINGS, `${name}.json`), "utf8"));
  const interval = `${INTERVAL_MS / 1_000}s`;
  return stringify({
    rule_files: [rules],
    evaluation_interval: interval,
    tests: [
      {
        name,
        interval,
        input_series: Object.entries(series).map(([key, values]) => ({
          series: key,
          values: held(values, (holdMinutes + endsAfterMinutes) * PER_MINUTE),
        })),
        promql_expr_test: [
          {
            expr: FIRED,
            eval_time: `${minutes + holdMinutes}m`,
            exp_samples: fires.map(alert => ({ labels: `{alertname="${alert}"}`, value: 1 })),
          },
          ...(endsAfterMinutes === 0
            ? []
            : [
                {
                  expr: FIRING,
                  eval_time: `${minutes + holdMinutes + endsAfterMinutes}m`,
                  exp_samples: [],
                },
              ]),
        ],
      },
    ],
  });
}

/** With the last value, if the series goes on, for this many scrapes more. */
function held(values: string, more: number): string {
  const [last = "_"] = values.split(" ").slice(-1);
  const [value = "_"] = last.split("x");
  return more === 0 || value === "_" || value === "stale" ? values : `${values} ${value}x${more - 1}`;
}
