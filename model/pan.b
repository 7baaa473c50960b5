	switch (t->back) {
	default: Uerror("bad return move");
	case  0: goto R999; /* nothing to undo */

		 /* PROC :init: */
	case 3: // STATE 11
		sv_restor();
		goto R999;

	case 4: // STATE 12
		;
		((P4 *)_this)->c = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 6: // STATE 14
		;
		;
		delproc(0, now._nr_pr-1);
		;
		goto R999;

	case 7: // STATE 15
		;
		;
		delproc(0, now._nr_pr-1);
		;
		goto R999;

	case 8: // STATE 16
		;
		((P4 *)_this)->c = trpt->bup.oval;
		;
		goto R999;

	case 9: // STATE 22
		;
		((P4 *)_this)->c = trpt->bup.oval;
		;
		goto R999;
;
		;
		
	case 11: // STATE 24
		;
		;
		delproc(0, now._nr_pr-1);
		;
		goto R999;

	case 12: // STATE 25
		;
		((P4 *)_this)->c = trpt->bup.oval;
		;
		goto R999;

	case 13: // STATE 31
		;
		((P4 *)_this)->c = trpt->bup.oval;
		;
		goto R999;

	case 14: // STATE 34
		;
		now.due = trpt->bup.oval;
		;
		goto R999;

	case 15: // STATE 40
		;
		now.redis.lease = trpt->bup.ovals[1];
		now.expiries = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 16: // STATE 43
		;
		now.failovers = trpt->bup.oval;
		;
		goto R999;
	case 17: // STATE 69
		sv_restor();
		goto R999;
;
		
	case 18: // STATE 71
		goto R999;
	case 19: // STATE 178
		sv_restor();
		goto R999;
	case 20: // STATE 210
		sv_restor();
		goto R999;
;
		
	case 21: // STATE 211
		goto R999;
;
		;
			case 23: // STATE 241
		sv_restor();
		goto R999;

	case 24: // STATE 243
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC Ttl */

	case 25: // STATE 3
		;
		now.redis.lease = trpt->bup.oval;
		;
		goto R999;

	case 26: // STATE 8
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC Fate */

	case 27: // STATE 2
		;
		now.drops = trpt->bup.oval;
		;
		goto R999;
;
		
	case 28: // STATE 3
		goto R999;
;
		
	case 29: // STATE 32
		goto R999;
;
		
	case 30: // STATE 4
		goto R999;
	case 31: // STATE 30
		sv_restor();
		goto R999;
	case 32: // STATE 39
		sv_restor();
		goto R999;

	case 33: // STATE 42
		;
		now.crashes = trpt->bup.oval;
		;
		goto R999;
;
		
	case 34: // STATE 43
		goto R999;
;
		
	case 35: // STATE 65
		goto R999;
;
		;
			case 37: // STATE 63
		sv_restor();
		goto R999;
	case 38: // STATE 71
		sv_restor();
		goto R999;

	case 39: // STATE 76
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC Replica */
;
		;
			case 41: // STATE 38
		sv_restor();
		goto R999;
	case 42: // STATE 43
		sv_restor();
		goto R999;

	case 43: // STATE 46
		;
		now.lostBids = trpt->bup.oval;
		;
		goto R999;
;
		;
			case 45: // STATE 66
		sv_restor();
		goto R999;
;
		;
			case 47: // STATE 105
		sv_restor();
		goto R999;
;
		;
			case 49: // STATE 130
		sv_restor();
		goto R999;
;
		
	case 50: // STATE 131
		goto R999;
;
		;
			case 52: // STATE 146
		sv_restor();
		goto R999;
;
		
	case 53: // STATE 148
		goto R999;
;
		
	case 54: // STATE 152
		goto R999;
	case 55: // STATE 176
		sv_restor();
		goto R999;

	case 56: // STATE 182
		;
		now.swapped[ Index(((P1 *)_this)->me, 3) ] = trpt->bup.oval;
		;
		goto R999;
;
		
	case 57: // STATE 183
		goto R999;
	case 58: // STATE 207
		sv_restor();
		goto R999;
;
		
	case 59: // STATE 208
		goto R999;
;
		
	case 60: // STATE 216
		goto R999;
;
		
	case 61: // STATE 209
		goto R999;

	case 62: // STATE 214
		;
		now.conn[ Index(((P1 *)_this)->me, 5) ].watch = trpt->bup.oval;
		;
		goto R999;
;
		;
		;
		
	case 64: // STATE 219
		goto R999;

	case 65: // STATE 226
		;
		now.conn[ Index(((P1 *)_this)->me, 5) ].pending = trpt->bup.oval;
		;
		goto R999;
;
		;
			case 67: // STATE 241
		sv_restor();
		goto R999;
;
		
	case 68: // STATE 244
		goto R999;
;
		
	case 69: // STATE 248
		goto R999;
;
		
	case 70: // STATE 252
		goto R999;

	case 71: // STATE 258
		;
		p_restor(II);
		;
		;
		goto R999;

		 /* PROC Socket */
;
		;
		;
		;
			case 74: // STATE 16
		sv_restor();
		goto R999;
;
		
	case 75: // STATE 147
		goto R999;

	case 76: // STATE 19
		;
		now.isRefusing = trpt->bup.ovals[1];
		now.n = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 77: // STATE 22
		;
		now.n = trpt->bup.ovals[1];
		now.refuseFrom[ Index(now.n, 1) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 78: // STATE 30
		;
		now.isRefusing = trpt->bup.ovals[1];
		now.refusals = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 79: // STATE 33
		;
		now.refuseTo[ Index(now.n, 1) ] = trpt->bup.ovals[1];
		now.refuseFrom[ Index(now.n, 1) ] = trpt->bup.ovals[0];
		;
		ungrab_ints(trpt->bup.ovals, 2);
		goto R999;

	case 80: // STATE 35
		;
		now.refuseFrom[ Index(now.n, 1) ] = trpt->bup.oval;
		;
		goto R999;

	case 81: // STATE 40
		;
		now.n = trpt->bup.oval;
		;
		goto R999;

	case 82: // STATE 40
		;
		now.n = trpt->bup.oval;
		;
		goto R999;

	case 83: // STATE 48
		;
		now.n = trpt->bup.oval;
		;
		goto R999;
	case 84: // STATE 145
		sv_restor();
		goto R999;
	case 85: // STATE 193
		sv_restor();
		goto R999;

	case 86: // STATE 199
		;
		p_restor(II);
		;
		;
		goto R999;
	}

