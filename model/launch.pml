/*
 * Bellwether's launch protocol: term, fence, lease, cursors, the launch transaction, and what can go wrong with them.
 * README.md says which line of the code each part stands for, what is left out, and how to run it.
 *
 * Replicas elect one of them again and again; the one that leads turns due ticks into runs. The world (init, Fate)
 * makes time pass and does harm: as much as the budgets below allow or less, since it may stop at any moment. A
 * replica that is paused is simply not scheduled, for as long as it takes, between any two steps. Properties:
 *
 *   P1  launched twice   no run is added for a tick that has one                                   (in executeJob)
 *       lost             no cursor passes a tick without a run                                     (in executeJob)
 *       launched at all  when nothing can move any more, every due tick has its run                (in checkEnd)
 *   P2  only the newest term that Redis knows writes, so no older term after a newer one's launch  (in execute)
 *
 * "Has a run" is about the writes that survive: a failover takes run and cursor back together. A run counts for
 * ever, as if workers had finished and removed it at once, because BullMQ forgets an id with its job.
 */

#define REPLICAS 3
#ifndef JOBS
#define JOBS 1
#endif
#ifndef TICKS
#define TICKS 2
#endif

/* How often each fault may happen in one history. */
#ifndef EXPIRIES
#define EXPIRIES 2    /* a living leader's lease ends: it is paused, cut off, does not get to renew, or resigns */
#endif
#ifndef CRASHES
#define CRASHES 1     /* a replica that has led dies, at any point */
#endif
#ifndef DROPS
#define DROPS 2       /* a leader's connection breaks, at any point */
#endif
#ifndef REFUSALS
#define REFUSALS 1    /* an EXEC in which adds fail, and everything else stands */
#endif
#ifndef FAILOVERS
#define FAILOVERS 1   /* Redis goes back to an older moment */
#endif
#ifndef LOST_BIDS
#define LOST_BIDS 1   /* a bid is granted and the answer does not arrive */
#endif

/* One connection for each replica, then old ones whose last command is still on its way. */
#define CONNECTIONS (REPLICAS + DROPS)
#define isOld(c) (c >= REPLICAS)

#define ABSENT 255    /* the cursor of a job that has none */
#define NEVER  255

/* WATCH, on a connection */
#define UNWATCHED 0
#define CLEAN     1
#define DIRTY     2

/* The answer to EXEC, as it lies at the client */
#define NONE      0
#define COMMITTED 1
#define NIL       2
#define REFUSED   3

typedef RedisState {
  byte number;             /* {ns}/term is number:token */
  byte token;
  byte era;                /* ghost: which election opened this term */
  byte cursor[JOBS];
  bool known[JOBS * TICKS] /* ghost: the tick has, or had, a run */
}
#define tickOf(ofJob, ofTick) ((ofJob) * TICKS + (ofTick) - 1)

typedef Connection {
  byte watch;
  bool pending;            /* MULTI … EXEC was sent, and has not been executed */
  /* The replica's memory; on an old connection, what its transaction carries. */
  byte number;
  byte token;              /* of a follower: its bid that was not answered; 0: none */
  byte era;                /* ghost */
  byte mem[JOBS];          /* cursors: read at open, moved by commits */
  byte upto[JOBS]          /* newest tick of the plan */
}

RedisState redis;
byte lease;                /* token of the holder; 0: free */
RedisState backup;         /* what the Redis that will take over has got, once it isLagging */
bool isLagging;
Connection conn[CONNECTIONS];

bool alive[REPLICAS] = true;
bool leading[REPLICAS];
byte answer[REPLICAS];
bool stale[REPLICAS];      /* connection replaced since open:       !launcher.isOpen() */
bool swapped[REPLICAS];    /* connection replaced since the commit: connection !== this.#connections */
byte elected;              /* how many replicas have been elected at least once */
byte tokens;               /* the last that was made up; never the same again */
byte eras;                 /* ghost */
byte due;                  /* of every job, ticks 1 to due are due */
byte since[JOBS];          /* ghost: the job exists since this tick */

byte expiries  = EXPIRIES;
byte crashes   = CRASHES;
byte drops     = DROPS;
byte refusals  = REFUSALS;
byte failovers = FAILOVERS;
byte lostBids  = LOST_BIDS;

/* Equality with {ns}/term, and nothing else, decides who may launch. */
#ifdef FENCE_WITHOUT_TOKEN
#define stands(c) (conn[c].number == redis.number)
#else
#define stands(c) (conn[c].number == redis.number && conn[c].token == redis.token)
#endif

/* Something is due, as far as the replica remembers. */
#define late(c, x) (due > conn[c].mem[x])
/* A cursor of a planned job is not where the plan assumed. */
#ifdef REFUSE_AHEAD_ONLY
#define moved(c, x) (conn[c].upto[x] > conn[c].mem[x] && redis.cursor[x] > conn[c].mem[x])
#else
#define moved(c, x) (conn[c].upto[x] > conn[c].mem[x] && redis.cursor[x] != conn[c].mem[x])
#endif
#if JOBS == 1
#define isLate(c)   late(c, 0)
#define hasMoved(c) moved(c, 0)
#else
#define isLate(c)   (late(c, 0) || late(c, 1))
#define hasMoved(c) (moved(c, 0) || moved(c, 1))
#endif

#define holds(r) (leading[r] && conn[r].token == lease)
#define isHeld   (holds(0) || holds(1) || holds(2))
#define name(r)  ('A' + (r))

/* Scratch: 0 between steps. */
byte wire, job, tick, moveTo, isWhole, hasWritten;

/* ---------------------------------------------------------------------------------------------- the server */

inline copy(from, to) {
  to.number = from.number; to.token = from.token; to.era = from.era;
  for (job : 0 .. JOBS - 1) { to.cursor[job] = from.cursor[job] }
  for (job : 0 .. JOBS * TICKS - 1) { to.known[job] = from.known[job] }
  job = 0
}

/* Before a write: perhaps this is the first that does not reach the Redis that will take over. */
inline mayLag() {
  if
  :: skip
  :: failovers > 0 && !isLagging ->
     printf("Redis: from here on, writes do not reach its replica\n");
     d_step { copy(redis, backup); isLagging = true }
  fi
}

inline markDirty() {
  for (wire : 0 .. CONNECTIONS - 1) {
    if :: conn[wire].watch == CLEAN -> conn[wire].watch = DIRTY :: else fi
  }
  wire = 0
}

inline touchTerm() {
#ifndef NO_WATCH_TERM
  markDirty()
#else
  skip
#endif
}

inline touchCursors() {
#ifndef NO_WATCH_CURSORS
  markDirty()
#else
  skip
#endif
}

inline forgetPlan(c) {
  for (job : 0 .. JOBS - 1) { conn[c].mem[job] = 0; conn[c].upto[job] = 0 }
  job = 0
}

inline clear(c) {
  conn[c].watch = UNWATCHED; conn[c].pending = false;
  conn[c].number = 0; conn[c].token = 0; conn[c].era = 0;
  forgetPlan(c)
}

/* The ticks whose adds fail in this EXEC: refuseFrom to refuseTo, of each job. Whatever the cause (a flushed script,
   no memory), it lasts until the end of the EXEC. With ADD_HOLE it passes, and a later add succeeds. */
byte refuseFrom[JOBS], refuseTo[JOBS], chosen;
bool isRefusing;

inline chooseRefusals(c) {
  chosen = 0;
  isRefusing = false;
  if
  :: do :: chosen < JOBS -> refuseFrom[chosen] = NEVER; chosen++ :: else -> break od
  :: refusals > 0 ->
     refusals--;
     isRefusing = true;
     do
     :: chosen < JOBS ->
        refuseFrom[chosen] = conn[c].mem[chosen] + 1;
        refuseTo[chosen] = NEVER;
        do
        :: refuseFrom[chosen] <= conn[c].upto[chosen] -> refuseFrom[chosen]++
        :: break
        od;
#ifdef ADD_HOLE
        refuseTo[chosen] = refuseFrom[chosen];
#endif
        chosen++
     :: else -> break
     od
  fi;
  chosen = 0
}

/* One job's part: BullMQ's adds, then advance.lua, which moves the cursor over the runs that it finds. */
inline executeJob(c) {
  moveTo = conn[c].mem[job];
  isWhole = 1;
  for (tick : conn[c].mem[job] + 1 .. conn[c].upto[job]) {
    if
    :: refuseFrom[job] <= tick && tick <= refuseTo[job] ->
       printf("       job %d tick %d: the add fails\n", job + 1, tick);
       isWhole = 0
    :: else ->
       printf("       job %d tick %d: run added\n", job + 1, tick);
       assert(!redis.known[tickOf(job, tick)]);                                    /* P1: launched twice */
       redis.known[tickOf(job, tick)] = true;
       hasWritten = 1
    fi;
#ifdef MOVE_BLINDLY
    moveTo = tick
#else
    if :: isWhole -> moveTo = tick :: else fi
#endif
  }
  if
  :: moveTo != conn[c].mem[job] ->
     printf("       job %d: cursor moves from %d to %d\n", job + 1, redis.cursor[job], moveTo);
     redis.cursor[job] = moveTo;
     hasWritten = 1;
     for (tick : since[job] + 1 .. moveTo) { assert(redis.known[tickOf(job, tick)]) }        /* P1: lost */
  :: else
  fi;
  tick = 0; moveTo = 0; isWhole = 0
}

/* EXEC on connection c. */
inline execute(c) {
  if
  :: conn[c].watch == DIRTY ->
     d_step {
       tell(c);
       printf("       void, a watched key has changed\n");
       if :: !isOld(c) -> answer[c] = NIL :: else fi
     }
  :: else ->
     mayLag();
     chooseRefusals(c);
     d_step {
       tell(c);
       hasWritten = 0;
       for (job : 0 .. JOBS - 1) { executeJob(c) }
       if
       :: hasWritten ->
          assert(conn[c].era == redis.era);                                   /* P2 */
          conn[c].watch = UNWATCHED;
          touchCursors()
       :: else
       fi;
       if :: !isOld(c) -> answer[c] = (isRefusing -> REFUSED : COMMITTED) :: else fi;
       for (job : 0 .. JOBS - 1) { refuseFrom[job] = 0; refuseTo[job] = 0 }
       isRefusing = false; hasWritten = 0; job = 0
     }
  fi;
  d_step {
    conn[c].pending = false;
    conn[c].watch = UNWATCHED;
    if
    :: isOld(c) -> clear(c)
    :: else -> if :: !alive[c] -> clear(c); answer[c] = NONE :: else fi
    fi
  }
}

inline tell(c) {
  if
  :: isOld(c) -> printf("Redis: EXEC that came late, from an old connection, in term %d\n", conn[c].era)
  :: else     -> printf("Redis: EXEC of %c, in term %d\n", name(c), conn[c].era)
  fi
}

/* Redis, as far as it serves one connection. */
proctype Socket(byte c) {
  do
  :: atomic { conn[c].pending -> execute(c) }
  od
}

/* -------------------------------------------------------------------------------------------- the replicas */

/* campaign.lua, when the lease is free or the bid's own. A bid whose answer was lost is repeated as it was. */
inline campaign(r) {
  if
  :: lease != 0 && redis.token == lease     /* granted before: the same answer again */
  :: else ->
     if :: conn[r].token == 0 -> tokens++; conn[r].token = tokens :: else fi;
     eras++;
     lease = conn[r].token;
     redis.number++; redis.token = conn[r].token; redis.era = eras;
     touchTerm();
     if :: elected == r -> elected++ :: else fi
  fi
}

/* open-term.lua, when the fence stands. */
inline openTerm(r) {
  for (job : 0 .. JOBS - 1) {
    if
    :: redis.cursor[job] == ABSENT ->
       redis.cursor[job] = due;
       touchCursors();
       if :: since[job] == ABSENT -> since[job] = due :: else fi
    :: else
    fi;
    conn[r].mem[job] = redis.cursor[job];
    conn[r].upto[job] = redis.cursor[job];
    printf("%c: opens its term; the cursor of job %d is at %d\n", name(r), job + 1, redis.cursor[job])
  }
  job = 0
}

/* Back to the elector; the next bid has a new token. */
inline stepDown(r) {
  leading[r] = false; stale[r] = false; swapped[r] = false; answer[r] = NONE;
  clear(r)
}

proctype Replica(byte me) {
follow:
  /* Those who have never led are all alike, so it is no loss that they win in order. */
  atomic {
    alive[me] && me <= elected && (lease == 0 || lease == conn[me].token) ->
    mayLag();
    d_step { campaign(me) };
    if
    :: d_step {
         printf("%c: is elected; term %d, number %d\n", name(me), redis.era, redis.number);
         conn[me].number = redis.number; conn[me].era = redis.era;
         leading[me] = true
       }
    :: lostBids > 0 ->
       printf("%c: is elected, but the answer is lost; term %d, number %d\n", name(me), redis.era, redis.number);
       lostBids--;
       goto follow
    fi
  };

open:
  /* The script, on a connection that works. Nothing is remembered over an error. */
  atomic {
    alive[me] ->
    d_step { stale[me] = false; swapped[me] = false; answer[me] = NONE; forgetPlan(me) };
#ifdef NEW_JOBS
    mayLag();
#endif
    if
    :: stands(me) -> d_step { openTerm(me) }
    :: else -> printf("%c: opens its term: fenced, steps down\n", name(me)); d_step { stepDown(me) }; goto follow
    fi
  };

idle:
  if
  :: atomic {
       alive[me] && !stale[me] && isLate(me) ->
       d_step {
         printf("%c: plans what is due, up to tick %d\n", name(me), due);
         for (job : 0 .. JOBS - 1) { conn[me].upto[job] = (late(me, job) -> due : conn[me].mem[job]) }
         job = 0
       }
     }
  :: atomic {
       alive[me] && stale[me] ->
#ifdef NO_REOPEN
       printf("%c: does not care that its connection was replaced\n", name(me));
       stale[me] = false; swapped[me] = false;
       goto idle
#else
       printf("%c: sees that its connection was replaced\n", name(me));
       goto open
#endif
     }
  :: atomic {
       alive[me] && lease != conn[me].token ->
       printf("%c: sees that its lease has ended, steps down\n", name(me));
       d_step { stepDown(me) };
       goto follow
     }
  fi;

commit:
  /* WATCH term cursors; GET term; HMGET cursors. Written at once, and each is answered. */
  atomic {
    alive[me] ->
    swapped[me] = false;
    if
    :: !stands(me) ->
       printf("%c: watches and reads: fenced, steps down\n", name(me));
       d_step { stepDown(me) };
       goto follow
    :: stands(me) && hasMoved(me) ->
       printf("%c: watches and reads: the cursors are not where it planned from\n", name(me));
       goto open
    :: stands(me) && !hasMoved(me) ->
       printf("%c: watches and reads: term and cursors are as planned\n", name(me));
       conn[me].watch = CLEAN
    fi
  };

send:
#ifdef NO_CONNECTION_CHECK
  atomic {
    alive[me] ->
    swapped[me] = false;
#else
  atomic {
    alive[me] ->
    if
    :: swapped[me] -> printf("%c: sees that its connection was replaced since the WATCH\n", name(me)); goto open
    :: else
    fi;
#endif
    printf("%c: sends MULTI ... EXEC\n", name(me));
    conn[me].pending = true
  };

await:
  if
  :: atomic {
       alive[me] && answer[me] == COMMITTED ->
       d_step {
         printf("%c: learns that it was committed\n", name(me));
         answer[me] = NONE;
         swapped[me] = false;
         for (job : 0 .. JOBS - 1) { conn[me].mem[job] = conn[me].upto[job] }
         job = 0
       };
       goto idle
     }
  :: atomic { alive[me] && answer[me] == NIL -> printf("%c: learns that it was void\n", name(me)); goto open }
  :: atomic { alive[me] && answer[me] == REFUSED -> printf("%c: learns that adds failed\n", name(me)); goto open }
  :: atomic {
       alive[me] && swapped[me] && answer[me] == NONE && !conn[me].pending ->
#ifdef RESEND
       printf("%c: sends MULTI ... EXEC again, on its new connection\n", name(me));
       swapped[me] = false;
       conn[me].pending = true;
       goto await
#else
       printf("%c: gets no answer, so the outcome is unknown\n", name(me));
       goto open
#endif
     }
  fi
}

/* ----------------------------------------------------------------------------------------------- the world */

/* A new connection for r: it watches nothing, and what was not answered never will be. */
inline reconnect(r) {
  conn[r].watch = UNWATCHED; conn[r].pending = false;
  answer[r] = NONE; stale[r] = true; swapped[r] = true
}

/* Hands the transaction that waits on r's connection over to an old connection, WATCH and all. */
inline leaveBehind(r) {
  wire = REPLICAS;
  do :: conn[wire].pending -> wire++ :: else -> break od;
  conn[wire].watch = conn[r].watch; conn[wire].pending = true;
  conn[wire].number = conn[r].number; conn[wire].token = conn[r].token; conn[wire].era = conn[r].era;
  for (job : 0 .. JOBS - 1) { conn[wire].mem[job] = conn[r].mem[job]; conn[wire].upto[job] = conn[r].upto[job] }
  wire = 0; job = 0
}

/* What may happen to one replica. */
proctype Fate(byte r) {
  do
  :: atomic {
       drops > 0 && alive[r] && leading[r] && (conn[r].pending || answer[r] != NONE || !stale[r] || !swapped[r]) ->
       drops--;
       if
       :: printf("%c's connection breaks\n", name(r))
       :: conn[r].pending ->
          printf("%c's connection breaks, but its transaction will still arrive\n", name(r));
          d_step { leaveBehind(r) }
       fi;
       d_step { reconnect(r) }
     }
  :: atomic {
       crashes > 0 && alive[r] && (leading[r] || conn[r].token != 0) ->
       crashes--;
       if
       :: conn[r].pending -> printf("%c dies, but its transaction will still arrive\n", name(r))
       :: printf("%c dies\n", name(r)); d_step { clear(r) }
       fi;
       d_step { alive[r] = false; leading[r] = false; answer[r] = NONE; stale[r] = false; swapped[r] = false }
     }
  od
}

/* A lease that nobody renews runs out, when it likes. */
active proctype Ttl() {
  do
  :: atomic { lease != 0 && !isHeld -> printf("Redis: a lease that nobody renews runs out\n"); lease = 0 }
  od
}

inline forgetBackup() {
  isLagging = false;
  backup.number = 0; backup.token = 0; backup.era = 0;
  for (job : 0 .. JOBS - 1) { backup.cursor[job] = 0 }
  for (job : 0 .. JOBS * TICKS - 1) { backup.known[job] = false }
  job = 0
}

/* The old Redis is gone, with the newest writes, every connection, and whatever was on its way. If there is a lease, it
   is the newest term's: the two are written together. */
inline failOver(keepsLease) {
  if :: isLagging -> copy(backup, redis); forgetBackup() :: else fi;
  lease = (keepsLease -> redis.token : 0);
  for (wire : 0 .. CONNECTIONS - 1) {
    if
    :: isOld(wire) -> clear(wire)
    :: else ->
       if
       :: leading[wire] -> reconnect(wire)
       :: !leading[wire] && !alive[wire] -> clear(wire)
       :: else
       fi
    fi
  }
  wire = 0
}

inline setUp() {
  for (job : 0 .. JOBS - 1) {
#ifdef NEW_JOBS
    redis.cursor[job] = ABSENT;
    since[job] = ABSENT
#else
    skip
#endif
  }
  job = 0
}

inline checkEnd() {
  assert(leading[0] || leading[1] || leading[2]);
  for (job : 0 .. JOBS - 1) {
    if
    :: since[job] != ABSENT -> for (tick : since[job] + 1 .. due) { assert(redis.known[tickOf(job, tick)]) } /* P1: launched at all */
    :: else
    fi
  }
  job = 0; tick = 0
}

init {
  byte c;
  atomic {
    d_step { setUp() };
    for (c : 0 .. REPLICAS - 1) { run Replica(c); run Fate(c) }
    for (c : 0 .. CONNECTIONS - 1) { run Socket(c) }
    c = 0
  };
  do
  :: atomic { due < TICKS -> due++; printf("Tick %d is due\n", due) }
  :: atomic {
       expiries > 0 && lease != 0 && isHeld ->
       expiries--;
       printf("Redis: the leader's lease ends\n");
       lease = 0
     }
  :: atomic {
       failovers > 0 ->
       failovers--;
       if
       :: printf("Redis: fails over\n"); d_step { failOver(true) }
       :: printf("Redis: fails over, and no lease is left\n"); d_step { failOver(false) }
       fi
     }
  :: atomic { d_step {
       expiries = 0; crashes = 0; drops = 0; refusals = 0; failovers = 0; lostBids = 0;
       forgetBackup() };
       printf("From here on, nothing bad happens\n");
       break
     }
  od;
  /* When nothing can move any more. */
  atomic { timeout -> d_step { checkEnd() } }
}
