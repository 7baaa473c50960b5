export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a replica's `/metrics` says: Prometheus's text format, read as strictly as Prometheus does. */
export class Exposition {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    if (!text.endsWith("\n")) throw new Error("an exposition ends with a line feed");
    this.samples = text
      .slice(0, -1)
      .split("\n")
      .flatMap(line => (/^(# (HELP|TYPE) .*|)$/.test(line) ? [] : parseSample(line)));
    const series = this.samples.map(({ name, labels }) => keyOf(name, labels));
    const repeated = series.find((key, i) => series.indexOf(key) !== i);
    if (repeated !== undefined) throw new Error(`${repeated} stands there twice`);
  }

  /** Of the one series with exactly these labels; undefined when it is not there. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const key = keyOf(`bellwether_${name}`, labels);
    return this.samples.find(sample => keyOf(sample.name, sample.labels) === key)?.value;
  }

  /** The values of all series of that name, by their labels' values, without those that are 0. */
  counts(name: string): Record<string, number> {
    const samples = this.samples.filter(sample => sample.name === `bellwether_${name}` && sample.value !== 0);
    return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(" "), value]));
  }

  /** The values that a label of a metric has. */
  labelValues(name: string, label: string): string[] {
    const samples = this.samples.filter(sample => sample.name === `bellwether_${name}`);
    return [...new Set(samples.map(({ labels }) => labels[label] ?? ""))];
  }
}

/** Scrapes a replica at the URL that its `replica.started` names. */
export async function scrape(url: string): Promise<Exposition> {
  const response = await fetch(`${url}/metrics`);
  if (response.status !== 200) throw new Error(`${url}/metrics answers ${response.status}`);
  return new Exposition(await response.text());
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

function parseSample(line: string): Sample {
  const [, name, labelText = "", valueText = ""] = SAMPLE.exec(line) ?? [];
  const value = Number(valueText.replace("Inf", "Infinity"));
  if (name === undefined || (Number.isNaN(value) && !/^nan$/i.test(valueText))) {
    throw new Error(`no sample: ${line}`);
  }
  return { name, labels: parseLabels(labelText), value };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let read = 0; read < text.length; read = LABEL.lastIndex) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no labels: {${text}}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs]);
}
