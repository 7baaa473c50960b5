#define rand	pan_rand
#define pthread_equal(a,b)	((a)==(b))
#if defined(HAS_CODE) && defined(VERBOSE)
	#ifdef BFS_PAR
		bfs_printf("Pr: %d Tr: %d\n", II, t->forw);
	#else
		cpu_printf("Pr: %d Tr: %d\n", II, t->forw);
	#endif
#endif
	switch (t->forw) {
	default: Uerror("bad forward move");
	case 0:	/* if without executable clauses */
		continue;
	case 1: /* generic 'goto' or 'skip' */
		IfNotBlocked
		_m = 3; goto P999;
	case 2: /* generic 'else' */
		IfNotBlocked
		if (trpt->o_pm&1) continue;
		_m = 3; goto P999;

		 /* PROC :init: */
	case 3: // STATE 11 - launch.pml:551 - [D_STEP551]
		IfNotBlocked

		reached[4][11] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		if (TstOnly) return 1;


		reached[4][11] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		sv_save();
		S_550_0: /* 2 */
S_541_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_548_0: /* 2 */
S_547_0: /* 2 */
S_542_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_547_1;
S_543_0: /* 2 */
		if (!(1))
			Uerror("block in d_step seq");
S_544_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_548_0; /* ';' */
S_547_1: /* 3 */
S_545_0: /* 2 */
		/* else */;
S_546_0: /* 2 */
		goto S_552_0;	/* 'goto' */
S_547_2: /* 3 */
		Uerror("blocking sel in d_step (nr.0, near line 535)");
S_549_0: /* 2 */
		goto S_552_0;	/* 'break' */
		goto S_552_0;
		goto S_552_0;
S_552_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 4: // STATE 12 - launch.pml:552 - [c = 0] (0:19:1 - 2)
		IfNotBlocked
		reached[4][12] = 1;
		(trpt+1)->bup.oval = ((int)((P4 *)_this)->c);
		((P4 *)_this)->c = 0;
#ifdef VAR_RANGES
		logval(":init::c", ((int)((P4 *)_this)->c));
#endif
		;
		/* merge: .(goto)(0, 20, 19) */
		reached[4][20] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 5: // STATE 13 - launch.pml:552 - [((c<=(3-1)))] (0:0:0 - 1)
		IfNotBlocked
		reached[4][13] = 1;
		if (!((((int)((P4 *)_this)->c)<=(3-1))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 6: // STATE 14 - launch.pml:552 - [(run Replica(c))] (0:0:0 - 1)
		IfNotBlocked
		reached[4][14] = 1;
		if (!(addproc(II, 1, 1, ((int)((P4 *)_this)->c))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 7: // STATE 15 - launch.pml:552 - [(run Fate(c))] (0:0:0 - 1)
		IfNotBlocked
		reached[4][15] = 1;
		if (!(addproc(II, 1, 2, ((int)((P4 *)_this)->c))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 8: // STATE 16 - launch.pml:552 - [c = (c+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[4][16] = 1;
		(trpt+1)->bup.oval = ((int)((P4 *)_this)->c);
		((P4 *)_this)->c = (((int)((P4 *)_this)->c)+1);
#ifdef VAR_RANGES
		logval(":init::c", ((int)((P4 *)_this)->c));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 9: // STATE 22 - launch.pml:553 - [c = 0] (0:28:1 - 3)
		IfNotBlocked
		reached[4][22] = 1;
		(trpt+1)->bup.oval = ((int)((P4 *)_this)->c);
		((P4 *)_this)->c = 0;
#ifdef VAR_RANGES
		logval(":init::c", ((int)((P4 *)_this)->c));
#endif
		;
		/* merge: .(goto)(0, 29, 28) */
		reached[4][29] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 10: // STATE 23 - launch.pml:553 - [((c<=((3+2)-1)))] (0:0:0 - 1)
		IfNotBlocked
		reached[4][23] = 1;
		if (!((((int)((P4 *)_this)->c)<=((3+2)-1))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 11: // STATE 24 - launch.pml:553 - [(run Socket(c))] (0:0:0 - 1)
		IfNotBlocked
		reached[4][24] = 1;
		if (!(addproc(II, 1, 0, ((int)((P4 *)_this)->c))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 12: // STATE 25 - launch.pml:553 - [c = (c+1)] (0:0:1 - 1)
		IfNotBlocked
		reached[4][25] = 1;
		(trpt+1)->bup.oval = ((int)((P4 *)_this)->c);
		((P4 *)_this)->c = (((int)((P4 *)_this)->c)+1);
#ifdef VAR_RANGES
		logval(":init::c", ((int)((P4 *)_this)->c));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 13: // STATE 31 - launch.pml:554 - [c = 0] (0:0:1 - 1)
		IfNotBlocked
		reached[4][31] = 1;
		(trpt+1)->bup.oval = ((int)((P4 *)_this)->c);
		((P4 *)_this)->c = 0;
#ifdef VAR_RANGES
		logval(":init::c", ((int)((P4 *)_this)->c));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 14: // STATE 33 - launch.pml:557 - [((due<2))] (214:0:1 - 1)
		IfNotBlocked
		reached[4][33] = 1;
		if (!((((int)now.due)<2)))
			continue;
		/* merge: due = (due+1)(214, 34, 214) */
		reached[4][34] = 1;
		(trpt+1)->bup.oval = ((int)now.due);
		now.due = (((int)now.due)+1);
#ifdef VAR_RANGES
		logval("due", ((int)now.due));
#endif
		;
		/* merge: printf('Tick %d is due\\n',due)(214, 35, 214) */
		reached[4][35] = 1;
		Printf("Tick %d is due\n", ((int)now.due));
		/* merge: .(goto)(0, 215, 214) */
		reached[4][215] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 15: // STATE 37 - launch.pml:559 - [((((expiries>0)&&(redis.lease!=0))&&(((leading[0]&&(conn[0].token==redis.lease))||(leading[1]&&(conn[1].token==redis.lease)))||(leading[2]&&(conn[2].token==redis.lease)))))] (214:0:2 - 1)
		IfNotBlocked
		reached[4][37] = 1;
		if (!((((((int)now.expiries)>0)&&(((int)now.redis.lease)!=0))&&(((((int)now.leading[0])&&(((int)now.conn[0].token)==((int)now.redis.lease)))||(((int)now.leading[1])&&(((int)now.conn[1].token)==((int)now.redis.lease))))||(((int)now.leading[2])&&(((int)now.conn[2].token)==((int)now.redis.lease)))))))
			continue;
		/* merge: expiries = (expiries-1)(214, 38, 214) */
		reached[4][38] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.expiries);
		now.expiries = (((int)now.expiries)-1);
#ifdef VAR_RANGES
		logval("expiries", ((int)now.expiries));
#endif
		;
		/* merge: printf('Redis: the leader's lease ends\\n')(214, 39, 214) */
		reached[4][39] = 1;
		Printf("Redis: the leader's lease ends\n");
		/* merge: redis.lease = 0(214, 40, 214) */
		reached[4][40] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.redis.lease);
		now.redis.lease = 0;
#ifdef VAR_RANGES
		logval("redis.lease", ((int)now.redis.lease));
#endif
		;
		/* merge: .(goto)(0, 215, 214) */
		reached[4][215] = 1;
		;
		_m = 3; goto P999; /* 4 */
	case 16: // STATE 42 - launch.pml:565 - [(((failovers>0)&&!(backedUp)))] (69:0:1 - 1)
		IfNotBlocked
		reached[4][42] = 1;
		if (!(((((int)now.failovers)>0)&& !(((int)now.backedUp)))))
			continue;
		/* merge: failovers = (failovers-1)(69, 43, 69) */
		reached[4][43] = 1;
		(trpt+1)->bup.oval = ((int)now.failovers);
		now.failovers = (((int)now.failovers)-1);
#ifdef VAR_RANGES
		logval("failovers", ((int)now.failovers));
#endif
		;
		/* merge: printf('Redis: from here on, nothing reaches the replica of Redis\\n')(69, 44, 69) */
		reached[4][44] = 1;
		Printf("Redis: from here on, nothing reaches the replica of Redis\n");
		_m = 3; goto P999; /* 2 */
	case 17: // STATE 69 - launch.pml:568 - [D_STEP568]
		IfNotBlocked

		reached[4][69] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		if (TstOnly) return 1;


		reached[4][69] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		sv_save();
		S_607_0: /* 2 */
S_585_0: /* 2 */
		now.backup.lease = ((int)now.redis.lease);
#ifdef VAR_RANGES
		logval("backup.lease", ((int)now.backup.lease));
#endif
		;
S_586_0: /* 2 */
		now.backup.number = ((int)now.redis.number);
#ifdef VAR_RANGES
		logval("backup.number", ((int)now.backup.number));
#endif
		;
S_587_0: /* 2 */
		now.backup.token = ((int)now.redis.token);
#ifdef VAR_RANGES
		logval("backup.token", ((int)now.backup.token));
#endif
		;
S_588_0: /* 2 */
		now.backup.era = ((int)now.redis.era);
#ifdef VAR_RANGES
		logval("backup.era", ((int)now.backup.era));
#endif
		;
S_589_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_596_0: /* 2 */
S_595_0: /* 2 */
S_590_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_595_1;
S_591_0: /* 2 */
		now.backup.cursor[ Index(j, 1) ] = ((int)now.redis.cursor[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("backup.cursor[j]", ((int)now.backup.cursor[ Index(((int)j), 1) ]));
#endif
		;
S_592_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_596_0; /* ';' */
S_595_1: /* 3 */
S_593_0: /* 2 */
		/* else */;
S_594_0: /* 2 */
		goto S_598_0;	/* 'goto' */
S_595_2: /* 3 */
		Uerror("blocking sel in d_step (nr.1, near line 499)");
S_597_0: /* 2 */
		goto S_598_0;	/* 'break' */
S_598_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_605_0: /* 2 */
S_604_0: /* 2 */
S_599_0: /* 2 */
		if (!((((int)j)<=((1*2)-1))))
			goto S_604_1;
S_600_0: /* 2 */
		now.backup.known[ Index(j, 2) ] = ((int)now.redis.known[ Index(((int)j), 2) ]);
#ifdef VAR_RANGES
		logval("backup.known[j]", ((int)now.backup.known[ Index(((int)j), 2) ]));
#endif
		;
S_601_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_605_0; /* ';' */
S_604_1: /* 3 */
S_602_0: /* 2 */
		/* else */;
S_603_0: /* 2 */
		goto S_606_0;	/* 'goto' */
S_604_2: /* 3 */
		Uerror("blocking sel in d_step (nr.2, near line 500)");
S_606_0: /* 2 */
		goto S_608_0;	/* 'break' */
S_608_0: /* 2 */
		now.backedUp = 1;
#ifdef VAR_RANGES
		logval("backedUp", ((int)now.backedUp));
#endif
		;
		goto S_755_0;
S_755_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 18: // STATE 71 - launch.pml:570 - [(backedUp)] (178:0:0 - 1)
		IfNotBlocked
		reached[4][71] = 1;
		if (!(((int)now.backedUp)))
			continue;
		/* merge: printf('Redis: fails over\\n')(0, 72, 178) */
		reached[4][72] = 1;
		Printf("Redis: fails over\n");
		_m = 3; goto P999; /* 1 */
	case 19: // STATE 178 - launch.pml:570 - [D_STEP570]
		IfNotBlocked

		reached[4][178] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		if (TstOnly) return 1;


		reached[4][178] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		sv_save();
		S_717_0: /* 2 */
S_635_0: /* 2 */
S_613_0: /* 2 */
		now.redis.lease = ((int)now.backup.lease);
#ifdef VAR_RANGES
		logval("redis.lease", ((int)now.redis.lease));
#endif
		;
S_614_0: /* 2 */
		now.redis.number = ((int)now.backup.number);
#ifdef VAR_RANGES
		logval("redis.number", ((int)now.redis.number));
#endif
		;
S_615_0: /* 2 */
		now.redis.token = ((int)now.backup.token);
#ifdef VAR_RANGES
		logval("redis.token", ((int)now.redis.token));
#endif
		;
S_616_0: /* 2 */
		now.redis.era = ((int)now.backup.era);
#ifdef VAR_RANGES
		logval("redis.era", ((int)now.redis.era));
#endif
		;
S_617_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_624_0: /* 2 */
S_623_0: /* 2 */
S_618_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_623_1;
S_619_0: /* 2 */
		now.redis.cursor[ Index(j, 1) ] = ((int)now.backup.cursor[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("redis.cursor[j]", ((int)now.redis.cursor[ Index(((int)j), 1) ]));
#endif
		;
S_620_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_624_0; /* ';' */
S_623_1: /* 3 */
S_621_0: /* 2 */
		/* else */;
S_622_0: /* 2 */
		goto S_626_0;	/* 'goto' */
S_623_2: /* 3 */
		Uerror("blocking sel in d_step (nr.3, near line 499)");
S_625_0: /* 2 */
		goto S_626_0;	/* 'break' */
S_626_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_633_0: /* 2 */
S_632_0: /* 2 */
S_627_0: /* 2 */
		if (!((((int)j)<=((1*2)-1))))
			goto S_632_1;
S_628_0: /* 2 */
		now.redis.known[ Index(j, 2) ] = ((int)now.backup.known[ Index(((int)j), 2) ]);
#ifdef VAR_RANGES
		logval("redis.known[j]", ((int)now.redis.known[ Index(((int)j), 2) ]));
#endif
		;
S_629_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_633_0; /* ';' */
S_632_1: /* 3 */
S_630_0: /* 2 */
		/* else */;
S_631_0: /* 2 */
		goto S_659_0;	/* 'goto' */
S_632_2: /* 3 */
		Uerror("blocking sel in d_step (nr.4, near line 500)");
S_634_0: /* 2 */
		goto S_659_0;	/* 'break' */
		goto S_659_0;
S_659_0: /* 2 */
S_636_0: /* 2 */
		now.backedUp = 0;
#ifdef VAR_RANGES
		logval("backedUp", ((int)now.backedUp));
#endif
		;
S_637_0: /* 2 */
		now.backup.lease = 0;
#ifdef VAR_RANGES
		logval("backup.lease", ((int)now.backup.lease));
#endif
		;
S_638_0: /* 2 */
		now.backup.number = 0;
#ifdef VAR_RANGES
		logval("backup.number", ((int)now.backup.number));
#endif
		;
S_639_0: /* 2 */
		now.backup.token = 0;
#ifdef VAR_RANGES
		logval("backup.token", ((int)now.backup.token));
#endif
		;
S_640_0: /* 2 */
		now.backup.era = 0;
#ifdef VAR_RANGES
		logval("backup.era", ((int)now.backup.era));
#endif
		;
S_641_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_648_0: /* 2 */
S_647_0: /* 2 */
S_642_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_647_1;
S_643_0: /* 2 */
		now.backup.cursor[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("backup.cursor[j]", ((int)now.backup.cursor[ Index(((int)j), 1) ]));
#endif
		;
S_644_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_648_0; /* ';' */
S_647_1: /* 3 */
S_645_0: /* 2 */
		/* else */;
S_646_0: /* 2 */
		goto S_650_0;	/* 'goto' */
S_647_2: /* 3 */
		Uerror("blocking sel in d_step (nr.5, near line 506)");
S_649_0: /* 2 */
		goto S_650_0;	/* 'break' */
S_650_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_657_0: /* 2 */
S_656_0: /* 2 */
S_651_0: /* 2 */
		if (!((((int)j)<=((1*2)-1))))
			goto S_656_1;
S_652_0: /* 2 */
		now.backup.known[ Index(j, 2) ] = 0;
#ifdef VAR_RANGES
		logval("backup.known[j]", ((int)now.backup.known[ Index(((int)j), 2) ]));
#endif
		;
S_653_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_657_0; /* ';' */
S_656_1: /* 3 */
S_654_0: /* 2 */
		/* else */;
S_655_0: /* 2 */
		goto S_660_0;	/* 'goto' */
S_656_2: /* 3 */
		Uerror("blocking sel in d_step (nr.6, near line 507)");
S_658_0: /* 2 */
		goto S_660_0;	/* 'break' */
		goto S_660_0;
S_660_0: /* 2 */
		i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
S_715_0: /* 2 */
S_714_0: /* 2 */
S_661_0: /* 2 */
		if (!((((int)i)<=((3+2)-1))))
			goto S_714_1;
S_709_0: /* 2 */
S_662_0: /* 2 */
		if (!((((int)i)>=3)))
			goto S_709_1;
S_679_0: /* 2 */
S_663_0: /* 2 */
		now.conn[ Index(i, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[i].watch", ((int)now.conn[ Index(((int)i), 5) ].watch));
#endif
		;
S_664_0: /* 2 */
		now.conn[ Index(i, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[i].pending", ((int)now.conn[ Index(((int)i), 5) ].pending));
#endif
		;
S_665_0: /* 2 */
		now.conn[ Index(i, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[i].number", ((int)now.conn[ Index(((int)i), 5) ].number));
#endif
		;
S_666_0: /* 2 */
		now.conn[ Index(i, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[i].token", ((int)now.conn[ Index(((int)i), 5) ].token));
#endif
		;
S_667_0: /* 2 */
		now.conn[ Index(i, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[i].era", ((int)now.conn[ Index(((int)i), 5) ].era));
#endif
		;
S_678_0: /* 2 */
S_668_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_676_0: /* 2 */
S_675_0: /* 2 */
S_669_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_675_1;
S_670_0: /* 2 */
		now.conn[ Index(i, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[i].mem[j]", ((int)now.conn[ Index(((int)i), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_671_0: /* 2 */
		now.conn[ Index(i, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[i].upto[j]", ((int)now.conn[ Index(((int)i), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_672_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_676_0; /* ';' */
S_675_1: /* 3 */
S_673_0: /* 2 */
		/* else */;
S_674_0: /* 2 */
		goto S_711_0;	/* 'goto' */
S_675_2: /* 3 */
		Uerror("blocking sel in d_step (nr.7, near line 164)");
S_677_0: /* 2 */
		goto S_711_0;	/* 'break' */
		goto S_710_0;
S_709_1: /* 3 */
S_680_0: /* 2 */
		/* else */;
S_707_0: /* 2 */
S_681_0: /* 2 */
		if (!(((int)now.leading[ Index(((int)i), 3) ])))
			goto S_707_1;
S_687_0: /* 2 */
S_682_0: /* 2 */
		now.conn[ Index(i, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[i].watch", ((int)now.conn[ Index(((int)i), 5) ].watch));
#endif
		;
S_683_0: /* 2 */
		now.conn[ Index(i, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[i].pending", ((int)now.conn[ Index(((int)i), 5) ].pending));
#endif
		;
S_684_0: /* 2 */
		now.answer[ Index(i, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[i]", ((int)now.answer[ Index(((int)i), 3) ]));
#endif
		;
S_685_0: /* 2 */
		now.stale[ Index(i, 3) ] = 1;
#ifdef VAR_RANGES
		logval("stale[i]", ((int)now.stale[ Index(((int)i), 3) ]));
#endif
		;
S_686_0: /* 2 */
		now.swapped[ Index(i, 3) ] = 1;
#ifdef VAR_RANGES
		logval("swapped[i]", ((int)now.swapped[ Index(((int)i), 3) ]));
#endif
		;
		goto S_708_0;
S_707_1: /* 3 */
S_688_0: /* 2 */
		if (!(( !(((int)now.leading[ Index(((int)i), 3) ]))&& !(((int)now.alive[ Index(((int)i), 3) ])))))
			goto S_707_2;
S_705_0: /* 2 */
S_689_0: /* 2 */
		now.conn[ Index(i, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[i].watch", ((int)now.conn[ Index(((int)i), 5) ].watch));
#endif
		;
S_690_0: /* 2 */
		now.conn[ Index(i, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[i].pending", ((int)now.conn[ Index(((int)i), 5) ].pending));
#endif
		;
S_691_0: /* 2 */
		now.conn[ Index(i, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[i].number", ((int)now.conn[ Index(((int)i), 5) ].number));
#endif
		;
S_692_0: /* 2 */
		now.conn[ Index(i, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[i].token", ((int)now.conn[ Index(((int)i), 5) ].token));
#endif
		;
S_693_0: /* 2 */
		now.conn[ Index(i, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[i].era", ((int)now.conn[ Index(((int)i), 5) ].era));
#endif
		;
S_704_0: /* 2 */
S_694_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_702_0: /* 2 */
S_701_0: /* 2 */
S_695_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_701_1;
S_696_0: /* 2 */
		now.conn[ Index(i, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[i].mem[j]", ((int)now.conn[ Index(((int)i), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_697_0: /* 2 */
		now.conn[ Index(i, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[i].upto[j]", ((int)now.conn[ Index(((int)i), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_698_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_702_0; /* ';' */
S_701_1: /* 3 */
S_699_0: /* 2 */
		/* else */;
S_700_0: /* 2 */
		goto S_711_0;	/* 'goto' */
		goto S_702_0; /* ';' */
S_701_2: /* 3 */
		Uerror("blocking sel in d_step (nr.8, near line 164)");
S_703_0: /* 2 */
		goto S_711_0;	/* 'break' */
		goto S_708_0;
		goto S_708_0;
		goto S_708_0;
S_707_2: /* 3 */
S_706_0: /* 2 */
		/* else */;
		goto S_708_0;
S_707_3: /* 3 */
		Uerror("blocking sel in d_step (nr.9, near line 518)");
S_708_0: /* 2 */
		goto S_710_0;
S_709_2: /* 3 */
		Uerror("blocking sel in d_step (nr.10, near line 515)");
S_710_0: /* 2 */
S_711_0: /* 2 */
		i = (((int)i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
		goto S_715_0; /* ';' */
S_714_1: /* 3 */
S_712_0: /* 2 */
		/* else */;
S_713_0: /* 2 */
		goto S_716_0;	/* 'goto' */
S_714_2: /* 3 */
		Uerror("blocking sel in d_step (nr.11, near line 524)");
S_716_0: /* 2 */
		goto S_754_0;	/* 'break' */
	case 20: // STATE 210 - launch.pml:571 - [D_STEP571]
		IfNotBlocked

		reached[4][210] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_720_0: /* 2 */
		now.expiries = 0;
#ifdef VAR_RANGES
		logval("expiries", ((int)now.expiries));
#endif
		;
S_721_0: /* 2 */
		now.crashes = 0;
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
S_722_0: /* 2 */
		now.drops = 0;
#ifdef VAR_RANGES
		logval("drops", ((int)now.drops));
#endif
		;
S_723_0: /* 2 */
		now.refusals = 0;
#ifdef VAR_RANGES
		logval("refusals", ((int)now.refusals));
#endif
		;
S_724_0: /* 2 */
		now.failovers = 0;
#ifdef VAR_RANGES
		logval("failovers", ((int)now.failovers));
#endif
		;
S_725_0: /* 2 */
		now.lostBids = 0;
#ifdef VAR_RANGES
		logval("lostBids", ((int)now.lostBids));
#endif
		;
S_749_0: /* 2 */
S_726_0: /* 2 */
		now.backedUp = 0;
#ifdef VAR_RANGES
		logval("backedUp", ((int)now.backedUp));
#endif
		;
S_727_0: /* 2 */
		now.backup.lease = 0;
#ifdef VAR_RANGES
		logval("backup.lease", ((int)now.backup.lease));
#endif
		;
S_728_0: /* 2 */
		now.backup.number = 0;
#ifdef VAR_RANGES
		logval("backup.number", ((int)now.backup.number));
#endif
		;
S_729_0: /* 2 */
		now.backup.token = 0;
#ifdef VAR_RANGES
		logval("backup.token", ((int)now.backup.token));
#endif
		;
S_730_0: /* 2 */
		now.backup.era = 0;
#ifdef VAR_RANGES
		logval("backup.era", ((int)now.backup.era));
#endif
		;
S_731_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_738_0: /* 2 */
S_737_0: /* 2 */
S_732_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_737_1;
S_733_0: /* 2 */
		now.backup.cursor[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("backup.cursor[j]", ((int)now.backup.cursor[ Index(((int)j), 1) ]));
#endif
		;
S_734_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_738_0; /* ';' */
S_737_1: /* 3 */
S_735_0: /* 2 */
		/* else */;
S_736_0: /* 2 */
		goto S_740_0;	/* 'goto' */
S_737_2: /* 3 */
		Uerror("blocking sel in d_step (nr.12, near line 506)");
S_739_0: /* 2 */
		goto S_740_0;	/* 'break' */
S_740_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_747_0: /* 2 */
S_746_0: /* 2 */
S_741_0: /* 2 */
		if (!((((int)j)<=((1*2)-1))))
			goto S_746_1;
S_742_0: /* 2 */
		now.backup.known[ Index(j, 2) ] = 0;
#ifdef VAR_RANGES
		logval("backup.known[j]", ((int)now.backup.known[ Index(((int)j), 2) ]));
#endif
		;
S_743_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_747_0; /* ';' */
S_746_1: /* 3 */
S_744_0: /* 2 */
		/* else */;
S_745_0: /* 2 */
		goto S_751_0;	/* 'goto' */
S_746_2: /* 3 */
		Uerror("blocking sel in d_step (nr.13, near line 507)");
S_748_0: /* 2 */
		goto S_751_0;	/* 'break' */
		goto S_751_0;
		goto S_751_0;
S_751_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 21: // STATE 211 - launch.pml:574 - [printf('From here on, nothing bad happens\\n')] (0:242:0 - 2)
		IfNotBlocked
		reached[4][211] = 1;
		Printf("From here on, nothing bad happens\n");
		/* merge: goto :b28(242, 212, 242) */
		reached[4][212] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 22: // STATE 217 - launch.pml:579 - [(timeout)] (0:0:0 - 1)
		IfNotBlocked
		reached[4][217] = 1;
		if (!(((trpt->tau)&1)))
			continue;
		_m = 1; goto P999; /* 0 */
	case 23: // STATE 241 - launch.pml:579 - [D_STEP579]
		/* default 258 */
		

		reached[4][241] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		if (TstOnly) return 1;


		reached[4][241] = 1;
		reached[4][t->st] = 1;
		reached[4][tt] = 1;

		sv_save();
		S_780_0: /* 2 */
S_758_0: /* 2 */
		spin_assert(((((int)now.leading[0])||((int)now.leading[1]))||((int)now.leading[2])), "((leading[0]||leading[1])||leading[2])", II, tt, t);
S_759_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_778_0: /* 2 */
S_777_0: /* 2 */
S_760_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_777_1;
S_772_0: /* 2 */
S_761_0: /* 2 */
		if (!((((int)now.since[ Index(((int)j), 1) ])!=255)))
			goto S_772_1;
S_762_0: /* 2 */
		t = (((int)now.since[ Index(((int)j), 1) ])+1);
#ifdef VAR_RANGES
		logval("t", ((int)t));
#endif
		;
S_769_0: /* 2 */
S_768_0: /* 2 */
S_763_0: /* 2 */
		if (!((((int)t)<=((int)now.due))))
			goto S_768_1;
S_764_0: /* 2 */
		spin_assert(((int)now.redis.known[ Index((((((int)j)*2)+((int)t))-1), 2) ]), "redis.known[(((j*2)+t)-1)]", II, tt, t);
S_765_0: /* 2 */
		t = (((int)t)+1);
#ifdef VAR_RANGES
		logval("t", ((int)t));
#endif
		;
		goto S_769_0; /* ';' */
S_768_1: /* 3 */
S_766_0: /* 2 */
		/* else */;
S_767_0: /* 2 */
		goto S_774_0;	/* 'goto' */
S_768_2: /* 3 */
		Uerror("blocking sel in d_step (nr.14, near line 542)");
S_770_0: /* 2 */
		goto S_774_0;	/* 'break' */
		goto S_773_0;
S_772_1: /* 3 */
S_771_0: /* 2 */
		/* else */;
		goto S_773_0;
S_772_2: /* 3 */
		Uerror("blocking sel in d_step (nr.15, near line 541)");
S_773_0: /* 2 */
S_774_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_778_0; /* ';' */
S_777_1: /* 3 */
S_775_0: /* 2 */
		/* else */;
S_776_0: /* 2 */
		goto S_779_0;	/* 'goto' */
S_777_2: /* 3 */
		Uerror("blocking sel in d_step (nr.16, near line 545)");
S_779_0: /* 2 */
		goto S_783_0;	/* 'break' */
S_783_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 24: // STATE 243 - launch.pml:580 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[4][243] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC Ttl */
	case 25: // STATE 1 - launch.pml:493 - [(((redis.lease!=0)&&!((((leading[0]&&(conn[0].token==redis.lease))||(leading[1]&&(conn[1].token==redis.lease)))||(leading[2]&&(conn[2].token==redis.lease))))))] (5:0:1 - 1)
		IfNotBlocked
		reached[3][1] = 1;
		if (!(((((int)now.redis.lease)!=0)&& !((((((int)now.leading[0])&&(((int)now.conn[0].token)==((int)now.redis.lease)))||(((int)now.leading[1])&&(((int)now.conn[1].token)==((int)now.redis.lease))))||(((int)now.leading[2])&&(((int)now.conn[2].token)==((int)now.redis.lease))))))))
			continue;
		/* merge: printf('Redis: a lease that nobody renews runs out\\n')(5, 2, 5) */
		reached[3][2] = 1;
		Printf("Redis: a lease that nobody renews runs out\n");
		/* merge: redis.lease = 0(5, 3, 5) */
		reached[3][3] = 1;
		(trpt+1)->bup.oval = ((int)now.redis.lease);
		now.redis.lease = 0;
#ifdef VAR_RANGES
		logval("redis.lease", ((int)now.redis.lease));
#endif
		;
		/* merge: .(goto)(0, 6, 5) */
		reached[3][6] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 26: // STATE 8 - launch.pml:495 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[3][8] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC Fate */
	case 27: // STATE 1 - launch.pml:468 - [(((((drops>0)&&alive[r])&&leading[r])&&(((conn[r].pending||(answer[r]!=0))||!(stale[r]))||!(swapped[r]))))] (31:0:1 - 1)
		IfNotBlocked
		reached[2][1] = 1;
		if (!(((((((int)now.drops)>0)&&((int)now.alive[ Index(((int)((P2 *)_this)->r), 3) ]))&&((int)now.leading[ Index(((int)((P2 *)_this)->r), 3) ]))&&(((((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].pending)||(((int)now.answer[ Index(((int)((P2 *)_this)->r), 3) ])!=0))|| !(((int)now.stale[ Index(((int)((P2 *)_this)->r), 3) ])))|| !(((int)now.swapped[ Index(((int)((P2 *)_this)->r), 3) ]))))))
			continue;
		/* merge: drops = (drops-1)(0, 2, 31) */
		reached[2][2] = 1;
		(trpt+1)->bup.oval = ((int)now.drops);
		now.drops = (((int)now.drops)-1);
#ifdef VAR_RANGES
		logval("drops", ((int)now.drops));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 28: // STATE 3 - launch.pml:471 - [printf('%c's connection breaks\\n',(65+r))] (0:39:0 - 1)
		IfNotBlocked
		reached[2][3] = 1;
		Printf("%c's connection breaks\n", (65+((int)((P2 *)_this)->r)));
		/* merge: .(goto)(39, 32, 39) */
		reached[2][32] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 29: // STATE 32 - launch.pml:476 - [.(goto)] (0:39:0 - 2)
		IfNotBlocked
		reached[2][32] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 30: // STATE 4 - launch.pml:472 - [(conn[r].pending)] (30:0:0 - 1)
		IfNotBlocked
		reached[2][4] = 1;
		if (!(((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].pending)))
			continue;
		/* merge: printf('%c's connection breaks, but its transaction will still arrive\\n',(65+r))(0, 5, 30) */
		reached[2][5] = 1;
		Printf("%c's connection breaks, but its transaction will still arrive\n", (65+((int)((P2 *)_this)->r)));
		_m = 3; goto P999; /* 1 */
	case 31: // STATE 30 - launch.pml:474 - [D_STEP474]
		IfNotBlocked

		reached[2][30] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		if (TstOnly) return 1;


		reached[2][30] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		sv_save();
		S_485_0: /* 2 */
S_462_0: /* 2 */
		k = 3;
#ifdef VAR_RANGES
		logval("k", ((int)k));
#endif
		;
S_468_0: /* 2 */
S_467_0: /* 2 */
S_463_0: /* 2 */
		if (!(((int)now.conn[ Index(((int)k), 5) ].pending)))
			goto S_467_1;
S_464_0: /* 2 */
		k = (((int)k)+1);
#ifdef VAR_RANGES
		logval("k", ((int)k));
#endif
		;
		goto S_468_0; /* ';' */
S_467_1: /* 3 */
S_465_0: /* 2 */
		/* else */;
S_466_0: /* 2 */
		goto S_470_0;	/* 'goto' */
S_467_2: /* 3 */
		Uerror("blocking sel in d_step (nr.17, near line 458)");
S_469_0: /* 2 */
		goto S_470_0;	/* 'break' */
S_470_0: /* 2 */
		now.conn[ Index(k, 5) ].watch = ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].watch);
#ifdef VAR_RANGES
		logval("conn[k].watch", ((int)now.conn[ Index(((int)k), 5) ].watch));
#endif
		;
S_471_0: /* 2 */
		now.conn[ Index(k, 5) ].pending = 1;
#ifdef VAR_RANGES
		logval("conn[k].pending", ((int)now.conn[ Index(((int)k), 5) ].pending));
#endif
		;
S_472_0: /* 2 */
		now.conn[ Index(k, 5) ].number = ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].number);
#ifdef VAR_RANGES
		logval("conn[k].number", ((int)now.conn[ Index(((int)k), 5) ].number));
#endif
		;
S_473_0: /* 2 */
		now.conn[ Index(k, 5) ].token = ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].token);
#ifdef VAR_RANGES
		logval("conn[k].token", ((int)now.conn[ Index(((int)k), 5) ].token));
#endif
		;
S_474_0: /* 2 */
		now.conn[ Index(k, 5) ].era = ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].era);
#ifdef VAR_RANGES
		logval("conn[k].era", ((int)now.conn[ Index(((int)k), 5) ].era));
#endif
		;
S_475_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_483_0: /* 2 */
S_482_0: /* 2 */
S_476_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_482_1;
S_477_0: /* 2 */
		now.conn[ Index(k, 5) ].mem[ Index(j, 1) ] = ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].mem[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("conn[k].mem[j]", ((int)now.conn[ Index(((int)k), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_478_0: /* 2 */
		now.conn[ Index(k, 5) ].upto[ Index(j, 1) ] = ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].upto[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("conn[k].upto[j]", ((int)now.conn[ Index(((int)k), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_479_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_483_0; /* ';' */
S_482_1: /* 3 */
S_480_0: /* 2 */
		/* else */;
S_481_0: /* 2 */
		goto S_488_0;	/* 'goto' */
S_482_2: /* 3 */
		Uerror("blocking sel in d_step (nr.18, near line 461)");
S_484_0: /* 2 */
		goto S_495_0;	/* 'break' */
S_488_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 32: // STATE 39 - launch.pml:476 - [D_STEP476]
		IfNotBlocked

		reached[2][39] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		if (TstOnly) return 1;


		reached[2][39] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		sv_save();
		S_494_0: /* 2 */
S_489_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].watch", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].watch));
#endif
		;
S_490_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].pending", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].pending));
#endif
		;
S_491_0: /* 2 */
		now.answer[ Index(((P2 *)_this)->r, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Fate:r]", ((int)now.answer[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
S_492_0: /* 2 */
		now.stale[ Index(((P2 *)_this)->r, 3) ] = 1;
#ifdef VAR_RANGES
		logval("stale[Fate:r]", ((int)now.stale[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
S_493_0: /* 2 */
		now.swapped[ Index(((P2 *)_this)->r, 3) ] = 1;
#ifdef VAR_RANGES
		logval("swapped[Fate:r]", ((int)now.swapped[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
		goto S_530_0;
S_530_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 33: // STATE 41 - launch.pml:479 - [((((crashes>0)&&alive[r])&&(leading[r]||(conn[r].token!=0))))] (64:0:1 - 1)
		IfNotBlocked
		reached[2][41] = 1;
		if (!((((((int)now.crashes)>0)&&((int)now.alive[ Index(((int)((P2 *)_this)->r), 3) ]))&&(((int)now.leading[ Index(((int)((P2 *)_this)->r), 3) ])||(((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].token)!=0)))))
			continue;
		/* merge: crashes = (crashes-1)(0, 42, 64) */
		reached[2][42] = 1;
		(trpt+1)->bup.oval = ((int)now.crashes);
		now.crashes = (((int)now.crashes)-1);
#ifdef VAR_RANGES
		logval("crashes", ((int)now.crashes));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 34: // STATE 43 - launch.pml:482 - [(conn[r].pending)] (71:0:0 - 1)
		IfNotBlocked
		reached[2][43] = 1;
		if (!(((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].pending)))
			continue;
		/* merge: printf('%c dies, but its transaction will still arrive\\n',(65+r))(71, 44, 71) */
		reached[2][44] = 1;
		Printf("%c dies, but its transaction will still arrive\n", (65+((int)((P2 *)_this)->r)));
		/* merge: .(goto)(71, 65, 71) */
		reached[2][65] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 35: // STATE 65 - launch.pml:485 - [.(goto)] (0:71:0 - 2)
		IfNotBlocked
		reached[2][65] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 36: // STATE 45 - launch.pml:483 - [printf('%c dies\\n',(65+r))] (0:0:0 - 1)
		IfNotBlocked
		reached[2][45] = 1;
		Printf("%c dies\n", (65+((int)((P2 *)_this)->r)));
		_m = 3; goto P999; /* 0 */
	case 37: // STATE 63 - launch.pml:483 - [D_STEP483]
		IfNotBlocked

		reached[2][63] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		if (TstOnly) return 1;


		reached[2][63] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		sv_save();
		S_518_0: /* 2 */
S_502_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].watch", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].watch));
#endif
		;
S_503_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].pending", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].pending));
#endif
		;
S_504_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].number", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].number));
#endif
		;
S_505_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].token", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].token));
#endif
		;
S_506_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].era", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].era));
#endif
		;
S_517_0: /* 2 */
S_507_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_515_0: /* 2 */
S_514_0: /* 2 */
S_508_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_514_1;
S_509_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].mem[j]", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_510_0: /* 2 */
		now.conn[ Index(((P2 *)_this)->r, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Fate:r].upto[j]", ((int)now.conn[ Index(((int)((P2 *)_this)->r), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_511_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_515_0; /* ';' */
S_514_1: /* 3 */
S_512_0: /* 2 */
		/* else */;
S_513_0: /* 2 */
		goto S_521_0;	/* 'goto' */
S_514_2: /* 3 */
		Uerror("blocking sel in d_step (nr.19, near line 164)");
S_516_0: /* 2 */
		goto S_527_0;	/* 'break' */
S_521_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 38: // STATE 71 - launch.pml:485 - [D_STEP485]
		IfNotBlocked

		reached[2][71] = 1;
		reached[2][t->st] = 1;
		reached[2][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_522_0: /* 2 */
		now.alive[ Index(((P2 *)_this)->r, 3) ] = 0;
#ifdef VAR_RANGES
		logval("alive[Fate:r]", ((int)now.alive[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
S_523_0: /* 2 */
		now.leading[ Index(((P2 *)_this)->r, 3) ] = 0;
#ifdef VAR_RANGES
		logval("leading[Fate:r]", ((int)now.leading[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
S_524_0: /* 2 */
		now.answer[ Index(((P2 *)_this)->r, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Fate:r]", ((int)now.answer[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
S_525_0: /* 2 */
		now.stale[ Index(((P2 *)_this)->r, 3) ] = 0;
#ifdef VAR_RANGES
		logval("stale[Fate:r]", ((int)now.stale[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
S_526_0: /* 2 */
		now.swapped[ Index(((P2 *)_this)->r, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Fate:r]", ((int)now.swapped[ Index(((int)((P2 *)_this)->r), 3) ]));
#endif
		;
		goto S_530_0; /* ';' */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 39: // STATE 76 - launch.pml:488 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[2][76] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC Replica */
	case 40: // STATE 1 - launch.pml:328 - [(((alive[me]&&(me<=elected))&&((redis.lease==0)||(redis.lease==conn[me].token))))] (0:0:0 - 1)
		IfNotBlocked
		reached[1][1] = 1;
		if (!(((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&(((int)((P1 *)_this)->me)<=((int)now.elected)))&&((((int)now.redis.lease)==0)||(((int)now.redis.lease)==((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token))))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 41: // STATE 38 - launch.pml:329 - [D_STEP329]
		if (!(((boq == -1 && ((((int)now.redis.lease)!=0)&&(((int)now.redis.token)==((int)now.redis.lease))))) || (boq == -1 /* else */)))
			continue;

		reached[1][38] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;


		reached[1][38] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		sv_save();
		S_235_0: /* 2 */
S_233_0: /* 2 */
S_200_0: /* 2 */
		if (!(((((int)now.redis.lease)!=0)&&(((int)now.redis.token)==((int)now.redis.lease)))))
			goto S_233_1;
		goto S_234_0;
S_233_1: /* 3 */
S_201_0: /* 2 */
		/* else */;
S_206_0: /* 2 */
S_202_0: /* 2 */
		if (!((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token)==0)))
			goto S_206_1;
S_203_0: /* 2 */
		now.tokens = (((int)now.tokens)+1);
#ifdef VAR_RANGES
		logval("tokens", ((int)now.tokens));
#endif
		;
S_204_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].token = ((int)now.tokens);
#ifdef VAR_RANGES
		logval("conn[Replica:me].token", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token));
#endif
		;
		goto S_207_0;
S_206_1: /* 3 */
S_205_0: /* 2 */
		/* else */;
		goto S_207_0;
S_206_2: /* 3 */
		Uerror("blocking sel in d_step (nr.20, near line 293)");
S_207_0: /* 2 */
S_208_0: /* 2 */
		now.eras = (((int)now.eras)+1);
#ifdef VAR_RANGES
		logval("eras", ((int)now.eras));
#endif
		;
S_209_0: /* 2 */
		now.redis.lease = ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token);
#ifdef VAR_RANGES
		logval("redis.lease", ((int)now.redis.lease));
#endif
		;
S_210_0: /* 2 */
		now.redis.number = (((int)now.redis.number)+1);
#ifdef VAR_RANGES
		logval("redis.number", ((int)now.redis.number));
#endif
		;
S_211_0: /* 2 */
		now.redis.token = ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token);
#ifdef VAR_RANGES
		logval("redis.token", ((int)now.redis.token));
#endif
		;
S_212_0: /* 2 */
		now.redis.era = ((int)now.eras);
#ifdef VAR_RANGES
		logval("redis.era", ((int)now.redis.era));
#endif
		;
S_227_0: /* 2 */
S_226_0: /* 2 */
S_213_0: /* 2 */
		i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
S_224_0: /* 2 */
S_223_0: /* 2 */
S_214_0: /* 2 */
		if (!((((int)i)<=((3+2)-1))))
			goto S_223_1;
S_218_0: /* 2 */
S_215_0: /* 2 */
		if (!((((int)now.conn[ Index(((int)i), 5) ].watch)==1)))
			goto S_218_1;
S_216_0: /* 2 */
		now.conn[ Index(i, 5) ].watch = 2;
#ifdef VAR_RANGES
		logval("conn[i].watch", ((int)now.conn[ Index(((int)i), 5) ].watch));
#endif
		;
		goto S_219_0;
S_218_1: /* 3 */
S_217_0: /* 2 */
		/* else */;
		goto S_219_0;
S_218_2: /* 3 */
		Uerror("blocking sel in d_step (nr.21, near line 143)");
S_219_0: /* 2 */
S_220_0: /* 2 */
		i = (((int)i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
		goto S_224_0; /* ';' */
S_223_1: /* 3 */
S_221_0: /* 2 */
		/* else */;
S_222_0: /* 2 */
		goto S_231_0;	/* 'goto' */
S_223_2: /* 3 */
		Uerror("blocking sel in d_step (nr.22, near line 144)");
S_225_0: /* 2 */
		goto S_231_0;	/* 'break' */
		goto S_231_0;
		goto S_231_0;
S_231_0: /* 2 */
S_228_0: /* 2 */
		if (!((((int)now.elected)==((int)((P1 *)_this)->me))))
			goto S_231_1;
S_229_0: /* 2 */
		now.elected = (((int)now.elected)+1);
#ifdef VAR_RANGES
		logval("elected", ((int)now.elected));
#endif
		;
		goto S_232_0;
S_231_1: /* 3 */
S_230_0: /* 2 */
		/* else */;
		goto S_232_0;
S_231_2: /* 3 */
		Uerror("blocking sel in d_step (nr.23, near line 298)");
S_232_0: /* 2 */
		goto S_234_0;
S_233_2: /* 3 */
		Uerror("blocking sel in d_step (nr.24, near line 290)");
S_234_0: /* 2 */
		goto S_246_0;
S_246_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 42: // STATE 43 - launch.pml:331 - [D_STEP331]
		/* default 259 */
		

		reached[1][43] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_237_0: /* 2 */
		Printf("%c: is elected; term %d, number %d\n", (65+((int)((P1 *)_this)->me)), ((int)now.redis.era), ((int)now.redis.number));
S_238_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].number = ((int)now.redis.number);
#ifdef VAR_RANGES
		logval("conn[Replica:me].number", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number));
#endif
		;
S_239_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].era = ((int)now.redis.era);
#ifdef VAR_RANGES
		logval("conn[Replica:me].era", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].era));
#endif
		;
S_240_0: /* 2 */
		now.leading[ Index(((P1 *)_this)->me, 3) ] = 1;
#ifdef VAR_RANGES
		logval("leading[Replica:me]", ((int)now.leading[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
		goto S_247_0;
S_247_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 43: // STATE 44 - launch.pml:336 - [((lostBids>0))] (50:0:1 - 1)
		IfNotBlocked
		reached[1][44] = 1;
		if (!((((int)now.lostBids)>0)))
			continue;
		/* merge: printf('%c: is elected, but the answer is lost; term %d, number %d\\n',(65+me),redis.era,redis.number)(50, 45, 50) */
		reached[1][45] = 1;
		Printf("%c: is elected, but the answer is lost; term %d, number %d\n", (65+((int)((P1 *)_this)->me)), ((int)now.redis.era), ((int)now.redis.number));
		/* merge: lostBids = (lostBids-1)(50, 46, 50) */
		reached[1][46] = 1;
		(trpt+1)->bup.oval = ((int)now.lostBids);
		now.lostBids = (((int)now.lostBids)-1);
#ifdef VAR_RANGES
		logval("lostBids", ((int)now.lostBids));
#endif
		;
		/* merge: goto follow(50, 47, 50) */
		reached[1][47] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 44: // STATE 51 - launch.pml:346 - [(alive[me])] (0:0:0 - 1)
		IfNotBlocked
		reached[1][51] = 1;
		if (!(((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])))
			continue;
		_m = 3; goto P999; /* 0 */
	case 45: // STATE 66 - launch.pml:347 - [D_STEP347]
		IfNotBlocked

		reached[1][66] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_250_0: /* 2 */
		now.stale[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("stale[Replica:me]", ((int)now.stale[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_251_0: /* 2 */
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Replica:me]", ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_252_0: /* 2 */
		now.answer[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Replica:me]", ((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_263_0: /* 2 */
S_253_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_261_0: /* 2 */
S_260_0: /* 2 */
S_254_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_260_1;
S_255_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].mem[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_256_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].upto[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_257_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_261_0; /* ';' */
S_260_1: /* 3 */
S_258_0: /* 2 */
		/* else */;
S_259_0: /* 2 */
		goto S_330_0;	/* 'goto' */
S_260_2: /* 3 */
		Uerror("blocking sel in d_step (nr.25, near line 164)");
S_262_0: /* 2 */
		goto S_330_0;	/* 'break' */
		goto S_330_0;
		goto S_330_0;
S_330_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 46: // STATE 67 - launch.pml:349 - [(((conn[me].number==redis.number)&&(conn[me].token==redis.token)))] (0:0:0 - 1)
		IfNotBlocked
		reached[1][67] = 1;
		if (!(((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number)==((int)now.redis.number))&&(((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token)==((int)now.redis.token)))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 47: // STATE 105 - launch.pml:349 - [D_STEP349]
		IfNotBlocked

		reached[1][105] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;


		reached[1][105] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		sv_save();
		S_302_0: /* 2 */
S_266_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_300_0: /* 2 */
S_299_0: /* 2 */
S_267_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_299_1;
S_291_0: /* 2 */
S_268_0: /* 2 */
		if (!((((int)now.redis.cursor[ Index(((int)j), 1) ])==255)))
			goto S_291_1;
S_269_0: /* 2 */
		now.redis.cursor[ Index(j, 1) ] = ((int)now.due);
#ifdef VAR_RANGES
		logval("redis.cursor[j]", ((int)now.redis.cursor[ Index(((int)j), 1) ]));
#endif
		;
S_284_0: /* 2 */
S_283_0: /* 2 */
S_270_0: /* 2 */
		i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
S_281_0: /* 2 */
S_280_0: /* 2 */
S_271_0: /* 2 */
		if (!((((int)i)<=((3+2)-1))))
			goto S_280_1;
S_275_0: /* 2 */
S_272_0: /* 2 */
		if (!((((int)now.conn[ Index(((int)i), 5) ].watch)==1)))
			goto S_275_1;
S_273_0: /* 2 */
		now.conn[ Index(i, 5) ].watch = 2;
#ifdef VAR_RANGES
		logval("conn[i].watch", ((int)now.conn[ Index(((int)i), 5) ].watch));
#endif
		;
		goto S_276_0;
S_275_1: /* 3 */
S_274_0: /* 2 */
		/* else */;
		goto S_276_0;
S_275_2: /* 3 */
		Uerror("blocking sel in d_step (nr.26, near line 143)");
S_276_0: /* 2 */
S_277_0: /* 2 */
		i = (((int)i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
		goto S_281_0; /* ';' */
S_280_1: /* 3 */
S_278_0: /* 2 */
		/* else */;
S_279_0: /* 2 */
		goto S_288_0;	/* 'goto' */
S_280_2: /* 3 */
		Uerror("blocking sel in d_step (nr.27, near line 144)");
S_282_0: /* 2 */
		goto S_288_0;	/* 'break' */
		goto S_288_0;
		goto S_288_0;
S_288_0: /* 2 */
S_285_0: /* 2 */
		if (!((((int)now.since[ Index(((int)j), 1) ])==255)))
			goto S_288_1;
S_286_0: /* 2 */
		now.since[ Index(j, 1) ] = ((int)now.due);
#ifdef VAR_RANGES
		logval("since[j]", ((int)now.since[ Index(((int)j), 1) ]));
#endif
		;
		goto S_289_0;
S_288_1: /* 3 */
S_287_0: /* 2 */
		/* else */;
		goto S_289_0;
S_288_2: /* 3 */
		Uerror("blocking sel in d_step (nr.28, near line 309)");
S_289_0: /* 2 */
		goto S_292_0;
S_291_1: /* 3 */
S_290_0: /* 2 */
		/* else */;
		goto S_292_0;
S_291_2: /* 3 */
		Uerror("blocking sel in d_step (nr.29, near line 305)");
S_292_0: /* 2 */
S_293_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].mem[ Index(j, 1) ] = ((int)now.redis.cursor[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("conn[Replica:me].mem[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_294_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].upto[ Index(j, 1) ] = ((int)now.redis.cursor[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("conn[Replica:me].upto[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_295_0: /* 2 */
		Printf("%c: opens its term; the cursor of job %d is at %d\n", (65+((int)((P1 *)_this)->me)), (((int)j)+1), ((int)now.redis.cursor[ Index(((int)j), 1) ]));
S_296_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_300_0; /* ';' */
S_299_1: /* 3 */
S_297_0: /* 2 */
		/* else */;
S_298_0: /* 2 */
		goto S_301_0;	/* 'goto' */
S_299_2: /* 3 */
		Uerror("blocking sel in d_step (nr.30, near line 315)");
S_301_0: /* 2 */
		goto S_377_0;	/* 'break' */
S_331_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 48: // STATE 107 - launch.pml:350 - [printf('%c: opens its term: fenced, steps down\\n',(65+me))] (0:0:0 - 1)
		IfNotBlocked
		reached[1][107] = 1;
		Printf("%c: opens its term: fenced, steps down\n", (65+((int)((P1 *)_this)->me)));
		_m = 3; goto P999; /* 0 */
	case 49: // STATE 130 - launch.pml:350 - [D_STEP350]
		IfNotBlocked

		reached[1][130] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;


		reached[1][130] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		sv_save();
		S_327_0: /* 2 */
S_306_0: /* 2 */
		now.leading[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("leading[Replica:me]", ((int)now.leading[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_307_0: /* 2 */
		now.stale[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("stale[Replica:me]", ((int)now.stale[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_308_0: /* 2 */
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Replica:me]", ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_309_0: /* 2 */
		now.answer[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Replica:me]", ((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_326_0: /* 2 */
S_310_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].watch", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].watch));
#endif
		;
S_311_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].pending", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].pending));
#endif
		;
S_312_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].number", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number));
#endif
		;
S_313_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].token", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token));
#endif
		;
S_314_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].era", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].era));
#endif
		;
S_325_0: /* 2 */
S_315_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_323_0: /* 2 */
S_322_0: /* 2 */
S_316_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_322_1;
S_317_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].mem[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_318_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].upto[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_319_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_323_0; /* ';' */
S_322_1: /* 3 */
S_320_0: /* 2 */
		/* else */;
S_321_0: /* 2 */
		goto S_324_0;	/* 'goto' */
S_322_2: /* 3 */
		Uerror("blocking sel in d_step (nr.31, near line 164)");
S_324_0: /* 2 */
		goto S_248_0;	/* 'break' */
S_329_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 50: // STATE 131 - launch.pml:350 - [goto follow] (0:50:0 - 1)
		IfNotBlocked
		reached[1][131] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 51: // STATE 135 - launch.pml:357 - [(((alive[me]&&!(stale[me]))&&(due>conn[me].mem[0])))] (0:0:0 - 1)
		IfNotBlocked
		reached[1][135] = 1;
		if (!(((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&& !(((int)now.stale[ Index(((int)((P1 *)_this)->me), 3) ])))&&(((int)now.due)>((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[0])))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 52: // STATE 146 - launch.pml:358 - [D_STEP358]
		/* default 259 */
		

		reached[1][146] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_334_0: /* 2 */
		Printf("%c: plans what is due, up to tick %d\n", (65+((int)((P1 *)_this)->me)), ((int)now.due));
S_335_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_342_0: /* 2 */
S_341_0: /* 2 */
S_336_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_341_1;
S_337_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].upto[ Index(j, 1) ] = ( ((((int)now.due)>((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]))) ? (((int)now.due)) : (((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ])) );
#ifdef VAR_RANGES
		logval("conn[Replica:me].upto[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_338_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_342_0; /* ';' */
S_341_1: /* 3 */
S_339_0: /* 2 */
		/* else */;
S_340_0: /* 2 */
		goto S_343_0;	/* 'goto' */
S_341_2: /* 3 */
		Uerror("blocking sel in d_step (nr.32, near line 360)");
S_343_0: /* 2 */
		goto S_415_0;	/* 'break' */
S_378_0: /* 1 */
S_415_0:	/* break-dest */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 53: // STATE 148 - launch.pml:364 - [((alive[me]&&stale[me]))] (134:0:0 - 1)
		IfNotBlocked
		reached[1][148] = 1;
		if (!((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&((int)now.stale[ Index(((int)((P1 *)_this)->me), 3) ]))))
			continue;
		/* merge: printf('%c: sees that its connection was replaced\\n',(65+me))(134, 149, 134) */
		reached[1][149] = 1;
		Printf("%c: sees that its connection was replaced\n", (65+((int)((P1 *)_this)->me)));
		/* merge: goto open(134, 150, 134) */
		reached[1][150] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 54: // STATE 152 - launch.pml:375 - [((alive[me]&&(redis.lease!=conn[me].token)))] (176:0:0 - 1)
		IfNotBlocked
		reached[1][152] = 1;
		if (!((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&(((int)now.redis.lease)!=((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token)))))
			continue;
		/* merge: printf('%c: sees that its lease has ended, steps down\\n',(65+me))(0, 153, 176) */
		reached[1][153] = 1;
		Printf("%c: sees that its lease has ended, steps down\n", (65+((int)((P1 *)_this)->me)));
		_m = 3; goto P999; /* 1 */
	case 55: // STATE 176 - launch.pml:377 - [D_STEP377]
		IfNotBlocked

		reached[1][176] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;


		reached[1][176] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		sv_save();
		S_373_0: /* 2 */
S_352_0: /* 2 */
		now.leading[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("leading[Replica:me]", ((int)now.leading[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_353_0: /* 2 */
		now.stale[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("stale[Replica:me]", ((int)now.stale[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_354_0: /* 2 */
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Replica:me]", ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_355_0: /* 2 */
		now.answer[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Replica:me]", ((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_372_0: /* 2 */
S_356_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].watch", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].watch));
#endif
		;
S_357_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].pending", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].pending));
#endif
		;
S_358_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].number", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number));
#endif
		;
S_359_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].token", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token));
#endif
		;
S_360_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].era", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].era));
#endif
		;
S_371_0: /* 2 */
S_361_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_369_0: /* 2 */
S_368_0: /* 2 */
S_362_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_368_1;
S_363_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].mem[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_364_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].upto[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_365_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_369_0; /* ';' */
S_368_1: /* 3 */
S_366_0: /* 2 */
		/* else */;
S_367_0: /* 2 */
		goto S_370_0;	/* 'goto' */
S_368_2: /* 3 */
		Uerror("blocking sel in d_step (nr.33, near line 164)");
S_370_0: /* 2 */
		goto S_248_0;	/* 'break' */
S_375_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 56: // STATE 181 - launch.pml:385 - [(alive[me])] (215:0:1 - 1)
		IfNotBlocked
		reached[1][181] = 1;
		if (!(((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])))
			continue;
		/* merge: swapped[me] = 0(0, 182, 215) */
		reached[1][182] = 1;
		(trpt+1)->bup.oval = ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]);
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Replica:me]", ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 57: // STATE 183 - launch.pml:388 - [(!(((conn[me].number==redis.number)&&(conn[me].token==redis.token))))] (207:0:0 - 1)
		IfNotBlocked
		reached[1][183] = 1;
		if (!( !(((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number)==((int)now.redis.number))&&(((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token)==((int)now.redis.token))))))
			continue;
		/* merge: printf('%c: watches and reads: fenced, steps down\\n',(65+me))(0, 184, 207) */
		reached[1][184] = 1;
		Printf("%c: watches and reads: fenced, steps down\n", (65+((int)((P1 *)_this)->me)));
		_m = 3; goto P999; /* 1 */
	case 58: // STATE 207 - launch.pml:390 - [D_STEP390]
		IfNotBlocked

		reached[1][207] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;


		reached[1][207] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		sv_save();
		S_404_0: /* 2 */
S_383_0: /* 2 */
		now.leading[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("leading[Replica:me]", ((int)now.leading[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_384_0: /* 2 */
		now.stale[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("stale[Replica:me]", ((int)now.stale[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_385_0: /* 2 */
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Replica:me]", ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_386_0: /* 2 */
		now.answer[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Replica:me]", ((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_403_0: /* 2 */
S_387_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].watch", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].watch));
#endif
		;
S_388_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].pending", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].pending));
#endif
		;
S_389_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].number", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number));
#endif
		;
S_390_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].token", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token));
#endif
		;
S_391_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].era", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].era));
#endif
		;
S_402_0: /* 2 */
S_392_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_400_0: /* 2 */
S_399_0: /* 2 */
S_393_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_399_1;
S_394_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].mem[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_395_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Replica:me].upto[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_396_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_400_0; /* ';' */
S_399_1: /* 3 */
S_397_0: /* 2 */
		/* else */;
S_398_0: /* 2 */
		goto S_401_0;	/* 'goto' */
S_399_2: /* 3 */
		Uerror("blocking sel in d_step (nr.34, near line 164)");
S_401_0: /* 2 */
		goto S_248_0;	/* 'break' */
S_406_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 59: // STATE 208 - launch.pml:391 - [goto follow] (0:50:0 - 1)
		IfNotBlocked
		reached[1][208] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 60: // STATE 216 - launch.pml:399 - [.(goto)] (0:227:0 - 1)
		IfNotBlocked
		reached[1][216] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 61: // STATE 209 - launch.pml:392 - [((((conn[me].number==redis.number)&&(conn[me].token==redis.token))&&((conn[me].upto[0]>conn[me].mem[0])&&(redis.cursor[0]!=conn[me].mem[0]))))] (134:0:0 - 1)
		IfNotBlocked
		reached[1][209] = 1;
		if (!((((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number)==((int)now.redis.number))&&(((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token)==((int)now.redis.token)))&&((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[0])>((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[0]))&&(((int)now.redis.cursor[0])!=((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[0]))))))
			continue;
		/* merge: printf('%c: watches and reads: the cursors are not where it planned from\\n',(65+me))(134, 210, 134) */
		reached[1][210] = 1;
		Printf("%c: watches and reads: the cursors are not where it planned from\n", (65+((int)((P1 *)_this)->me)));
		/* merge: goto open(134, 211, 134) */
		reached[1][211] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 62: // STATE 212 - launch.pml:395 - [((((conn[me].number==redis.number)&&(conn[me].token==redis.token))&&!(((conn[me].upto[0]>conn[me].mem[0])&&(redis.cursor[0]!=conn[me].mem[0])))))] (227:0:1 - 1)
		IfNotBlocked
		reached[1][212] = 1;
		if (!((((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].number)==((int)now.redis.number))&&(((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].token)==((int)now.redis.token)))&& !(((((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[0])>((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[0]))&&(((int)now.redis.cursor[0])!=((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[0])))))))
			continue;
		/* merge: printf('%c: watches and reads: term and cursors are as planned\\n',(65+me))(227, 213, 227) */
		reached[1][213] = 1;
		Printf("%c: watches and reads: term and cursors are as planned\n", (65+((int)((P1 *)_this)->me)));
		/* merge: conn[me].watch = 1(227, 214, 227) */
		reached[1][214] = 1;
		(trpt+1)->bup.oval = ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].watch);
		now.conn[ Index(((P1 *)_this)->me, 5) ].watch = 1;
#ifdef VAR_RANGES
		logval("conn[Replica:me].watch", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].watch));
#endif
		;
		/* merge: .(goto)(227, 216, 227) */
		reached[1][216] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 63: // STATE 218 - launch.pml:408 - [(alive[me])] (0:0:0 - 1)
		IfNotBlocked
		reached[1][218] = 1;
		if (!(((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])))
			continue;
		_m = 3; goto P999; /* 0 */
	case 64: // STATE 219 - launch.pml:410 - [(swapped[me])] (134:0:0 - 1)
		IfNotBlocked
		reached[1][219] = 1;
		if (!(((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ])))
			continue;
		/* merge: printf('%c: sees that its connection was replaced since the WATCH\\n',(65+me))(134, 220, 134) */
		reached[1][220] = 1;
		Printf("%c: sees that its connection was replaced since the WATCH\n", (65+((int)((P1 *)_this)->me)));
		/* merge: goto open(134, 221, 134) */
		reached[1][221] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 65: // STATE 225 - launch.pml:414 - [printf('%c: sends MULTI ... EXEC\\n',(65+me))] (0:256:1 - 2)
		IfNotBlocked
		reached[1][225] = 1;
		Printf("%c: sends MULTI ... EXEC\n", (65+((int)((P1 *)_this)->me)));
		/* merge: conn[me].pending = 1(256, 226, 256) */
		reached[1][226] = 1;
		(trpt+1)->bup.oval = ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].pending);
		now.conn[ Index(((P1 *)_this)->me, 5) ].pending = 1;
#ifdef VAR_RANGES
		logval("conn[Replica:me].pending", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].pending));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 66: // STATE 228 - launch.pml:421 - [((alive[me]&&(answer[me]==1)))] (0:0:0 - 1)
		IfNotBlocked
		reached[1][228] = 1;
		if (!((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&(((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ])==1))))
			continue;
		_m = 3; goto P999; /* 0 */
	case 67: // STATE 241 - launch.pml:422 - [D_STEP422]
		/* default 259 */
		

		reached[1][241] = 1;
		reached[1][t->st] = 1;
		reached[1][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_427_0: /* 2 */
		Printf("%c: learns that it was committed\n", (65+((int)((P1 *)_this)->me)));
S_428_0: /* 2 */
		now.answer[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Replica:me]", ((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_429_0: /* 2 */
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = 0;
#ifdef VAR_RANGES
		logval("swapped[Replica:me]", ((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]));
#endif
		;
S_430_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_437_0: /* 2 */
S_436_0: /* 2 */
S_431_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_436_1;
S_432_0: /* 2 */
		now.conn[ Index(((P1 *)_this)->me, 5) ].mem[ Index(j, 1) ] = ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].upto[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("conn[Replica:me].mem[j]", ((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_433_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_437_0; /* ';' */
S_436_1: /* 3 */
S_434_0: /* 2 */
		/* else */;
S_435_0: /* 2 */
		goto S_438_0;	/* 'goto' */
S_436_2: /* 3 */
		Uerror("blocking sel in d_step (nr.35, near line 426)");
S_438_0: /* 2 */
		goto S_377_0;	/* 'break' */
S_440_0: /* 1 */
S_377_0:	/* break-dest */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 68: // STATE 244 - launch.pml:430 - [((alive[me]&&(answer[me]==2)))] (134:0:0 - 1)
		IfNotBlocked
		reached[1][244] = 1;
		if (!((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&(((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ])==2))))
			continue;
		/* merge: printf('%c: learns that it was void\\n',(65+me))(134, 245, 134) */
		reached[1][245] = 1;
		Printf("%c: learns that it was void\n", (65+((int)((P1 *)_this)->me)));
		/* merge: goto open(134, 246, 134) */
		reached[1][246] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 69: // STATE 248 - launch.pml:431 - [((alive[me]&&(answer[me]==3)))] (134:0:0 - 1)
		IfNotBlocked
		reached[1][248] = 1;
		if (!((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&(((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ])==3))))
			continue;
		/* merge: printf('%c: learns that adds failed\\n',(65+me))(134, 249, 134) */
		reached[1][249] = 1;
		Printf("%c: learns that adds failed\n", (65+((int)((P1 *)_this)->me)));
		/* merge: goto open(134, 250, 134) */
		reached[1][250] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 70: // STATE 252 - launch.pml:433 - [((((alive[me]&&swapped[me])&&(answer[me]==0))&&!(conn[me].pending)))] (134:0:0 - 1)
		IfNotBlocked
		reached[1][252] = 1;
		if (!((((((int)now.alive[ Index(((int)((P1 *)_this)->me), 3) ])&&((int)now.swapped[ Index(((int)((P1 *)_this)->me), 3) ]))&&(((int)now.answer[ Index(((int)((P1 *)_this)->me), 3) ])==0))&& !(((int)now.conn[ Index(((int)((P1 *)_this)->me), 5) ].pending)))))
			continue;
		/* merge: printf('%c: gets no answer, so the outcome is unknown\\n',(65+me))(134, 253, 134) */
		reached[1][253] = 1;
		Printf("%c: gets no answer, so the outcome is unknown\n", (65+((int)((P1 *)_this)->me)));
		/* merge: goto open(134, 254, 134) */
		reached[1][254] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 71: // STATE 258 - launch.pml:445 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[1][258] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */

		 /* PROC Socket */
	case 72: // STATE 1 - launch.pml:282 - [(conn[c].pending)] (0:0:0 - 1)
		IfNotBlocked
		reached[0][1] = 1;
		if (!(((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].pending)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 73: // STATE 2 - launch.pml:238 - [((conn[c].watch==2))] (0:0:0 - 1)
		IfNotBlocked
		reached[0][2] = 1;
		if (!((((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].watch)==2)))
			continue;
		_m = 3; goto P999; /* 0 */
	case 74: // STATE 16 - launch.pml:239 - [D_STEP239]
		if (!(((boq == -1 && (((int)((P0 *)_this)->c)>=3))) || (boq == -1 /* else */)))
			continue;

		reached[0][16] = 1;
		reached[0][t->st] = 1;
		reached[0][tt] = 1;

		if (TstOnly) return 1;


		reached[0][16] = 1;
		reached[0][t->st] = 1;
		reached[0][tt] = 1;

		sv_save();
		S_008_0: /* 2 */
S_006_0: /* 2 */
S_002_0: /* 2 */
		if (!((((int)((P0 *)_this)->c)>=3)))
			goto S_006_1;
S_003_0: /* 2 */
		Printf("Redis: EXEC that came late, from an old connection, in term %d\n", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era));
		goto S_007_0;
S_006_1: /* 3 */
S_004_0: /* 2 */
		/* else */;
S_005_0: /* 2 */
		Printf("Redis: EXEC of %c, in term %d\n", (65+((int)((P0 *)_this)->c)), ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era));
		goto S_007_0;
S_006_2: /* 3 */
		Uerror("blocking sel in d_step (nr.36, near line 273)");
S_007_0: /* 2 */
		goto S_009_0;
S_009_0: /* 2 */
		Printf("       void, a watched key has changed\n");
S_013_0: /* 2 */
S_010_0: /* 2 */
		if (!( !((((int)((P0 *)_this)->c)>=3))))
			goto S_013_1;
S_011_0: /* 2 */
		now.answer[ Index(((P0 *)_this)->c, 3) ] = 2;
#ifdef VAR_RANGES
		logval("answer[Socket:c]", ((int)now.answer[ Index(((int)((P0 *)_this)->c), 3) ]));
#endif
		;
		goto S_014_0;
S_013_1: /* 3 */
S_012_0: /* 2 */
		/* else */;
		goto S_014_0;
S_013_2: /* 3 */
		Uerror("blocking sel in d_step (nr.37, near line 242)");
S_014_0: /* 2 */
		goto S_146_0;
S_146_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 75: // STATE 147 - launch.pml:262 - [.(goto)] (0:193:0 - 2)
		IfNotBlocked
		reached[0][147] = 1;
		;
		_m = 3; goto P999; /* 0 */
	case 76: // STATE 18 - launch.pml:179 - [n = 0] (0:46:2 - 1)
		IfNotBlocked
		reached[0][18] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.n);
		now.n = 0;
#ifdef VAR_RANGES
		logval("n", ((int)now.n));
#endif
		;
		/* merge: isRefusing = 0(46, 19, 46) */
		reached[0][19] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.isRefusing);
		now.isRefusing = 0;
#ifdef VAR_RANGES
		logval("isRefusing", ((int)now.isRefusing));
#endif
		;
		_m = 3; goto P999; /* 1 */
	case 77: // STATE 20 - launch.pml:182 - [((n<1))] (25:0:2 - 1)
		IfNotBlocked
		reached[0][20] = 1;
		if (!((((int)now.n)<1)))
			continue;
		/* merge: refuseFrom[n] = 255(25, 21, 25) */
		reached[0][21] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.refuseFrom[ Index(((int)now.n), 1) ]);
		now.refuseFrom[ Index(now.n, 1) ] = 255;
#ifdef VAR_RANGES
		logval("refuseFrom[n]", ((int)now.refuseFrom[ Index(((int)now.n), 1) ]));
#endif
		;
		/* merge: n = (n+1)(25, 22, 25) */
		reached[0][22] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.n);
		now.n = (((int)now.n)+1);
#ifdef VAR_RANGES
		logval("n", ((int)now.n));
#endif
		;
		/* merge: .(goto)(0, 26, 25) */
		reached[0][26] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 78: // STATE 28 - launch.pml:183 - [((refusals>0))] (43:0:2 - 1)
		IfNotBlocked
		reached[0][28] = 1;
		if (!((((int)now.refusals)>0)))
			continue;
		/* merge: refusals = (refusals-1)(43, 29, 43) */
		reached[0][29] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.refusals);
		now.refusals = (((int)now.refusals)-1);
#ifdef VAR_RANGES
		logval("refusals", ((int)now.refusals));
#endif
		;
		/* merge: isRefusing = 1(43, 30, 43) */
		reached[0][30] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.isRefusing);
		now.isRefusing = 1;
#ifdef VAR_RANGES
		logval("isRefusing", ((int)now.isRefusing));
#endif
		;
		/* merge: .(goto)(0, 44, 43) */
		reached[0][44] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 79: // STATE 31 - launch.pml:187 - [((n<1))] (37:0:2 - 1)
		IfNotBlocked
		reached[0][31] = 1;
		if (!((((int)now.n)<1)))
			continue;
		/* merge: refuseFrom[n] = (conn[c].mem[n]+1)(37, 32, 37) */
		reached[0][32] = 1;
		(trpt+1)->bup.ovals = grab_ints(2);
		(trpt+1)->bup.ovals[0] = ((int)now.refuseFrom[ Index(((int)now.n), 1) ]);
		now.refuseFrom[ Index(now.n, 1) ] = (((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].mem[ Index(((int)now.n), 1) ])+1);
#ifdef VAR_RANGES
		logval("refuseFrom[n]", ((int)now.refuseFrom[ Index(((int)now.n), 1) ]));
#endif
		;
		/* merge: refuseTo[n] = 255(37, 33, 37) */
		reached[0][33] = 1;
		(trpt+1)->bup.ovals[1] = ((int)now.refuseTo[ Index(((int)now.n), 1) ]);
		now.refuseTo[ Index(now.n, 1) ] = 255;
#ifdef VAR_RANGES
		logval("refuseTo[n]", ((int)now.refuseTo[ Index(((int)now.n), 1) ]));
#endif
		;
		/* merge: .(goto)(0, 38, 37) */
		reached[0][38] = 1;
		;
		_m = 3; goto P999; /* 3 */
	case 80: // STATE 34 - launch.pml:191 - [((refuseFrom[n]<=conn[c].upto[n]))] (37:0:1 - 1)
		IfNotBlocked
		reached[0][34] = 1;
		if (!((((int)now.refuseFrom[ Index(((int)now.n), 1) ])<=((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].upto[ Index(((int)now.n), 1) ]))))
			continue;
		/* merge: refuseFrom[n] = (refuseFrom[n]+1)(0, 35, 37) */
		reached[0][35] = 1;
		(trpt+1)->bup.oval = ((int)now.refuseFrom[ Index(((int)now.n), 1) ]);
		now.refuseFrom[ Index(now.n, 1) ] = (((int)now.refuseFrom[ Index(((int)now.n), 1) ])+1);
#ifdef VAR_RANGES
		logval("refuseFrom[n]", ((int)now.refuseFrom[ Index(((int)now.n), 1) ]));
#endif
		;
		/* merge: .(goto)(0, 38, 37) */
		reached[0][38] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 81: // STATE 36 - launch.pml:192 - [goto :b3] (0:43:1 - 1)
		IfNotBlocked
		reached[0][36] = 1;
		;
		/* merge: n = (n+1)(43, 40, 43) */
		reached[0][40] = 1;
		(trpt+1)->bup.oval = ((int)now.n);
		now.n = (((int)now.n)+1);
#ifdef VAR_RANGES
		logval("n", ((int)now.n));
#endif
		;
		/* merge: .(goto)(0, 44, 43) */
		reached[0][44] = 1;
		;
		_m = 3; goto P999; /* 2 */
	case 82: // STATE 40 - launch.pml:197 - [n = (n+1)] (0:43:1 - 2)
		IfNotBlocked
		reached[0][40] = 1;
		(trpt+1)->bup.oval = ((int)now.n);
		now.n = (((int)now.n)+1);
#ifdef VAR_RANGES
		logval("n", ((int)now.n));
#endif
		;
		/* merge: .(goto)(0, 44, 43) */
		reached[0][44] = 1;
		;
		_m = 3; goto P999; /* 1 */
	case 83: // STATE 48 - launch.pml:201 - [n = 0] (0:145:1 - 7)
		IfNotBlocked
		reached[0][48] = 1;
		(trpt+1)->bup.oval = ((int)now.n);
		now.n = 0;
#ifdef VAR_RANGES
		logval("n", ((int)now.n));
#endif
		;
		_m = 3; goto P999; /* 0 */
	case 84: // STATE 145 - launch.pml:246 - [D_STEP246]
		if (!(((boq == -1 && (((int)((P0 *)_this)->c)>=3))) || (boq == -1 /* else */)))
			continue;

		reached[0][145] = 1;
		reached[0][t->st] = 1;
		reached[0][tt] = 1;

		if (TstOnly) return 1;


		reached[0][145] = 1;
		reached[0][t->st] = 1;
		reached[0][tt] = 1;

		sv_save();
		S_055_0: /* 2 */
S_053_0: /* 2 */
S_049_0: /* 2 */
		if (!((((int)((P0 *)_this)->c)>=3)))
			goto S_053_1;
S_050_0: /* 2 */
		Printf("Redis: EXEC that came late, from an old connection, in term %d\n", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era));
		goto S_054_0;
S_053_1: /* 3 */
S_051_0: /* 2 */
		/* else */;
S_052_0: /* 2 */
		Printf("Redis: EXEC of %c, in term %d\n", (65+((int)((P0 *)_this)->c)), ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era));
		goto S_054_0;
S_053_2: /* 3 */
		Uerror("blocking sel in d_step (nr.38, near line 273)");
S_054_0: /* 2 */
		goto S_056_0;
S_056_0: /* 2 */
		hasWritten = 0;
#ifdef VAR_RANGES
		logval("hasWritten", ((int)hasWritten));
#endif
		;
S_057_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_105_0: /* 2 */
S_104_0: /* 2 */
S_058_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_104_1;
S_100_0: /* 2 */
S_059_0: /* 2 */
		k = ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].mem[ Index(((int)j), 1) ]);
#ifdef VAR_RANGES
		logval("k", ((int)k));
#endif
		;
S_060_0: /* 2 */
		isWhole = 1;
#ifdef VAR_RANGES
		logval("isWhole", ((int)isWhole));
#endif
		;
S_061_0: /* 2 */
		t = (((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].mem[ Index(((int)j), 1) ])+1);
#ifdef VAR_RANGES
		logval("t", ((int)t));
#endif
		;
S_082_0: /* 2 */
S_081_0: /* 2 */
S_062_0: /* 2 */
		if (!((((int)t)<=((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].upto[ Index(((int)j), 1) ]))))
			goto S_081_1;
S_071_0: /* 2 */
S_063_0: /* 2 */
		if (!(((((int)now.refuseFrom[ Index(((int)j), 1) ])<=((int)t))&&(((int)t)<=((int)now.refuseTo[ Index(((int)j), 1) ])))))
			goto S_071_1;
S_064_0: /* 2 */
		Printf("       job %d tick %d: the add fails\n", (((int)j)+1), ((int)t));
S_065_0: /* 2 */
		isWhole = 0;
#ifdef VAR_RANGES
		logval("isWhole", ((int)isWhole));
#endif
		;
		goto S_072_0;
S_071_1: /* 3 */
S_066_0: /* 2 */
		/* else */;
S_067_0: /* 2 */
		Printf("       job %d tick %d: run added\n", (((int)j)+1), ((int)t));
S_068_0: /* 2 */
		spin_assert( !(((int)now.redis.known[ Index((((((int)j)*2)+((int)t))-1), 2) ])), " !(redis.known[(((j*2)+t)-1)])", II, tt, t);
S_069_0: /* 2 */
		now.redis.known[ Index((((j*2)+t)-1), 2) ] = 1;
#ifdef VAR_RANGES
		logval("redis.known[(((j*2)+t)-1)]", ((int)now.redis.known[ Index((((((int)j)*2)+((int)t))-1), 2) ]));
#endif
		;
S_070_0: /* 2 */
		hasWritten = 1;
#ifdef VAR_RANGES
		logval("hasWritten", ((int)hasWritten));
#endif
		;
		goto S_072_0;
S_071_2: /* 3 */
		Uerror("blocking sel in d_step (nr.39, near line 209)");
S_072_0: /* 2 */
S_076_0: /* 2 */
S_073_0: /* 2 */
		if (!(((int)isWhole)))
			goto S_076_1;
S_074_0: /* 2 */
		k = ((int)t);
#ifdef VAR_RANGES
		logval("k", ((int)k));
#endif
		;
		goto S_077_0;
S_076_1: /* 3 */
S_075_0: /* 2 */
		/* else */;
		goto S_077_0;
S_076_2: /* 3 */
		Uerror("blocking sel in d_step (nr.40, near line 222)");
S_077_0: /* 2 */
S_078_0: /* 2 */
		t = (((int)t)+1);
#ifdef VAR_RANGES
		logval("t", ((int)t));
#endif
		;
		goto S_082_0; /* ';' */
S_081_1: /* 3 */
S_079_0: /* 2 */
		/* else */;
S_080_0: /* 2 */
		goto S_098_0;	/* 'goto' */
S_081_2: /* 3 */
		Uerror("blocking sel in d_step (nr.41, near line 224)");
S_083_0: /* 2 */
		goto S_098_0;	/* 'break' */
S_098_0: /* 2 */
S_084_0: /* 2 */
		if (!((((int)k)!=((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].mem[ Index(((int)j), 1) ]))))
			goto S_098_1;
S_085_0: /* 2 */
		Printf("       job %d: cursor moves from %d to %d\n", (((int)j)+1), ((int)now.redis.cursor[ Index(((int)j), 1) ]), ((int)k));
S_086_0: /* 2 */
		now.redis.cursor[ Index(j, 1) ] = ((int)k);
#ifdef VAR_RANGES
		logval("redis.cursor[j]", ((int)now.redis.cursor[ Index(((int)j), 1) ]));
#endif
		;
S_087_0: /* 2 */
		hasWritten = 1;
#ifdef VAR_RANGES
		logval("hasWritten", ((int)hasWritten));
#endif
		;
S_088_0: /* 2 */
		t = (((int)now.since[ Index(((int)j), 1) ])+1);
#ifdef VAR_RANGES
		logval("t", ((int)t));
#endif
		;
S_095_0: /* 2 */
S_094_0: /* 2 */
S_089_0: /* 2 */
		if (!((((int)t)<=((int)k))))
			goto S_094_1;
S_090_0: /* 2 */
		spin_assert(((int)now.redis.known[ Index((((((int)j)*2)+((int)t))-1), 2) ]), "redis.known[(((j*2)+t)-1)]", II, tt, t);
S_091_0: /* 2 */
		t = (((int)t)+1);
#ifdef VAR_RANGES
		logval("t", ((int)t));
#endif
		;
		goto S_095_0; /* ';' */
S_094_1: /* 3 */
S_092_0: /* 2 */
		/* else */;
S_093_0: /* 2 */
		goto S_101_0;	/* 'goto' */
S_094_2: /* 3 */
		Uerror("blocking sel in d_step (nr.42, near line 230)");
S_096_0: /* 2 */
		goto S_101_0;	/* 'break' */
		goto S_099_0;
S_098_1: /* 3 */
S_097_0: /* 2 */
		/* else */;
		goto S_099_0;
S_098_2: /* 3 */
		Uerror("blocking sel in d_step (nr.43, near line 225)");
S_099_0: /* 2 */
		goto S_101_0;
S_101_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_105_0; /* ';' */
S_104_1: /* 3 */
S_102_0: /* 2 */
		/* else */;
S_103_0: /* 2 */
		goto S_126_0;	/* 'goto' */
S_104_2: /* 3 */
		Uerror("blocking sel in d_step (nr.44, near line 249)");
S_106_0: /* 2 */
		goto S_126_0;	/* 'break' */
S_126_0: /* 2 */
S_107_0: /* 2 */
		if (!(((int)hasWritten)))
			goto S_126_1;
S_108_0: /* 2 */
		spin_assert((((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era)==((int)now.redis.era)), "(conn[c].era==redis.era)", II, tt, t);
S_109_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].watch", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].watch));
#endif
		;
S_124_0: /* 2 */
S_123_0: /* 2 */
S_110_0: /* 2 */
		i = 0;
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
S_121_0: /* 2 */
S_120_0: /* 2 */
S_111_0: /* 2 */
		if (!((((int)i)<=((3+2)-1))))
			goto S_120_1;
S_115_0: /* 2 */
S_112_0: /* 2 */
		if (!((((int)now.conn[ Index(((int)i), 5) ].watch)==1)))
			goto S_115_1;
S_113_0: /* 2 */
		now.conn[ Index(i, 5) ].watch = 2;
#ifdef VAR_RANGES
		logval("conn[i].watch", ((int)now.conn[ Index(((int)i), 5) ].watch));
#endif
		;
		goto S_116_0;
S_115_1: /* 3 */
S_114_0: /* 2 */
		/* else */;
		goto S_116_0;
S_115_2: /* 3 */
		Uerror("blocking sel in d_step (nr.45, near line 143)");
S_116_0: /* 2 */
S_117_0: /* 2 */
		i = (((int)i)+1);
#ifdef VAR_RANGES
		logval("i", ((int)i));
#endif
		;
		goto S_121_0; /* ';' */
S_120_1: /* 3 */
S_118_0: /* 2 */
		/* else */;
S_119_0: /* 2 */
		goto S_131_0;	/* 'goto' */
S_120_2: /* 3 */
		Uerror("blocking sel in d_step (nr.46, near line 144)");
S_122_0: /* 2 */
		goto S_131_0;	/* 'break' */
		goto S_127_0;
S_126_1: /* 3 */
S_125_0: /* 2 */
		/* else */;
		goto S_127_0;
S_126_2: /* 3 */
		Uerror("blocking sel in d_step (nr.47, near line 250)");
S_127_0: /* 2 */
S_131_0: /* 2 */
S_128_0: /* 2 */
		if (!( !((((int)((P0 *)_this)->c)>=3))))
			goto S_131_1;
S_129_0: /* 2 */
		now.answer[ Index(((P0 *)_this)->c, 3) ] = ( (((int)now.isRefusing)) ? (3) : (1) );
#ifdef VAR_RANGES
		logval("answer[Socket:c]", ((int)now.answer[ Index(((int)((P0 *)_this)->c), 3) ]));
#endif
		;
		goto S_132_0;
S_131_1: /* 3 */
S_130_0: /* 2 */
		/* else */;
		goto S_132_0;
S_131_2: /* 3 */
		Uerror("blocking sel in d_step (nr.48, near line 257)");
S_132_0: /* 2 */
S_133_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_141_0: /* 2 */
S_140_0: /* 2 */
S_134_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_140_1;
S_135_0: /* 2 */
		now.refuseFrom[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("refuseFrom[j]", ((int)now.refuseFrom[ Index(((int)j), 1) ]));
#endif
		;
S_136_0: /* 2 */
		now.refuseTo[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("refuseTo[j]", ((int)now.refuseTo[ Index(((int)j), 1) ]));
#endif
		;
S_137_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_141_0; /* ';' */
S_140_1: /* 3 */
S_138_0: /* 2 */
		/* else */;
S_139_0: /* 2 */
		goto S_142_0;	/* 'goto' */
S_140_2: /* 3 */
		Uerror("blocking sel in d_step (nr.49, near line 258)");
S_142_0: /* 2 */
		goto S_143_0;	/* 'break' */
S_143_0: /* 2 */
		now.isRefusing = 0;
#ifdef VAR_RANGES
		logval("isRefusing", ((int)now.isRefusing));
#endif
		;
		goto S_146_0; /* ';' */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 85: // STATE 193 - launch.pml:262 - [D_STEP262]
		IfNotBlocked

		reached[0][193] = 1;
		reached[0][t->st] = 1;
		reached[0][tt] = 1;

		if (TstOnly) return 1;

		sv_save();
		S_147_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].pending", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].pending));
#endif
		;
S_148_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].watch", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].watch));
#endif
		;
S_190_0: /* 2 */
S_149_0: /* 2 */
		if (!((((int)((P0 *)_this)->c)>=3)))
			goto S_190_1;
S_166_0: /* 2 */
S_150_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].watch", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].watch));
#endif
		;
S_151_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].pending", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].pending));
#endif
		;
S_152_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].number", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].number));
#endif
		;
S_153_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].token", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].token));
#endif
		;
S_154_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].era", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era));
#endif
		;
S_165_0: /* 2 */
S_155_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_163_0: /* 2 */
S_162_0: /* 2 */
S_156_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_162_1;
S_157_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].mem[j]", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_158_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].upto[j]", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_159_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_163_0; /* ';' */
S_162_1: /* 3 */
S_160_0: /* 2 */
		/* else */;
S_161_0: /* 2 */
		goto S_164_0;	/* 'goto' */
S_162_2: /* 3 */
		Uerror("blocking sel in d_step (nr.50, near line 164)");
S_164_0: /* 2 */
		goto S_191_0;	/* 'break' */
S_190_1: /* 3 */
S_167_0: /* 2 */
		/* else */;
S_188_0: /* 2 */
S_168_0: /* 2 */
		if (!( !(((int)now.alive[ Index(((int)((P0 *)_this)->c), 3) ]))))
			goto S_188_1;
S_185_0: /* 2 */
S_169_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].watch = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].watch", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].watch));
#endif
		;
S_170_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].pending = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].pending", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].pending));
#endif
		;
S_171_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].number = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].number", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].number));
#endif
		;
S_172_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].token = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].token", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].token));
#endif
		;
S_173_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].era = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].era", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].era));
#endif
		;
S_184_0: /* 2 */
S_174_0: /* 2 */
		j = 0;
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
S_182_0: /* 2 */
S_181_0: /* 2 */
S_175_0: /* 2 */
		if (!((((int)j)<=(1-1))))
			goto S_181_1;
S_176_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].mem[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].mem[j]", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].mem[ Index(((int)j), 1) ]));
#endif
		;
S_177_0: /* 2 */
		now.conn[ Index(((P0 *)_this)->c, 5) ].upto[ Index(j, 1) ] = 0;
#ifdef VAR_RANGES
		logval("conn[Socket:c].upto[j]", ((int)now.conn[ Index(((int)((P0 *)_this)->c), 5) ].upto[ Index(((int)j), 1) ]));
#endif
		;
S_178_0: /* 2 */
		j = (((int)j)+1);
#ifdef VAR_RANGES
		logval("j", ((int)j));
#endif
		;
		goto S_182_0; /* ';' */
S_181_1: /* 3 */
S_179_0: /* 2 */
		/* else */;
S_180_0: /* 2 */
		goto S_186_0;	/* 'goto' */
S_181_2: /* 3 */
		Uerror("blocking sel in d_step (nr.51, near line 164)");
S_183_0: /* 2 */
		goto S_186_0;	/* 'break' */
		goto S_186_0;
		goto S_186_0;
S_186_0: /* 2 */
		now.answer[ Index(((P0 *)_this)->c, 3) ] = 0;
#ifdef VAR_RANGES
		logval("answer[Socket:c]", ((int)now.answer[ Index(((int)((P0 *)_this)->c), 3) ]));
#endif
		;
		goto S_189_0;
S_188_1: /* 3 */
S_187_0: /* 2 */
		/* else */;
		goto S_189_0;
S_188_2: /* 3 */
		Uerror("blocking sel in d_step (nr.52, near line 267)");
S_189_0: /* 2 */
		goto S_191_0;
S_190_2: /* 3 */
		Uerror("blocking sel in d_step (nr.53, near line 265)");
S_191_0: /* 2 */
		goto S_196_0;
S_196_0: /* 1 */

#if defined(C_States) && (HAS_TRACK==1)
		c_update((uchar *) &(now.c_state[0]));
#endif
		_m = 3; goto P999;

	case 86: // STATE 199 - launch.pml:284 - [-end-] (0:0:0 - 1)
		IfNotBlocked
		reached[0][199] = 1;
		if (!delproc(1, II)) continue;
		_m = 3; goto P999; /* 0 */
	case  _T5:	/* np_ */
		if (!((!(trpt->o_pm&4) && !(trpt->tau&128))))
			continue;
		/* else fall through */
	case  _T2:	/* true */
		_m = 3; goto P999;
#undef rand
	}

