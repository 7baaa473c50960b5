/** The benchmarks of `npm run bench -- --all`, in their order. */
export type Size = "full" | "quick" | "smoke";

export interface Plan {
  /** Of the result, and of the part of docs/performance.md. */
  readonly name: string;
  /** Below bench/. */
  readonly script: string;
  readonly args: Readonly<Record<Size, readonly string[]>>;
  readonly minutes: Readonly<Record<Size, number>>;
  /** It prints its table, and has no result of the common form. */
  readonly isPrinted?: true;
}

export const PLANS: readonly Plan[] = [
  {
    name: "lateness",
    script: "lateness",
    args: argsOf("", "--rounds 1 --for 6", "--rounds 1 --for 2 --jobs 10"),
    minutes: { full: 10, quick: 3, smoke: 1 },
  },
  {
    name: "lateness-minute",
    script: "lateness",
    args: argsOf(
      "--every minute --jobs 1000 --for 1 --rounds 3",
      "--every minute --jobs 1000 --for 1 --rounds 1",
      "--every minute --jobs 10 --for 1 --rounds 1",
    ),
    minutes: { full: 17, quick: 5.5, smoke: 5.5 },
  },
  {
    name: "same-second",
    script: "same-second",
    args: argsOf("", "--rounds 3", "--rounds 1 --seconds 2 --rate 50"),
    minutes: { full: 2.4, quick: 1.4, smoke: 0.5 },
    isPrinted: true,
  },
  {
    name: "same-second-two",
    script: "same-second",
    args: argsOf(
      "--processes 2",
      "--processes 2 --rounds 3",
      "--processes 2 --rounds 1 --seconds 2 --rate 50",
    ),
    minutes: { full: 2.4, quick: 1.4, smoke: 0.5 },
    isPrinted: true,
  },
  {
    name: "saturated",
    script: "same-second",
    args: argsOf("--saturated", "--saturated --rounds 2", "--saturated --rounds 1 --seconds 2 --rate 100"),
    minutes: { full: 3, quick: 1, smoke: 0.5 },
    isPrinted: true,
  },
  {
    name: "start",
    script: "start",
    args: argsOf(
      "",
      "--jobs 100000 --formats json --rounds 1 --kills 3",
      "--jobs 10 --rounds 1 --rest 1 --kills 1",
    ),
    minutes: { full: 60, quick: 2.2, smoke: 0.5 },
  },
  {
    name: "handoff",
    script: "handoff",
    args: argsOf("", "--rounds 8", "--rounds 1"),
    minutes: { full: 3, quick: 1, smoke: 0.5 },
    isPrinted: true,
  },
  {
    name: "idle",
    script: "idle",
    args: argsOf("", "--seconds 10 --settle 8 --kills 4", "--replicas 1,4 --seconds 1 --settle 1 --kills 1"),
    minutes: { full: 9, quick: 4.3, smoke: 1 },
  },
  {
    name: "outage",
    script: "outage",
    args: argsOf("", "--rounds 1 --kinds down", "--rounds 1 --kinds frozen --jobs 5 --outage 2"),
    minutes: { full: 20, quick: 3.5, smoke: 1 },
  },
  {
    name: "burst",
    script: "burst",
    args: argsOf("", "--rounds 1", "--rounds 1 --jobs 100 --period 10"),
    minutes: { full: 5, quick: 1.5, smoke: 1 },
  },
];

function argsOf(full: string, quick: string, smoke: string): Record<Size, readonly string[]> {
  const split = (line: string) => (line === "" ? [] : line.split(" "));
  return { full: split(full), quick: split(quick), smoke: split(smoke) };
}
