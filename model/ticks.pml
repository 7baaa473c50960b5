/*
 * What becomes of each tick: schedules that change (epochs), ticks that are held, missed and skipped, and overlap.
 * launch.pml has the launch transaction itself, with more replicas, ticks and faults; here its steps are the same and the
 * bounds smaller. README.md says which line of the code each part is, what is left out, and how to run it.
 *
 * One job, of which every instant 1, 2, 3 … is a tick, under each of two schedules: they differ in their jitter and
 * policies, and each tick must be decided by the right one. Properties:
 *
 *   D1  decided once       no tick is decided twice, and when nothing can move any more, each is       (decide, checkEnd)
 *   D2  by its schedule    a tick is decided by a schedule that was in force when its time came            (checkOwner)
 *   D3  no overlap         a run is launched only when no other run of the job is unfinished          (decide, Workers)
 *   P2  only the newest term that Redis knows writes                                             (define, decide)
 *
 * All about the writes that survive: a failover takes decisions, epochs and runs back together.
 */

#define REPLICAS 2
#ifndef TICKS
#define TICKS 2
#endif
#ifndef EDITS
#define EDITS 1       /* a replica gets the other schedule: live, or it is replaced by one that has it */
#endif
#ifndef EXPIRIES
#define EXPIRIES 1    /* a living leader's lease ends */
#endif
#ifndef DROPS
#define DROPS 1       /* a leader's connection breaks, at any point */
#endif
#ifndef REFUSALS
#define REFUSALS 0    /* an EXEC in which the adds fail, and everything else is carried out */
#endif
#ifndef FAILOVERS
#define FAILOVERS 0   /* Redis goes back to an older moment */
#endif
#ifndef MANUALS
#define MANUALS 0     /* an operator starts a run, or a run that was put back begins */
#endif
#ifndef BEHIND
#define BEHIND 0      /* a leader opens its term by a clock that is one tick behind that of another */
#endif

/* The epoch in force is lane 0; the others are the numbers of closed ones. Each election and each edit may close one. */
#ifndef EPOCHS
#define EPOCHS (EDITS + EXPIRIES + FAILOVERS)
#endif
#define LANES (EPOCHS + 1)
#define MANUAL 200

#define CONNECTIONS (REPLICAS + DROPS)
#define isOld(c) (c >= REPLICAS)
#define NONE_SUCH 255

/* WATCH, on a connection */
#define UNWATCHED 0
#define CLEAN     1
#define DIRTY     2

/* The answer to EXEC */
#define NONE      0
#define COMMITTED 1
#define NIL       2
#define REFUSED   3

/* What is on its way on a connection */
#define NOTHING 0
#define EXEC    1
#define OPEN    2

typedef RedisState {
  byte term;              /* {ns}/term: number and token together, never the same again */
  byte cursor;            /* {ns}/cursors */
  bit schedule;           /* {ns}/definitions: the schedule in force … */
  byte number;            /* … and how many epochs there have been before it */
  bit was[LANES];         /* {ns}/epochs: schedule … */
  byte until[LANES];      /* … and end of a closed epoch; NONE_SUCH: there is none */
  byte closed[LANES];     /* {ns}/epoch-cursors; NONE_SUCH: there is none */
  byte newest;            /* {ns}/unfinished/<job>: a tick, MANUAL, or 0 */
  byte unfinished;        /* the run that has not ended */
  bool isRemoved;         /* its hash was removed while its handler was at work */
  /* Ghosts, which no step reads */
  bool decided[TICKS + 1];
  bit ran[LANES];         /* which schedule was in force in each epoch, … */
  byte from[LANES];       /* … after when, by the clock of the leader that changed it, … */
  byte to[LANES]          /* … and until when */
}

typedef Connection {
  byte watch;
  byte sent;
  byte term;              /* the replica's fence */
  bit schedule;           /* that the term was opened with */
  byte now;               /* of an OPEN */
  byte mem[LANES];        /* cursors, as read at open and moved by commits; NONE_SUCH: no such lane */
  byte lane;              /* the plan: of this lane … */
  byte first;             /* … ticks before this are passed, … */
  byte last;              /* … those up to here launched, … */
  byte upto               /* … and those up to here passed */
}

RedisState redis;
RedisState backup;        /* what the Redis that will take over has got, once it isLagging */
bool isLagging;
byte lease;               /* term of the holder; 0: free */
Connection conn[CONNECTIONS];
bool leading[REPLICAS];
byte answer[REPLICAS];
bool stale[REPLICAS];     /* connection replaced since open */
bool swapped[REPLICAS];   /* connection replaced since the commit */
bit config[REPLICAS];     /* the schedule in the replica's configuration */
byte elected;
byte terms;
byte time;                /* the time of ticks 1 to this has come */

#ifdef JITTER
byte free[2];             /* of each schedule, ticks 1 to this have been let go */
#define due(s) free[s]
#else
#define due(s) time
#endif

byte edits     = EDITS;
byte expiries  = EXPIRIES;
byte drops     = DROPS;
byte refusals  = REFUSALS;
byte failovers = FAILOVERS;
byte manuals   = MANUALS;
byte behind    = BEHIND;

#define isFenced(c) (conn[c].term != redis.term)
#define holds(r) (leading[r] && conn[r].term == lease)
#define isHeld   (holds(0) || holds(1))
#define name(r)  ('A' + (r))
#define least(a, b) ((a) < (b) -> (a) : (b))
#define most(a, b) ((a) > (b) -> (a) : (b))

/* How far the ticks of a lane are due, as replica r knows it. */
#define limitOf(r, l) ((l) == 0 -> due(conn[r].schedule) : least(due(redis.was[l]), redis.until[l]))
#define isDue(r, l)   (conn[r].mem[l] != NONE_SUCH && ((l) == 0 || redis.until[l] != NONE_SUCH) && limitOf(r, l) > conn[r].mem[l])
#if EPOCHS > 2
#define isAnyDue(r)   (isDue(r, 0) || isDue(r, 1) || isDue(r, 2) || isDue(r, 3))
#elif EPOCHS > 1
#define isAnyDue(r)   (isDue(r, 0) || isDue(r, 1) || isDue(r, 2))
#elif EPOCHS > 0
#define isAnyDue(r)   (isDue(r, 0) || isDue(r, 1))
#else
#define isAnyDue(r)   isDue(r, 0)
#endif
#define cursorOf(l)   ((l) == 0 -> redis.cursor : redis.closed[l])

/* Whether the newest run is in the way: unfinished.lua. */
#ifdef NO_WORKING
#define isBlocked (redis.newest != 0 && redis.newest == redis.unfinished && !redis.isRemoved)
#else
#define isBlocked (redis.newest != 0 && redis.newest == redis.unfinished)
#endif

/* Scratch: 0 between steps. */
byte wire, lane, tick, begins, moveTo, which;
bool isWritten, isAllowed;

/* ---------------------------------------------------------------------------------------------- the server */

inline copy(from_, to_) {
  to_.term = from_.term; to_.cursor = from_.cursor; to_.schedule = from_.schedule; to_.number = from_.number;
  to_.newest = from_.newest; to_.unfinished = from_.unfinished; to_.isRemoved = from_.isRemoved;
  for (lane : 0 .. LANES - 1) {
    to_.was[lane] = from_.was[lane]; to_.until[lane] = from_.until[lane]; to_.closed[lane] = from_.closed[lane];
    to_.ran[lane] = from_.ran[lane]; to_.from[lane] = from_.from[lane]; to_.to[lane] = from_.to[lane]
  }
  for (tick : 1 .. TICKS) { to_.decided[tick] = from_.decided[tick] }
  lane = 0; tick = 0
}

inline forgetBackup() {
  isLagging = false;
  backup.term = 0; backup.cursor = 0; backup.schedule = 0; backup.number = 0;
  backup.newest = 0; backup.unfinished = 0; backup.isRemoved = false;
  for (lane : 0 .. LANES - 1) {
    backup.was[lane] = 0; backup.until[lane] = 0; backup.closed[lane] = 0;
    backup.ran[lane] = 0; backup.from[lane] = 0; backup.to[lane] = 0
  }
  for (tick : 1 .. TICKS) { backup.decided[tick] = false }
  lane = 0; tick = 0
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

inline touch() {
  for (wire : 0 .. CONNECTIONS - 1) {
    if :: conn[wire].watch == CLEAN -> conn[wire].watch = DIRTY :: else fi
  }
  wire = 0
}

inline touchEpochCursors() {
#ifdef NO_WATCH_EPOCHS
  skip
#else
  touch()
#endif
}

inline touchNewest() {
#ifdef NO_WATCH_NEWEST
  skip
#else
  touch()
#endif
}

inline clearPlan(c) {
  conn[c].lane = 0; conn[c].first = 0; conn[c].last = 0; conn[c].upto = 0
}

inline clear(c) {
  conn[c].watch = UNWATCHED; conn[c].sent = NOTHING; conn[c].term = 0; conn[c].schedule = 0; conn[c].now = 0;
  for (lane : 0 .. LANES - 1) { conn[c].mem[lane] = 0 }
  lane = 0;
  clearPlan(c)
}

/* define.lua. */
inline define(c) {
  if
#ifndef DEFINE_UNFENCED
  :: isFenced(c) -> printf("       fenced\n")
#endif
  :: else ->
     if
     :: redis.schedule != conn[c].schedule ->
        assert(!isFenced(c));                                                             /* P2 */
        assert(redis.number < EPOCHS);                                                    /* BUG: bounds */
        redis.ran[redis.number] = redis.schedule;
        redis.to[redis.number] = time;
#ifdef BEGIN_AT_NOW
        begins = conn[c].now;
#else
        begins = most(conn[c].now, redis.cursor);
#endif
        redis.number++;
#ifndef MOVE_CURSOR
        redis.was[redis.number] = redis.schedule;
        redis.until[redis.number] = begins;
#ifndef FORGET_CURSOR
        redis.closed[redis.number] = redis.cursor;
#endif
#endif
        redis.schedule = conn[c].schedule;
        redis.cursor = begins;
        if :: redis.number <= EPOCHS -> redis.from[redis.number] = conn[c].now :: else fi;
        touch();
        printf("       schedule %d is in force after %d\n", redis.schedule + 1, begins);
        begins = 0
     :: else
     fi
  fi
}

/* A schedule that was in force when the time of the tick came. */
inline checkOwner(decider) {
  isAllowed = (redis.schedule == decider && tick > redis.from[redis.number]);
  for (which : 0 .. LANES - 1) {
    if
    :: which < redis.number && redis.ran[which] == decider && redis.from[which] < tick && tick <= redis.to[which] -> isAllowed = true
    :: else
    fi
  }
  which = 0;
#ifndef DECIDED_ONLY
  assert(isAllowed);                                                                      /* D2 */
#endif
  isAllowed = false
}

/* The adds, then advance.lua. */
inline decide(c, isRefusing) {
  moveTo = conn[c].mem[conn[c].lane];
  for (tick : conn[c].mem[conn[c].lane] + 1 .. conn[c].upto) {
    if
    :: tick < conn[c].first || tick > conn[c].last ->
       if
#ifdef PASS_AFTER_REFUSAL
       :: true ->
#else
       :: moveTo == tick - 1 ->
#endif
          printf("       tick %d: passed\n", tick);
          assert(!redis.decided[tick]);                                                   /* D1: decided twice */
          redis.decided[tick] = true;
          moveTo = tick
#ifndef PASS_AFTER_REFUSAL
       :: else
#endif
       fi
    :: else ->
       if
       :: isRefusing -> printf("       tick %d: the add fails\n", tick)
       :: else ->
          printf("       tick %d: launched\n", tick);
          assert(!redis.decided[tick]);                                                   /* D1: decided twice */
          redis.decided[tick] = true;
#ifdef OVERLAP
          assert(redis.unfinished == 0);                                                  /* D3 */
          redis.unfinished = tick;
          redis.isRemoved = false;
#ifndef NO_MARK
          redis.newest = tick;
          touchNewest();
#endif
#endif
          if :: moveTo == tick - 1 -> moveTo = tick :: else fi
       fi
    fi;
    if
    :: redis.decided[tick] && conn[c].lane == 0 -> checkOwner(conn[c].schedule)
    :: redis.decided[tick] && conn[c].lane != 0 -> checkOwner(redis.was[conn[c].lane])
    :: else
    fi
  }
  tick = 0;
  if
  :: moveTo != conn[c].mem[conn[c].lane] ->
     assert(!isFenced(c));                                                                /* P2 */
     if
     :: conn[c].lane == 0 -> redis.cursor = moveTo; touch()
     :: else -> redis.closed[conn[c].lane] = moveTo; touchEpochCursors()
     fi
  :: else
  fi;
  moveTo = 0
}

inline tell(c) {
  if
  :: isOld(c) && conn[c].sent == OPEN -> printf("Redis: an open that came late, from an old connection\n")
  :: isOld(c) && conn[c].sent != OPEN -> printf("Redis: EXEC that came late, from an old connection\n")
  :: !isOld(c) -> printf("Redis: EXEC of %c\n", name(c))
  fi
}

inline finishCommand(c) {
  conn[c].sent = NOTHING;
  conn[c].watch = UNWATCHED;
  if :: isOld(c) -> clear(c) :: else fi
}

proctype Socket(byte c) {
  do
  :: atomic {
       conn[c].sent == OPEN ->
       mayLag();
       d_step { tell(c); define(c); finishCommand(c) }
     }
  :: atomic {
       conn[c].sent == EXEC ->
       if
       :: conn[c].watch == DIRTY ->
          d_step {
            tell(c);
            printf("       void, a watched key has changed\n");
            if :: !isOld(c) -> answer[c] = NIL :: else fi;
            finishCommand(c)
          }
       :: conn[c].watch != DIRTY ->
          mayLag();
          if
          :: d_step {
               tell(c);
               conn[c].watch = UNWATCHED;
               decide(c, false);
               if :: !isOld(c) -> answer[c] = COMMITTED :: else fi;
               finishCommand(c)
             }
          :: d_step {
               refusals > 0 && conn[c].first <= conn[c].last ->
               refusals--;
               tell(c);
               conn[c].watch = UNWATCHED;
               decide(c, true);
               if :: !isOld(c) -> answer[c] = REFUSED :: else fi;
               finishCommand(c)
             }
          fi
       fi
     }
  od
}

/* -------------------------------------------------------------------------------------------- the replicas */

inline loadJobStates(r) {
  conn[r].schedule = config[r];
#ifndef LATE_DEFINE
  /* open-term.lua: a define.lua of an earlier open writes nothing any more. */
  for (wire : REPLICAS .. CONNECTIONS - 1) { if :: conn[wire].sent == OPEN -> clear(wire) :: else fi }
  wire = 0;
#endif
  define(r);
  conn[r].now = 0;
  conn[r].mem[0] = redis.cursor;
  for (lane : 1 .. LANES - 1) { conn[r].mem[lane] = (redis.until[lane] == NONE_SUCH -> NONE_SUCH : redis.closed[lane]) }
  lane = 0;
  printf("%c: opens its term with schedule %d; the cursor is at %d\n", name(r), conn[r].schedule + 1, redis.cursor)
}

inline stepDown(r) {
  leading[r] = false; stale[r] = false; swapped[r] = false; answer[r] = NONE;
  clear(r)
}

/* What overlap makes of the plan: overlap.ts. */
inline applyOverlap(r) {
#ifdef OVERLAP
  if
  :: conn[r].first > conn[r].last
#ifdef QUEUE
  /* At most one is launched. Where another run is in the way, it and those after it stay undecided. */
  :: conn[r].first <= conn[r].last && !isBlocked -> conn[r].last = conn[r].first; conn[r].upto = conn[r].first
  :: conn[r].first <= conn[r].last && isBlocked -> conn[r].upto = conn[r].first - 1; conn[r].last = conn[r].upto
#else
  /* The first is launched; the others are skipped. */
  :: conn[r].first <= conn[r].last && !isBlocked -> conn[r].last = conn[r].first
  :: conn[r].first <= conn[r].last && isBlocked -> conn[r].last = conn[r].first - 1
#endif
  fi
#else
  skip
#endif
}

proctype Replica(byte me) {
follow:
  atomic {
    lease == 0 && me <= elected ->
    mayLag();
    d_step {
      terms++;
      lease = terms; redis.term = terms; conn[me].term = terms;
      touch();
      leading[me] = true;
      if :: elected == me -> elected++ :: else fi;
      printf("%c: is elected, term %d\n", name(me), terms)
    }
  };

open:
  atomic {
    d_step { stale[me] = false; swapped[me] = false; answer[me] = NONE; clearPlan(me); conn[me].watch = UNWATCHED };
    conn[me].now = time;
    if
    :: true
    :: behind > 0 && time > 0 -> behind--; conn[me].now = time - 1
    fi;
    if
    :: isFenced(me) ->
       printf("%c: opens its term: fenced, steps down\n", name(me));
       d_step { stepDown(me) };
       goto follow
    /* open-term.lua has answered that define.lua is needed. */
    :: !isFenced(me) && drops > 0 && config[me] != redis.schedule ->
       printf("%c: opens its term; the connection breaks, but what it sent will still arrive\n", name(me));
       drops--;
       d_step {
         for (wire : REPLICAS .. CONNECTIONS - 1) { if :: conn[wire].sent == NOTHING -> which = wire :: else fi };
         conn[which].sent = OPEN; conn[which].term = conn[me].term;
         conn[which].schedule = config[me]; conn[which].now = conn[me].now;
         conn[me].now = 0;
         wire = 0; which = 0
       };
       goto open
    :: !isFenced(me) -> mayLag(); d_step { loadJobStates(me) }
    fi
  };

idle:
  if
  :: atomic {
       !stale[me] && isAnyDue(me) ->
       if
       :: isDue(me, 0) -> conn[me].lane = 0
       #if EPOCHS > 0
       :: isDue(me, 1) -> conn[me].lane = 1
#endif
#if EPOCHS > 1
       :: isDue(me, 2) -> conn[me].lane = 2
#endif
#if EPOCHS > 2
       :: isDue(me, 3) -> conn[me].lane = 3
#endif
       fi;
       conn[me].upto = limitOf(me, conn[me].lane);
       conn[me].last = conn[me].upto;
       conn[me].first = conn[me].mem[conn[me].lane] + 1;
#ifdef PASSES
       /* Which ones are missed is up to the policy. */
       do
       :: conn[me].first <= conn[me].upto -> conn[me].first++
       :: break
       od;
#endif
       printf("%c: plans lane %d up to tick %d, launches from %d\n", name(me), conn[me].lane, conn[me].upto, conn[me].first)
     }
  :: atomic {
       stale[me] || config[me] != conn[me].schedule ->
       printf("%c: has a new connection, or a new configuration\n", name(me));
       goto open
     }
  :: atomic {
       lease != conn[me].term ->
       printf("%c: sees that its lease has ended, steps down\n", name(me));
       d_step { stepDown(me) };
       goto follow
     }
#if EPOCHS > 0
  /* forget.lua */
  :: atomic {
       !stale[me] && conn[me].mem[1] != NONE_SUCH && conn[me].mem[1] == redis.until[1] && !isFenced(me) ->
       mayLag();
       d_step {
         printf("%c: forgets a closed epoch that has no undecided tick\n", name(me));
         redis.until[1] = NONE_SUCH; redis.closed[1] = NONE_SUCH; redis.was[1] = 0;
         conn[me].mem[1] = NONE_SUCH;
         touchEpochCursors()
       };
       goto idle
     }
#endif
  fi;

commit:
  /* WATCH and the reads behind it. */
  atomic {
    swapped[me] = false;
    if
    :: isFenced(me) ->
       printf("%c: watches and reads: fenced, steps down\n", name(me));
       d_step { stepDown(me) };
       goto follow
    :: !isFenced(me) && cursorOf(conn[me].lane) != conn[me].mem[conn[me].lane] ->
       printf("%c: watches and reads: the cursor is not where it planned from\n", name(me));
       goto open
    :: !isFenced(me) && cursorOf(conn[me].lane) == conn[me].mem[conn[me].lane] ->
       d_step { applyOverlap(me) };
       if
       :: conn[me].upto == conn[me].mem[conn[me].lane] ->
          printf("%c: watches and reads: the next tick waits for run %d\n", name(me), redis.newest);
          d_step { clearPlan(me) };
          /* It looks at the run until that has ended; or a newer tick is due. */
          goto waiting
       :: else
       fi;
       printf("%c: watches and reads: as planned\n", name(me));
       conn[me].watch = CLEAN
    fi
  };

send:
  atomic {
    if
    :: swapped[me] -> printf("%c: sees that its connection was replaced since the WATCH\n", name(me)); goto open
    :: else
    fi;
    printf("%c: sends MULTI ... EXEC\n", name(me));
    conn[me].sent = EXEC
  };

await:
  if
  :: atomic {
       answer[me] == COMMITTED ->
       d_step {
         printf("%c: learns that it was committed\n", name(me));
         answer[me] = NONE; swapped[me] = false;
         conn[me].mem[conn[me].lane] = conn[me].upto;
         clearPlan(me)
       };
       goto idle
     }
  :: atomic { answer[me] == NIL || answer[me] == REFUSED -> printf("%c: learns that it was void or refused\n", name(me)); goto open }
  :: atomic {
       swapped[me] && answer[me] == NONE && conn[me].sent == NOTHING ->
       printf("%c: gets no answer, so the outcome is unknown\n", name(me));
       goto open
     }
  fi;

waiting:
  atomic { !isBlocked || stale[me] || lease != conn[me].term || config[me] != conn[me].schedule || isDue(me, 0) -> goto idle }
}

/* ----------------------------------------------------------------------------------------------- the world */

inline reconnect(r) {
  stale[r] = true;
  if :: conn[r].watch != UNWATCHED || conn[r].sent != NOTHING || answer[r] != NONE -> swapped[r] = true :: else fi;
  answer[r] = NONE;
  conn[r].watch = UNWATCHED; conn[r].sent = NOTHING
}

inline leaveBehind(r) {
  for (wire : REPLICAS .. CONNECTIONS - 1) { if :: conn[wire].sent == NOTHING -> which = wire :: else fi };
  conn[which].watch = conn[r].watch; conn[which].sent = EXEC;
  conn[which].term = conn[r].term; conn[which].schedule = conn[r].schedule;
  for (lane : 0 .. LANES - 1) { conn[which].mem[lane] = (lane == conn[r].lane -> conn[r].mem[lane] : 0) }
  conn[which].lane = conn[r].lane; conn[which].first = conn[r].first; conn[which].last = conn[r].last; conn[which].upto = conn[r].upto;
  wire = 0; which = 0; lane = 0
}

proctype Fate(byte r) {
  do
  :: atomic {
       drops > 0 && leading[r] && (conn[r].sent == EXEC || answer[r] != NONE || !stale[r] || !swapped[r]) ->
       drops--;
       if
       :: printf("%c's connection breaks\n", name(r))
       :: conn[r].sent == EXEC ->
          printf("%c's connection breaks, but its transaction will still arrive\n", name(r));
          d_step { leaveBehind(r) }
       fi;
       d_step { reconnect(r) }
     }
  :: atomic { edits > 0 -> edits--; config[r] = 1 - config[r]; printf("%c gets schedule %d\n", name(r), config[r] + 1) }
  od
}

/* A lease that no one renews ends, when it likes. */
active proctype Ttl() {
  do
  :: atomic { lease != 0 && !isHeld -> printf("Redis: a lease that is not renewed ends\n"); lease = 0 }
  od
}

#ifdef OVERLAP
active proctype Workers() {
  do
  :: atomic {
       redis.unfinished != 0 ->
       printf("Run %d ends, or is removed while it waits\n", redis.unfinished);
       redis.unfinished = 0; redis.isRemoved = false
     }
  :: atomic {
       redis.unfinished != 0 && !redis.isRemoved ->
       printf("Run %d is removed while its handler is at work\n", redis.unfinished);
       redis.isRemoved = true
     }
  /* trigger.lua, claim.lua */
  :: atomic {
       manuals > 0 && !isBlocked ->
       mayLag();
       d_step {
         manuals--;
         printf("A manual run begins\n");
         assert(redis.unfinished == 0);                                                   /* D3 */
         redis.unfinished = MANUAL; redis.newest = MANUAL; redis.isRemoved = false;
         touchNewest()
       }
     }
  od
}
#endif

inline failOver(keepsLease) {
  if :: isLagging -> copy(backup, redis); forgetBackup() :: else fi;
  lease = (keepsLease -> redis.term : 0);
  for (wire : 0 .. CONNECTIONS - 1) {
    if
    :: isOld(wire) -> clear(wire)
    :: else -> if :: leading[wire] -> reconnect(wire) :: else fi
    fi
  }
  wire = 0
}

inline checkEnd() {
  assert(leading[0] || leading[1]);
  for (tick : 1 .. time) { assert(redis.decided[tick]) }                                  /* D1: decided at all */
  tick = 0
}

init {
  byte c;
  atomic {
    d_step { for (c : 0 .. LANES - 1) { redis.until[c] = NONE_SUCH; redis.closed[c] = NONE_SUCH } };
    for (c : 0 .. REPLICAS - 1) { run Replica(c); run Fate(c) }
    for (c : 0 .. CONNECTIONS - 1) { run Socket(c) }
    c = 0
  };
  do
  :: atomic { time < TICKS -> time++; printf("The time of tick %d has come\n", time) }
#ifdef JITTER
  :: atomic { free[0] < time -> free[0]++; printf("Schedule 1 lets tick %d go\n", free[0]) }
  :: atomic { free[1] < time -> free[1]++; printf("Schedule 2 lets tick %d go\n", free[1]) }
#endif
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
  :: atomic {
       d_step { edits = 0; expiries = 0; drops = 0; refusals = 0; failovers = 0; manuals = 0; behind = 0 };
       printf("From here on, nothing bad happens\n");
       break
     }
  od;
#ifdef JITTER
  do
  :: atomic { free[0] < time -> free[0]++; printf("Schedule 1 lets tick %d go\n", free[0]) }
  :: atomic { free[1] < time -> free[1]++; printf("Schedule 2 lets tick %d go\n", free[1]) }
  :: free[0] == time && free[1] == time -> break
  od;
#endif
  atomic { timeout -> d_step { checkEnd() } }
}
