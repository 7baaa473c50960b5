/*
 * Bellwether's lock in Redis: acquire, renew, release, the trust window, the fence, and what can go wrong with them.
 * README.md says which line of the code each part is, what is left out, and how to run it.
 *
 * Three processes want one lock again and again. Each has a connection, and at most one old one, whose commands still
 * arrive after the process has given them up. Time passes in ticks, for all at once; a process that is frozen is not
 * scheduled, and its trust ends all the same, since trust is a question to the clock. Properties:
 *
 *   P1  one holder    nobody else trusts a lock when it is granted, or when its holder begins to trust it, and a lock
 *                     that is trusted has been held without a break                       (in grant, in trustFor)
 *   P2  fences grow   each grant has a greater fence than all before it                     (in grant)
 *   P3  the resource  accepts no older fence after a newer one, and every write that arrives while its holder
 *                     trusts its lock                                                       (in Resource)
 *   P4  no orphans    no lock is granted to an acquisition whose release was answered       (in grant)
 */

#define PROCESSES 3
#ifndef ACQUISITIONS
#define ACQUISITIONS 2   /* all processes together */
#endif
#ifndef DROPS
#define DROPS 1          /* a connection breaks, at any point */
#endif
#ifndef CRASHES
#define CRASHES 1        /* a process dies, at any point */
#endif
#ifndef LATE_ANSWERS
#define LATE_ANSWERS 0   /* a process asks again because the lock was over when the answer came */
#endif
#ifndef WRITES
#define WRITES 0         /* a process checks its lock and writes to the resource */
#endif
#ifndef LOSSES
#define LOSSES 0         /* Redis loses the lock: a failover, an eviction, a clock that is set forward */
#endif

/* In ticks. A clock of Redis that is fast by up to one tick in each TTL is within the margin. */
#define TTL 3
#define DRIFT 1
#ifdef NO_MARGIN
#define TRUST TTL
#else
#define TRUST (TTL - DRIFT)
#endif
#define NEVER_ENDS 255

/* One connection for each process, then the old ones; two commands on each: one that was given up, and a release. */
#define CONNECTIONS (2 * PROCESSES)
#define oldOf(p) (p + PROCESSES)
#define isOld(c) (c >= PROCESSES)
#define first(c) (2 * (c))
#define next(c)  (2 * (c) + 1)

/* Commands */
#define EMPTY    0
#define ACQUIRE  1
#define RENEW    2
#define RELEASE  3
#define DRAW     4   /* only in the mutant that draws fences apart */

/* Answers */
#define NONE     0
#define GRANTED  1
#define HELD     2
#define RENEWED  3
#define LOST     4
#define RELEASED 5
#define DRAWN    6
#define BROKEN   7   /* none, and none will come */

typedef Command {
  byte kind;
  byte token;
  byte fence;          /* only in the mutant that draws fences apart */
  bool inDoubt;
  bool awaited         /* the process still waits for the answer */
}

/* Redis */
byte lock;             /* {ns}/locks/<name>: the token, 0: free */
byte lockFence;        /* its fence */
byte ttl;
byte drift;            /* how many ticks its clock may still gain before this lock ends */
byte counter;          /* {ns}/lock-fence */
bool ended[ACQUISITIONS + 1];   /* {ns}/lock-ended/<token> */

Command wire[2 * CONNECTIONS];

/* The processes */
bool alive[PROCESSES] = true;
byte token[PROCESSES];
byte fence[PROCESSES];
bool doubt[PROCESSES];      /* isInDoubt */
byte trust[PROCESSES];      /* ticks until the lock is not trusted any more; 0: it is not */
byte asked[PROCESSES];      /* ticks until an answer to what was sent last is worth nothing */
byte answer[PROCESSES];
byte answerFence[PROCESSES];
byte wrote[PROCESSES];      /* the fence of a write on its way to the resource; 0: none */
#ifdef PRESENCE
bool present[PROCESSES] = true;
#endif

byte greatest;              /* what the resource remembers */
byte tokens;
byte owner[ACQUISITIONS + 1];
byte started;               /* how many processes have wanted the lock at least once */

byte drops   = DROPS;
byte crashes = CRASHES;
byte losses  = LOSSES;
byte lateAnswers = LATE_ANSWERS;
byte writes  = WRITES;

/* Ghosts, which no step reads */
byte newest;                            /* the fence of the newest grant */
byte accepted;                          /* the greatest fence that the resource accepted */
bool released[ACQUISITIONS + 1];        /* the release was answered */

/* Scratch: 0 between steps. */
byte i, others;
bool isAccepted;

#define name(p) ('A' + (p))
#define hasRoom(c) (wire[next(c)].kind == EMPTY)

inline countOthers(p) {
  others = 0;
  for (i : 0 .. PROCESSES - 1) { if :: i != p && trust[i] > 0 -> others++ :: else fi }
  i = 0
}

/* ---------------------------------------------------------------------------------------------- the server */

inline reply(c, what, withFence) {
  if
  :: !isOld(c) && wire[first(c)].awaited -> answer[c] = what; answerFence[c] = withFence
  :: else
  fi
}

inline extend() { ttl = TTL; drift = DRIFT }

/* The lock is free. */
inline grant(c) {
#ifdef FENCE_APART
  lockFence = wire[first(c)].fence;
#else
  counter++;
  lockFence = counter;
#endif
  lock = wire[first(c)].token;
  extend();
  printf("Redis: grants the lock to %c with fence %d\n", name(owner[lock]), lockFence);
#ifndef FENCE_ONLY
  countOthers(PROCESSES);
  assert(others == 0);                                                    /* P1 */
  others = 0;
#endif
  assert(lockFence > newest);                                             /* P2 */
  assert(!released[lock]);                                                /* P4 */
  newest = lockFence
}

#ifdef PRESENCE
#define mustWait(c) (lock != 0 && present[owner[lock]])
#else
#define mustWait(c) (lock != 0)
#endif

/* acquire.lua */
inline acquire(c) {
  if
#ifndef NO_MARK
  :: ended[wire[first(c)].token] ->
     printf("Redis: an acquisition of %c arrives after its release, and takes nothing\n", name(owner[wire[first(c)].token]));
     reply(c, HELD, 0)
  :: !ended[wire[first(c)].token] && lock == wire[first(c)].token ->
#else
  :: lock == wire[first(c)].token ->
#endif
     printf("Redis: has granted the lock to %c, fence %d\n", name(owner[lock]), lockFence);
     extend();
     reply(c, GRANTED, lockFence)
  :: !ended[wire[first(c)].token] && lock != wire[first(c)].token && mustWait(c) ->
     printf("Redis: the lock that %c wants is held\n", name(owner[wire[first(c)].token]));
     reply(c, HELD, 0)
  :: !ended[wire[first(c)].token] && lock != wire[first(c)].token && !mustWait(c) ->
     grant(c);
     reply(c, GRANTED, lockFence)
  fi
}

/* renew.lua */
inline renew(c) {
  if
#ifdef RENEW_BLINDLY
  :: lock != 0 ->
#else
  :: lock == wire[first(c)].token ->
#endif
     printf("Redis: renews the lock of %c\n", name(owner[wire[first(c)].token]));
     extend();
     reply(c, RENEWED, 0)
  :: else ->
     printf("Redis: the lock is not that of %c any more\n", name(owner[wire[first(c)].token]));
     reply(c, LOST, 0)
  fi
}

inline free() { lock = 0; lockFence = 0; ttl = 0; drift = 0 }

/* release.lua */
inline release(c) {
  printf("Redis: %c releases the lock\n", name(owner[wire[first(c)].token]));
#ifndef NO_MARK
  if :: wire[first(c)].inDoubt -> ended[wire[first(c)].token] = true :: else fi;
#endif
  if
#ifdef RELEASE_BLINDLY
  :: lock != 0 -> free()
#else
  :: lock == wire[first(c)].token -> free()
#endif
  :: else
  fi;
  reply(c, RELEASED, 0)
}

inline clear(slot) {
  wire[slot].kind = EMPTY; wire[slot].token = 0; wire[slot].fence = 0;
  wire[slot].inDoubt = false; wire[slot].awaited = false
}

inline move(from, to) {
  wire[to].kind = wire[from].kind; wire[to].token = wire[from].token; wire[to].fence = wire[from].fence;
  wire[to].inDoubt = wire[from].inDoubt; wire[to].awaited = wire[from].awaited;
  clear(from)
}

/* Redis, as far as it serves one connection. */
proctype Socket(byte c) {
  do
  :: atomic { wire[first(c)].kind != EMPTY ->
       d_step {
         if
         :: wire[first(c)].kind == ACQUIRE -> acquire(c)
         :: wire[first(c)].kind == RENEW -> renew(c)
         :: wire[first(c)].kind == RELEASE -> release(c)
#ifdef FENCE_APART
         :: wire[first(c)].kind == DRAW -> counter++; reply(c, DRAWN, counter)
#endif
         fi;
         clear(first(c));
         if :: wire[next(c)].kind != EMPTY -> move(next(c), first(c)) :: else fi
       }
     }
  od
}

/* ------------------------------------------------------------------------------------------- the processes */

inline send(p, what) {
  i = (wire[first(p)].kind == EMPTY -> first(p) : next(p));
  wire[i].kind = what; wire[i].token = token[p]; wire[i].awaited = true;
  wire[i].inDoubt = (what == RELEASE && doubt[p]);
#ifdef FENCE_APART
  wire[i].fence = (what == ACQUIRE -> fence[p] : 0);
#endif
  i = 0;
  asked[p] = (what == RELEASE -> 0 : TRUST);
  answer[p] = NONE; answerFence[p] = 0
}

/* What is on its way is not waited for any more. */
inline stopWaiting(p) {
  wire[first(p)].awaited = false; wire[next(p)].awaited = false;
  answer[p] = NONE; answerFence[p] = 0; asked[p] = 0
}

/* From an answer to what was sent TRUST - asked ticks ago. */
inline trustFor(p) {
#ifdef TRUST_FROM_ANSWER
  trust[p] = TRUST;
#else
  trust[p] = asked[p];
#endif
#ifdef NO_TRUST_WINDOW
  trust[p] = NEVER_ENDS;
#endif
  stopWaiting(p);
#ifndef FENCE_ONLY
  countOthers(p);
  assert(others == 0);                                                    /* P1 */
  assert(fence[p] == newest);                                             /* P1 */
  others = 0
#endif
}

inline newToken(p) {
  tokens++;
  token[p] = tokens;
  owner[token[p]] = p;
  doubt[p] = false;
  if :: started == p -> started++ :: else fi
}

inline forget(p) {
  stopWaiting(p);
  trust[p] = 0; fence[p] = 0; doubt[p] = false; token[p] = 0
}

#ifdef TRUST_FROM_ANSWER
#define isInTime(p) true
#else
#define isInTime(p) (asked[p] > 0)
#endif
#ifdef LATE_ANSWER_COUNTS
#define isStillTrusted(p) (asked[p] > 0)
#else
#define isStillTrusted(p) (trust[p] > 0)
#endif

proctype Process(byte me) {
idle:
  /* Those who have never wanted it are all alike, so it is no loss that they begin in order. */
  atomic { alive[me] && tokens < ACQUISITIONS && me <= started ->
    d_step { newToken(me); printf("%c: wants the lock\n", name(me)) }
  };

ask:
#ifdef FENCE_APART
  atomic { alive[me] && hasRoom(me) -> d_step { send(me, DRAW) } };
  if
  :: atomic { alive[me] && answer[me] == DRAWN -> d_step { fence[me] = answerFence[me]; stopWaiting(me) } }
  :: atomic { alive[me] && answer[me] == BROKEN -> d_step { stopWaiting(me) }; goto ask }
  fi;
#endif
  atomic { alive[me] && hasRoom(me) ->
    d_step { send(me, ACQUIRE); printf("%c: sends acquire\n", name(me)) }
  };

asking:
  if
  :: atomic { alive[me] && answer[me] == GRANTED && isInTime(me) ->
       d_step {
         fence[me] = answerFence[me];
         printf("%c: learns that it has the lock, fence %d\n", name(me), fence[me]);
         trustFor(me)
       }
     }
  :: atomic { alive[me] && answer[me] == GRANTED && !isInTime(me) ->
       printf("%c: learns too late that it had the lock\n", name(me));
       d_step { stopWaiting(me) };
       if :: lateAnswers > 0 -> lateAnswers--; goto ask :: goto leave fi
     }
  :: atomic { alive[me] && answer[me] == HELD ->
       d_step { stopWaiting(me) };
       if
       :: goto ask
       :: printf("%c: waits no longer\n", name(me));
          if :: doubt[me] -> goto leave :: else -> d_step { forget(me) }; goto idle fi
       fi
     }
  :: atomic { alive[me] && answer[me] == BROKEN ->
       d_step { stopWaiting(me); doubt[me] = true };
       if :: goto ask :: goto leave fi
     }
  :: atomic { alive[me] && answer[me] != GRANTED ->
       printf("%c: gives up while it asks\n", name(me));
       d_step { stopWaiting(me); doubt[me] = true };
       goto leave
     }
  fi;

held:
  if
  :: atomic { alive[me] && trust[me] > 0 && hasRoom(me) ->
       d_step { send(me, RENEW); printf("%c: sends renew\n", name(me)) }
     }
  :: atomic { alive[me] -> printf("%c: has done its work\n", name(me)); goto leave }
  :: atomic { alive[me] && trust[me] == 0 -> printf("%c: sees that it must not trust its lock\n", name(me)); goto leave }
  fi;

renewing:
  if
  :: atomic { alive[me] && answer[me] == RENEWED && isStillTrusted(me) ->
       d_step { printf("%c: learns that its lock was renewed\n", name(me)); trustFor(me) };
       goto held
     }
  :: atomic { alive[me] && answer[me] == LOST -> printf("%c: learns that it lost its lock\n", name(me)); goto leave }
  :: atomic { alive[me] && answer[me] == BROKEN -> d_step { stopWaiting(me) }; goto held }
  :: atomic { alive[me] && trust[me] == 0 && !(answer[me] == RENEWED && isStillTrusted(me)) ->
       printf("%c: sees that it must not trust its lock\n", name(me));
       goto leave
     }
  :: atomic { alive[me] -> printf("%c: has done its work\n", name(me)); goto leave }
  fi;

leave:
  atomic { alive[me] ->
    d_step {
      stopWaiting(me);
#ifndef RELEASE_EARLY
      trust[me] = 0;
      fence[me] = 0
#endif
    }
  };
  atomic { alive[me] && hasRoom(me) ->
    d_step { send(me, RELEASE); printf("%c: sends release\n", name(me)) }
  };
  if
  :: atomic { alive[me] && answer[me] == RELEASED -> d_step { released[token[me]] = true; forget(me) }; goto idle }
  :: atomic { alive[me] && answer[me] == BROKEN -> goto leave }
  :: atomic { alive[me] -> printf("%c: gives up releasing\n", name(me)); d_step { forget(me) }; goto idle }
  fi
}

/* ----------------------------------------------------------------------------------------------- the world */

#define isOldFree(p) (wire[first(oldOf(p))].kind == EMPTY)

/* What may happen to one process. */
proctype Fate(byte r) {
  do
  :: atomic {
       drops > 0 && alive[r] && token[r] != 0 && answer[r] + wire[first(r)].kind > 0 && answer[r] != BROKEN && isOldFree(r) ->
       drops--;
       if
       :: printf("%c's connection breaks\n", name(r))
       :: wire[first(r)].kind != EMPTY ->
          printf("%c's connection breaks, but what it sent first will still arrive\n", name(r));
          d_step { move(first(r), first(oldOf(r))) }
       :: wire[next(r)].kind != EMPTY ->
          printf("%c's connection breaks, but all that it sent will still arrive\n", name(r));
          d_step { move(first(r), first(oldOf(r))); move(next(r), next(oldOf(r))) }
       fi;
       d_step { clear(first(r)); clear(next(r)); answer[r] = BROKEN; answerFence[r] = 0; asked[r] = 0 }
     }
  :: atomic {
       crashes > 0 && alive[r] && token[r] != 0 ->
       crashes--;
       if
       :: printf("%c dies\n", name(r)); d_step { clear(first(r)); clear(next(r)) }
       :: wire[first(r)].kind != EMPTY -> printf("%c dies, but what it sent will still arrive\n", name(r))
       fi;
       d_step { alive[r] = false; forget(r); wrote[r] = 0 }
     }
#ifdef PRESENCE
  :: atomic { alive[r] && present[r] && trust[r] > 0 ->
       printf("%c's other connection breaks\n", name(r));
       present[r] = false
     }
#endif
  od
}

/* What a lock protects. A process checks its lock and writes; the write arrives when it likes. */
proctype Resource(byte r) {
  do
  :: atomic { writes > 0 && alive[r] && trust[r] > 0 && wrote[r] == 0 ->
       writes--;
       printf("%c: trusts its lock, and writes with fence %d\n", name(r), fence[r]);
       wrote[r] = fence[r]
     }
  :: atomic { wrote[r] != 0 ->
       d_step {
#ifdef NO_FENCE_CHECK
         isAccepted = true;
#else
         isAccepted = (wrote[r] >= greatest);
#endif
         printf("Resource: a write with fence %d arrives: %d\n", wrote[r], isAccepted);
#ifndef FENCE_ONLY
         assert(isAccepted || trust[r] == 0 || fence[r] != wrote[r]);     /* P3 */
#endif
         if
         :: isAccepted ->
            assert(wrote[r] >= accepted);                                 /* P3 */
            accepted = wrote[r];
            greatest = wrote[r]
         :: else
         fi;
         wrote[r] = 0; isAccepted = false
       }
     }
  od
}

inline endOfTtl() {
  if
  :: lock != 0 && ttl == 0 -> printf("Redis: the lock's TTL ends\n"); free()
  :: else
  fi
}

#define isAnyTime (ttl > 0 || asked[0] + asked[1] + asked[2] + trust[0] + trust[1] + trust[2] > 0)

init {
  byte c;
  atomic {
    for (c : 0 .. PROCESSES - 1) { run Process(c); run Fate(c); run Resource(c) }
    for (c : 0 .. CONNECTIONS - 1) { run Socket(c) }
    c = 0
  };
  do
  :: atomic { isAnyTime ->
       d_step {
         printf("A tick passes\n");
         for (i : 0 .. PROCESSES - 1) {
           if :: trust[i] > 0 && trust[i] != NEVER_ENDS -> trust[i]-- :: else fi;
           if :: asked[i] > 0 -> asked[i]-- :: else fi
         }
         i = 0;
         if :: ttl > 0 -> ttl-- :: else fi;
         endOfTtl()
       }
     }
  :: atomic { drift > 0 && ttl > 0 ->
       d_step { printf("Redis's clock gains a tick\n"); drift--; ttl--; endOfTtl() }
     }
  :: atomic { losses > 0 && lock != 0 ->
       d_step {
         printf("Redis: loses the lock\n");
         losses--;
         free();
#ifdef FENCE_FORGOTTEN
         counter = 0
#endif
       }
     }
  od
}
