import { AlarmReads } from "../alarm/alarm-reads.ts";
import type { DataGuard } from "../alarm/data-guard.ts";
import { ANSWER_LIMIT_MS, mustHold } from "../clock/timing.ts";
import { unlessAborted } from "../clock/unless-aborted.ts";
import { settlesWithin } from "../clock/within.ts";
import { RELEASE_LIMIT_MS } from "../election/campaign.ts";
import { type CurrentTerm, Elector } from "../election/elector.ts";
import { readLeader } from "../election/leader-record.ts";
import type { Term, TermWorkEnd } from "../election/term.ts";
import { BellwetherError, messageOf } from "../errors.ts";
import { QueueEnds } from "../launch/foreign-ends.ts";
import { Histories } from "../launch/history-use.ts";
import { Launcher } from "../launch/launcher.ts";
import { placeOfQueue } from "../launch/queue-place.ts";
import { ForeignResults } from "../leader/foreign-results.ts";
import { HistoryKeeper } from "../leader/history-keeper.ts";
import { LeaderLoop } from "../leader/leader-loop.ts";
import { OperatorLog } from "../operator/operator-log.ts";
import { areJobsAgreed, readReplicas } from "../redis/replica-registry.ts";
import type { Carried } from "./carried.ts";
import type { JoinedContext, Part } from "./replica-context.ts";

const RESIGN_LIMIT_MS = 8_000;
mustHold({
  "a leader can give up its last command and release its lease before it exits":
    ANSWER_LIMIT_MS + RELEASE_LIMIT_MS < RESIGN_LIMIT_MS,
});
const CLOSE_LIMIT_MS = 1_000;
/** A replica that has not won by then waits for the end of a term. */
const REHEARSAL_MS = 500;

export interface SchedulerOptions extends JoinedContext {
  readonly guard: DataGuard;
}

/** What a replica with the role of a scheduler adds: it campaigns, and launches while it leads. */
export class Scheduler implements Part {
  readonly #options: SchedulerOptions;
  readonly #launcher: Launcher;
  readonly #leaderLoop: LeaderLoop;
  readonly #elector: Elector;
  /** Of the term that is led. */
  #operatorLog: OperatorLog | null = null;
  /** Of the term that is led. */
  #historyKeeper: HistoryKeeper | null = null;
  #carried: Carried;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#carried = options.carried;
    const { stores, redis, clock, events, id, format, absence, guard } = options;
    const { keys } = stores;
    const { jobs, election, generation } = options.carried.config;
    const store = stores.leaseStore(sample => clock.note(sample));
    const presence = stores.presence();
    presence.onNotice(() => guard.hint());
    presence.onOrders(() => {
      guard.hint();
      this.#leaderLoop.hintOrders();
    });
    const launcher = new Launcher({
      redis: stores.connectIdle("noRetry", "launch"),
      keys,
      jobs,
      format,
      perJob: () => this.#carried.config.history.perJob,
    });
    this.#launcher = launcher;
    this.#leaderLoop = new LeaderLoop({
      launcher,
      clock,
      events,
      jobs,
      settle: term => guard.settle(term),
      onActs: newest => this.#operatorLog?.hint(newest),
      isAgreed: async () => areJobsAgreed(this.#carried.config, await readReplicas(redis, keys)),
    });
    this.#elector = new Elector({
      store,
      clock,
      events,
      replica: id,
      generation,
      leaseTtlMs: election.leaseTtlMs,
      runTerm: term => this.#runTerm(term),
      canLaunch: () => launcher.isConnected() && redis.status === "ready",
      goOnWithoutTheRest: needed => stores.watch.goOnWithoutTheRest(needed),
      seekLeader: () => readLeader(redis, keys),
      absence,
    });
    this.#elector.failure.catch((cause: unknown) => {
      const rule = `the election ends only with stop(), but: ${messageOf(cause)}`;
      options.onFailure(new BellwetherError("BW_BUG", { rule }, { cause }));
    });
  }

  get currentTerm(): CurrentTerm | null {
    return this.#elector.currentTerm;
  }

  async start(): Promise<void> {
    const { leaderWatch, stopping } = this.#options;
    await unlessAborted(leaderWatch.stop(), stopping);
    this.#elector.start();
    void this.#rehearse();
  }

  /** Once, when the start has finished and another replica leads. */
  async #rehearse(): Promise<void> {
    await this.#options.clock.sleep(REHEARSAL_MS, this.#options.stopping);
    if (this.#options.stopping.aborted || this.currentTerm !== null || !this.#launcher.isConnected()) return;
    await this.#launcher.rehearse().catch(() => undefined);
  }

  async stop(): Promise<void> {
    await settlesWithin(this.#elector.stop("shutdown"), RESIGN_LIMIT_MS);
    await settlesWithin(this.#launcher.close(), CLOSE_LIMIT_MS);
  }

  carry(carried: Carried): void {
    this.#carried = carried;
    this.#leaderLoop.setJobs(carried.config.jobs);
    this.#elector.setGeneration(carried.config.generation);
    this.#historyKeeper?.hint();
  }

  async #runTerm(term: Term): Promise<TermWorkEnd> {
    const { guard, redis, stores, clock, events } = this.#options;
    await guard.begin(term);
    const operatorLog = new OperatorLog({ redis, keys: stores.keys, clock, events, term });
    this.#operatorLog = operatorLog;
    const reads = new Map<string, AlarmReads>();
    const results = new ForeignResults({
      attempt: (queue, read) => {
        const what = `how the runs of the queue ${queue} end`;
        const ofQueue =
          reads.get(queue) ?? new AlarmReads({ clock, events, what, loss: "it is not recorded" });
        reads.set(queue, ofQueue);
        return ofQueue.read(read);
      },
      clock,
      events,
      carried: () => this.#carried.config,
      endsOf: queue => {
        const place = placeOfQueue(stores.keys, queue, this.#carried.config.queues);
        const { perJob } = this.#carried.config.history;
        return new QueueEnds({ redis, keys: stores.keys, place, fence: term.fence, perJob });
      },
    });
    const keeper = this.#createKeeper(term);
    this.#historyKeeper = keeper;
    const work = () => results.during(() => keeper.during(() => this.#leaderLoop.runTerm(term)));
    return operatorLog.during(work).finally(() => guard.end());
  }

  #createKeeper(term: Term): HistoryKeeper {
    const { redis, stores, clock, events } = this.#options;
    const what = "how much the histories take";
    const reads = new AlarmReads({ clock, events, what, loss: "they are not kept within history.memory" });
    return new HistoryKeeper({
      clock,
      events,
      term,
      histories: new Histories({
        redis,
        keys: stores.keys,
        fence: term.fence,
        nowMs: () => clock.nowMs(),
      }),
      settings: () => this.#carried.config.history,
      attempt: check => reads.read(check),
    });
  }
}
