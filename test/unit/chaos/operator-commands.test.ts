import { expect, it } from "vitest";
import type { Command, Evidence, RecordedCommand } from "../../chaos/judge/evidence.ts";
import { commandsCarriedOut, controlSpansOf } from "../../chaos/judge/operator-commands.ts";

const recorded = (action: RecordedCommand["action"], atMs: number, isPutBack = false): RecordedCommand => {
  return { action, job: "a", atMs, ...(isPutBack && { isPutBack }) };
};
const given = (job: string, fromMs: number): Command => {
  return { action: "pause", job, fromMs, untilMs: fromMs + 500, answer: { isChange: true } };
};

it("counts a pause that was put back from when it was given", () => {
  const commands = [given("a", 1_000), given("a", 5_000), given("b", 8_000), given("a", 30_000)];
  const { pauses } = controlSpansOf(
    "a",
    [recorded("pause", 15_000, true), recorded("resume", 20_000)],
    commands,
  );
  expect(pauses).toEqual([{ fromMs: 5_000, untilMs: 20_000 }]);
});

it("counts any other pause from its record", () => {
  const commands = [given("a", 5_000)];
  expect(controlSpansOf("a", [recorded("pause", 15_000)], commands).pauses).toEqual([
    { fromMs: 15_000, untilMs: Number.POSITIVE_INFINITY },
  ]);
  expect(controlSpansOf("a", [recorded("pause", 15_000, true)], []).pauses[0]?.fromMs).toBe(15_000);
});

it("takes a record for each of two commands that overlap, and complains of one more", () => {
  const commands = [given("a", 1_000), given("a", 1_400)];
  const evidence = (...recordedCommands: RecordedCommand[]) => ({ events: [], commands, recordedCommands });
  const judge = (...recordedCommands: RecordedCommand[]) =>
    commandsCarriedOut(evidence(...recordedCommands) as unknown as Evidence);
  expect(judge(recorded("pause", 1_100), recorded("pause", 1_500))).toEqual([]);
  expect(judge(recorded("pause", 1_100), recorded("pause", 1_500), recorded("pause", 1_600))).toHaveLength(1);
  expect(judge()).toHaveLength(2);
});
