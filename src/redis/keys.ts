/**
 * Bellwether's own keys and channels. All begin with `{<namespace>}/`; BullMQ's begin with `{<namespace>}:`.
 * The braces put everything that one transaction touches into one slot of a Redis Cluster.
 */
export class RedisKeys {
  /** BullMQ's `prefix` option. */
  readonly bullmqPrefix: string;
  /** String: token of the lease's holder, with a time to live. */
  readonly lease: string;
  /** String `<number>:<token>`: the newest term. The fence. */
  readonly term: string;
  /** Hash: who holds or held the newest term, and how it ended. */
  readonly leader: string;
  /** String `<etcd cluster id>:<create revision>`: the newest key in etcd that has had a term. */
  readonly claim: string;
  /** List of JSON, newest first: the record of terms, capped. */
  readonly terms: string;
  /** Hash job → newest decided tick of the epoch in force (epoch ms). */
  readonly cursors: string;
  /** Hash job → its definition and the epoch in force (definition.ts). */
  readonly definitions: string;
  /** Hash `<number>:<job>` → a closed epoch that still has undecided ticks (epochs.ts). */
  readonly epochs: string;
  /** Hash `<number>:<job>` → newest decided tick of that epoch (epoch ms). */
  readonly epochCursors: string;
  /** Hash digest → the time that a calendar covers, as JSON. */
  readonly calendars: string;
  /** Hash job → fingerprint of its schedule, for releases that know no epochs. */
  readonly schedules: string;
  /** Hash job → how many of its ticks have been launched, for jobs with `maxRuns`. */
  readonly launched: string;
  /** Hash job → when it was first found to be in no configuration any more (epoch ms). */
  readonly retired: string;
  /** String: which opening of the term is the newest one (open-term.lua). */
  readonly opening: string;
  /** String, JSON: the jobs that have a definition and that the leader does not carry (dropped.ts). */
  readonly dropped: string;
  /** Hash job → why the leader does not launch it for now, as JSON (quarantine.ts). */
  readonly quarantine: string;
  /** Hash `orders`: what operators have asked for and what is in force until it is carried out or taken back (controls.ts). */
  readonly controls: string;
  /** Hash: which data this is, and a count that only grows: replicas notice by it that data was lost (memory.ts). */
  readonly lineage: string;
  /** Stream, capped: who asked for what, and when. */
  readonly audit: string;
  /** Hash: which entries of the audit the leaders have reported in their logs (operator-log.lua). */
  readonly reported: string;
  /** Hash base of a queue's keys → up to which event it was read how runs ended that other programs work off (take-ends.lua). */
  readonly eventPositions: string;
  /** What the keys of the jobs' histories begin with. */
  readonly histories: string;
  /** String: the highest generation of the configuration whose leader has proven itself; lower ones never lead again. */
  readonly generation: string;
  /** Hash: of generations above that, when a replica of one bid last, and how often its leaders failed (term.lua). */
  readonly generations: string;
  /** Sorted set replica id → when it was last seen (epoch ms). */
  readonly replicas: string;
  /** Channel: leadership may have changed. */
  readonly leadershipChannel: string;
  /** What the names of the replicas' own channels begin with. */
  readonly aliveChannels: string;
  /** String: the fence that was drawn last, for all locks together. It must never go back. */
  readonly lockFence: string;
  /** String: the version of the data under these keys (format.ts). */
  readonly format: string;
  readonly #base: string;

  constructor(namespace: string) {
    this.bullmqPrefix = `{${namespace}}`;
    this.#base = `{${namespace}}/`;
    this.lease = `${this.#base}lease`;
    this.term = `${this.#base}term`;
    this.leader = `${this.#base}leader`;
    this.claim = `${this.#base}claim`;
    this.terms = `${this.#base}terms`;
    this.cursors = `${this.#base}cursors`;
    this.definitions = `${this.#base}definitions`;
    this.epochs = `${this.#base}epochs`;
    this.epochCursors = `${this.#base}epoch-cursors`;
    this.calendars = `${this.#base}calendars`;
    this.schedules = `${this.#base}schedules`;
    this.launched = `${this.#base}launched`;
    this.retired = `${this.#base}retired`;
    this.opening = `${this.#base}opening`;
    this.dropped = `${this.#base}dropped`;
    this.quarantine = `${this.#base}quarantine`;
    this.controls = `${this.#base}orders`;
    this.lineage = `${this.#base}lineage`;
    this.audit = `${this.#base}audit`;
    this.reported = `${this.#base}reported`;
    this.eventPositions = `${this.#base}event-positions`;
    this.histories = `${this.#base}history/`;
    this.generation = `${this.#base}generation`;
    this.generations = `${this.#base}generations`;
    this.replicas = `${this.#base}replicas`;
    this.aliveChannels = `${this.#base}alive/`;
    this.leadershipChannel = `${this.#base}leadership`;
    this.format = `${this.#base}format`;
    this.lockFence = `${this.#base}lock-fence`;
  }

  /** The channel that a replica is subscribed to for as long as its process lives. */
  alive(id: string): string {
    return `${this.aliveChannels}${id}`;
  }

  /** Hash, with a time to live: who holds a lock. Also the channel of those who wait for it. */
  lock(name: string): string {
    return `${this.#base}locks/${name}`;
  }

  /** String, with a time to live: this claim of a lock was released, and what arrives of it later takes nothing. */
  lockEnded(token: string): string {
    return `${this.#base}lock-ended/${token}`;
  }

  /** String, JSON, with a time to live: one replica's record. */
  replica(id: string): string {
    return `${this.#base}replicas/${id}`;
  }

  /**
   * String: the key of BullMQ's hash of the newest run of a job with another `overlap` than `allow` (unfinished.lua). It
   * is written when the run is launched, and when a worker starts an older one that was put back from outside.
   */
  unfinished(job: string): string {
    return `${this.#base}unfinished/${job}`;
  }

  /** String, with a time to live: the key of BullMQ's hash of the run of a job whose handler is at work (claim.lua). */
  working(job: string): string {
    return `${this.#base}working/${job}`;
  }

  /** String, JSON, with a time to live: how an operator's request was answered (requests.ts). */
  request(id: string): string {
    return `${this.#base}requests/${id}`;
  }

  /** Stream, capped: what was decided about a job's ticks and how its runs ended. */
  history(job: string): string {
    return `${this.histories}${job}`;
  }
}
