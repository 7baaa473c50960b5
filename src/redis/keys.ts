/** Bellwether's own keys and channels in one namespace, and the prefix of BullMQ's. */
export type RedisKeys = Readonly<ReturnType<typeof redisKeys>>;

/** What is counted a day. */
export type Tally = "completed" | "failed" | "skipped" | "missed";

/**
 * Bellwether's keys begin with `{<namespace>}/`; BullMQ's begin with `{<namespace>}:`. The braces put everything that one
 * transaction touches into one slot of a Redis Cluster.
 */
export function redisKeys(namespace: string) {
  const key = (name: string) => `{${namespace}}/${name}`;
  return {
    /** BullMQ's `prefix` option. */
    bullmqPrefix: `{${namespace}}`,
    /** String: token of the lease's holder, with a time to live. */
    lease: key("lease"),
    /** String `<number>:<token>`: the newest term. The fence. */
    term: key("term"),
    /** Hash: who holds or held the newest term, and how it ended. */
    leader: key("leader"),
    /** String `<etcd cluster id>:<create revision>`: the newest key in etcd that has had a term. */
    claim: key("claim"),
    /** List of JSON, newest first: the record of terms, capped. */
    terms: key("terms"),
    /** Hash job → newest decided tick of the epoch in force (epoch ms). */
    cursors: key("cursors"),
    /** Hash job → its definition and the epoch in force (definition.ts). */
    definitions: key("definitions"),
    /** String: grows with each change of the definitions, for those who keep what they have read. */
    definitionsVersion: key("definitions-version"),
    /** Hash `<number>:<job>` → a closed epoch that still has undecided ticks (epochs.ts). */
    epochs: key("epochs"),
    /** Hash `<number>:<job>` → newest decided tick of that epoch (epoch ms). */
    epochCursors: key("epoch-cursors"),
    /** Hash digest → the time that a calendar covers, as JSON. */
    calendars: key("calendars"),
    /** Hash job → fingerprint of its schedule, for releases that know no epochs. */
    schedules: key("schedules"),
    /** Hash job → how many of its ticks have been launched, for jobs with `maxRuns`. */
    launched: key("launched"),
    /** Hash job → when it was first found to be in no configuration any more (epoch ms). */
    retired: key("retired"),
    /** Set: the jobs whose last run failed. */
    failing: key("failing"),
    /** What the names of the jobs' strips begin with. */
    strips: key("strips/"),
    /** What the names of the tallies begin with. */
    tallies: key("tally/"),
    /** String: which opening of the term is the newest one (open-term.lua). */
    opening: key("opening"),
    /** String: of which jobs the stored states are, and in which term that was found (note-catalogue.lua). */
    catalogue: key("catalogue"),
    /** String, JSON: the jobs that have a definition and that the leader does not carry (dropped.ts). */
    dropped: key("dropped"),
    /** Hash job → why the leader does not launch it for now, as JSON (quarantine.ts). */
    quarantine: key("quarantine"),
    /** Hash `orders`: what operators have asked for and what is in force until it is carried out or taken back (controls.ts). */
    controls: key("orders"),
    /** Hash: which data this is, and a count that only grows: replicas notice by it that data was lost (memory.ts). */
    lineage: key("lineage"),
    /** Stream, capped: who asked for what, and when. */
    audit: key("audit"),
    /** Stream, capped: what changes, for dashboards (change-writer.ts). */
    changes: key("changes"),
    /** Hash: which entries of the audit the leaders have reported in their logs (operator-log.lua). */
    reported: key("reported"),
    /** Hash base of a queue's keys → up to which event it was read how runs ended that other programs work off (take-ends.lua). */
    eventPositions: key("event-positions"),
    /** What the keys of the jobs' histories begin with. */
    histories: key("history/"),
    /** Hash: what the histories take together, and how far the leader's pass over them has come (history-use.ts). */
    historyUse: key("history-use"),
    /** String: the highest generation of the configuration whose leader has proven itself; lower ones never lead again. */
    generation: key("generation"),
    /** Hash: of generations above that, when a replica of one bid last, and how often its leaders failed (term.lua). */
    generations: key("generations"),
    /** String, with a time to live: the followers that check the leader's presence often (watchers.lua). */
    watchers: key("watchers"),
    /** Sorted set replica id → when it was last seen (epoch ms). */
    replicas: key("replicas"),
    /** Channel: leadership may have changed. */
    leadershipChannel: key("leadership"),
    /** What the names of the replicas' own channels begin with. */
    aliveChannels: key("alive/"),
    /** String: the fence that was drawn last, for all locks together. It must never go back. */
    lockFence: key("lock-fence"),
    /** String: the version of the data under these keys (format.ts). */
    format: key("format"),
    /** The channel that a replica is subscribed to for as long as its process lives. */
    alive: (id: string) => key(`alive/${id}`),
    /** Hash, with a time to live: who holds a lock. Also the channel of those who wait for it. */
    lock: (name: string) => key(`locks/${name}`),
    /** String, with a time to live: this claim of a lock was released, and what arrives of it later takes nothing. */
    lockEnded: (token: string) => key(`lock-ended/${token}`),
    /** String, JSON, with a time to live: one replica's record. */
    replica: (id: string) => key(`replicas/${id}`),
    /**
     * String: the key of BullMQ's hash of the newest run of a job with another `overlap` than `allow` (unfinished.lua). It
     * is written when the run is launched, and when a worker starts an older one that was put back from outside.
     */
    unfinished: (job: string) => key(`unfinished/${job}`),
    /** What the keys begin with that name the jobs' newest runs. */
    newestRuns: key("unfinished/"),
    /** String, with a time to live: the key of BullMQ's hash of the run of a job whose handler is at work (claim.lua). */
    working: (job: string) => key(`working/${job}`),
    /** String, JSON, with a time to live: how an operator's request was answered (requests.ts). */
    request: (id: string) => key(`requests/${id}`),
    /** String, JSON, with a time to live: a sign-in to the dashboard, by the digest of its id (sessions.ts). */
    session: (digest: string) => key(`sessions/${digest}`),
    /** String, with a time to live: what a request to the HTTP API was, and its answer (idempotency.ts), or its jobs (request-memory.ts). */
    idempotency: (digest: string) => key(`idempotency/${digest}`),
    /** String: how the last ticks and runs of a job went, for lists (strips.lua). */
    strip: (job: string) => key(`strips/${job}`),
    /** Hash job → how often that was on one day (since the epoch, UTC), with a time to live. */
    tally: (tally: Tally, day: number) => key(`tally/${tally}/${day}`),
    /** Stream, capped: what was decided about a job's ticks and how its runs ended. */
    history: (job: string) => key(`history/${job}`),
    /** Stream, capped: what remained of the older end of the history when completed runs were folded (fold-history.lua). */
    keptHistory: (job: string) => key(`history/${job}/kept`),
    /** Hash hour (since the epoch) → how many rows of that hour were folded (folded-hour.ts). */
    historyHours: (job: string) => key(`history/${job}/hours`),
  };
}
