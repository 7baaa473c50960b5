#ifdef PEG
struct T_SRC {
	char *fl; int ln;
} T_SRC[NTRANS];

void
tr_2_src(int m, char *file, int ln)
{	T_SRC[m].fl = file;
	T_SRC[m].ln = ln;
}

void
putpeg(int n, int m)
{	printf("%5d	trans %4d ", m, n);
	printf("%s:%d\n",
		T_SRC[n].fl, T_SRC[n].ln);
}
#endif

void
settable(void)
{	Trans *T;
	Trans *settr(int, int, int, int, int, char *, int, int, int);

	trans = (Trans ***) emalloc(6*sizeof(Trans **));

	/* proctype 4: :init: */

	trans[4] = (Trans **) emalloc(244*sizeof(Trans *));

	T = trans[ 4][32] = settr(572,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(572,2,11,0,0,"ATOMIC", 1, 2, 0);
/*->*/	trans[4][11]	= settr(551,34,12,3,3,"D_STEP551", 1, 2, 0);
	trans[4][12]	= settr(552,2,19,4,4,"c = 0", 1, 2, 0);
	trans[4][20]	= settr(560,2,19,1,0,".(goto)", 1, 2, 0);
	T = trans[4][19] = settr(559,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(559,2,13,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(559,2,17,0,0,"DO", 1, 2, 0);
	trans[4][13]	= settr(553,2,14,5,0,"((c<=(3-1)))", 1, 2, 0);
	trans[4][14]	= settr(554,2,15,6,6,"(run Replica(c))", 1, 2, 0);
	trans[4][15]	= settr(555,2,16,7,7,"(run Fate(c))", 1, 2, 0);
	trans[4][16]	= settr(556,2,19,8,8,"c = (c+1)", 1, 2, 0);
	trans[4][17]	= settr(557,2,22,2,0,"else", 1, 2, 0);
	trans[4][18]	= settr(558,2,22,1,0,"goto :b26", 1, 2, 0); /* m: 22 -> 0,28 */
	reached4[22] = 1;
	trans[4][21]	= settr(561,2,22,1,0,"break", 1, 2, 0);
	trans[4][22]	= settr(562,2,28,9,9,"c = 0", 1, 2, 0);
	trans[4][29]	= settr(569,2,28,1,0,".(goto)", 1, 2, 0);
	T = trans[4][28] = settr(568,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(568,2,23,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(568,2,26,0,0,"DO", 1, 2, 0);
	trans[4][23]	= settr(563,2,24,10,0,"((c<=((3+2)-1)))", 1, 2, 0);
	trans[4][24]	= settr(564,2,25,11,11,"(run Socket(c))", 1, 2, 0);
	trans[4][25]	= settr(565,2,28,12,12,"c = (c+1)", 1, 2, 0);
	trans[4][26]	= settr(566,2,30,2,0,"else", 1, 2, 0);
	trans[4][27]	= settr(567,2,30,1,0,"goto :b27", 1, 2, 0);
	trans[4][30]	= settr(570,2,31,1,0,"break", 1, 2, 0);
	trans[4][31]	= settr(571,0,214,13,13,"c = 0", 1, 2, 0);
	trans[4][215]	= settr(755,0,214,1,0,".(goto)", 0, 2, 0);
	T = trans[4][214] = settr(754,0,0,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(754,0,36,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(754,0,41,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(754,0,70,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(754,0,179,0,0,"DO", 0, 2, 0);
	    T->nxt	= settr(754,0,213,0,0,"DO", 0, 2, 0);
	T = trans[ 4][36] = settr(576,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(576,2,33,0,0,"ATOMIC", 1, 2, 0);
	trans[4][33]	= settr(573,0,214,14,14,"((due<2))", 1, 2, 0); /* m: 34 -> 214,0 */
	reached4[34] = 1;
	trans[4][34]	= settr(0,0,0,0,0,"due = (due+1)",0,0,0);
	trans[4][35]	= settr(0,0,0,0,0,"printf('Tick %d is due\\n',due)",0,0,0);
	T = trans[ 4][41] = settr(581,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(581,2,37,0,0,"ATOMIC", 1, 2, 0);
	trans[4][37]	= settr(577,0,214,15,15,"((((expiries>0)&&(redis.lease!=0))&&(((leading[0]&&(conn[0].token==redis.lease))||(leading[1]&&(conn[1].token==redis.lease)))||(leading[2]&&(conn[2].token==redis.lease)))))", 1, 2, 0); /* m: 38 -> 214,0 */
	reached4[38] = 1;
	trans[4][38]	= settr(0,0,0,0,0,"expiries = (expiries-1)",0,0,0);
	trans[4][39]	= settr(0,0,0,0,0,"printf('Redis: the leader's lease ends\\n')",0,0,0);
	trans[4][40]	= settr(0,0,0,0,0,"redis.lease = 0",0,0,0);
	T = trans[ 4][70] = settr(610,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(610,2,42,0,0,"ATOMIC", 1, 2, 0);
	trans[4][42]	= settr(582,2,69,16,16,"(((failovers>0)&&!(backedUp)))", 1, 2, 0); /* m: 43 -> 69,0 */
	reached4[43] = 1;
	trans[4][43]	= settr(0,0,0,0,0,"failovers = (failovers-1)",0,0,0);
	trans[4][44]	= settr(0,0,0,0,0,"printf('Redis: from here on, nothing reaches the replica of Redis\\n')",0,0,0);
/*->*/	trans[4][69]	= settr(609,36,214,17,17,"D_STEP568", 1, 2, 0);
	T = trans[ 4][179] = settr(719,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(719,2,71,0,0,"ATOMIC", 1, 2, 0);
	trans[4][71]	= settr(611,2,178,18,18,"(backedUp)", 1, 2, 0); /* m: 72 -> 178,0 */
	reached4[72] = 1;
	trans[4][72]	= settr(0,0,0,0,0,"printf('Redis: fails over\\n')",0,0,0);
/*->*/	trans[4][178]	= settr(718,36,214,19,19,"D_STEP570", 1, 2, 0);
	T = trans[ 4][213] = settr(753,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(753,2,210,0,0,"ATOMIC", 1, 2, 0);
/*->*/	trans[4][210]	= settr(750,34,211,20,20,"D_STEP571", 1, 2, 0);
	trans[4][211]	= settr(751,4,242,21,21,"printf('From here on, nothing bad happens\\n')", 1, 2, 0); /* m: 212 -> 0,242 */
	reached4[212] = 1;
	trans[4][212]	= settr(752,0,242,1,0,"goto :b28", 1, 2, 0);
	trans[4][216]	= settr(756,0,242,1,0,"break", 0, 2, 0);
	T = trans[ 4][242] = settr(782,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(782,2,217,0,0,"ATOMIC", 1, 3000, 0);
	trans[4][217]	= settr(757,2,241,22,0,"(timeout)", 1, 3000, 0);
/*->*/	trans[4][241]	= settr(781,36,243,23,23,"D_STEP579", 1, 2, 0);
	trans[4][243]	= settr(783,0,0,24,24,"-end-", 0, 3500, 0);

	/* proctype 3: Ttl */

	trans[3] = (Trans **) emalloc(9*sizeof(Trans *));

	trans[3][6]	= settr(538,0,5,1,0,".(goto)", 0, 2, 0);
	T = trans[3][5] = settr(537,0,0,0,0,"DO", 0, 2, 0);
	    T->nxt	= settr(537,0,4,0,0,"DO", 0, 2, 0);
	T = trans[ 3][4] = settr(536,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(536,2,1,0,0,"ATOMIC", 1, 2, 0);
	trans[3][1]	= settr(533,0,5,25,25,"(((redis.lease!=0)&&!((((leading[0]&&(conn[0].token==redis.lease))||(leading[1]&&(conn[1].token==redis.lease)))||(leading[2]&&(conn[2].token==redis.lease))))))", 1, 2, 0); /* m: 2 -> 5,0 */
	reached3[2] = 1;
	trans[3][2]	= settr(0,0,0,0,0,"printf('Redis: a lease that nobody renews runs out\\n')",0,0,0);
	trans[3][3]	= settr(0,0,0,0,0,"redis.lease = 0",0,0,0);
	trans[3][7]	= settr(539,0,8,1,0,"break", 0, 2, 0);
	trans[3][8]	= settr(540,0,0,26,26,"-end-", 0, 3500, 0);

	/* proctype 2: Fate */

	trans[2] = (Trans **) emalloc(77*sizeof(Trans *));

	trans[2][74]	= settr(530,0,73,1,0,".(goto)", 0, 2, 0);
	T = trans[2][73] = settr(529,0,0,0,0,"DO", 0, 2, 0);
	T = T->nxt	= settr(529,0,40,0,0,"DO", 0, 2, 0);
	    T->nxt	= settr(529,0,72,0,0,"DO", 0, 2, 0);
	T = trans[ 2][40] = settr(496,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(496,2,1,0,0,"ATOMIC", 1, 2, 0);
	trans[2][1]	= settr(457,2,31,27,27,"(((((drops>0)&&alive[r])&&leading[r])&&(((conn[r].pending||(answer[r]!=0))||!(stale[r]))||!(swapped[r]))))", 1, 2, 0); /* m: 2 -> 31,0 */
	reached2[2] = 1;
	trans[2][2]	= settr(0,0,0,0,0,"drops = (drops-1)",0,0,0);
	T = trans[2][31] = settr(487,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(487,2,3,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(487,2,4,0,0,"IF", 1, 2, 0);
	trans[2][3]	= settr(459,2,39,28,28,"printf('%c's connection breaks\\n',(65+r))", 1, 2, 0); /* m: 32 -> 0,39 */
	reached2[32] = 1;
	trans[2][32]	= settr(488,2,39,29,29,".(goto)", 1, 2, 0);
	trans[2][4]	= settr(460,2,30,30,30,"(conn[r].pending)", 1, 2, 0); /* m: 5 -> 30,0 */
	reached2[5] = 1;
	trans[2][5]	= settr(0,0,0,0,0,"printf('%c's connection breaks, but its transaction will still arrive\\n',(65+r))",0,0,0);
/*->*/	trans[2][30]	= settr(486,34,32,31,31,"D_STEP474", 1, 2, 0);
/*->*/	trans[2][39]	= settr(495,36,73,32,32,"D_STEP476", 1, 2, 0);
	T = trans[ 2][72] = settr(528,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(528,2,41,0,0,"ATOMIC", 1, 2, 0);
	trans[2][41]	= settr(497,2,64,33,33,"((((crashes>0)&&alive[r])&&(leading[r]||(conn[r].token!=0))))", 1, 2, 0); /* m: 42 -> 64,0 */
	reached2[42] = 1;
	trans[2][42]	= settr(0,0,0,0,0,"crashes = (crashes-1)",0,0,0);
	T = trans[2][64] = settr(520,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(520,2,43,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(520,2,45,0,0,"IF", 1, 2, 0);
	trans[2][43]	= settr(499,2,71,34,34,"(conn[r].pending)", 1, 2, 0); /* m: 44 -> 71,0 */
	reached2[44] = 1;
	trans[2][44]	= settr(0,0,0,0,0,"printf('%c dies, but its transaction will still arrive\\n',(65+r))",0,0,0);
	trans[2][65]	= settr(521,2,71,35,35,".(goto)", 1, 2, 0);
	trans[2][45]	= settr(501,2,63,36,0,"printf('%c dies\\n',(65+r))", 1, 2, 0);
/*->*/	trans[2][63]	= settr(519,34,65,37,37,"D_STEP483", 1, 2, 0);
/*->*/	trans[2][71]	= settr(527,36,73,38,38,"D_STEP485", 1, 2, 0);
	trans[2][75]	= settr(531,0,76,1,0,"break", 0, 2, 0);
	trans[2][76]	= settr(532,0,0,39,39,"-end-", 0, 3500, 0);

	/* proctype 1: Replica */

	trans[1] = (Trans **) emalloc(259*sizeof(Trans *));

	T = trans[ 1][50] = settr(248,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(248,2,1,0,0,"ATOMIC", 1, 2, 0);
	trans[1][1]	= settr(199,2,38,40,0,"(((alive[me]&&(me<=elected))&&((redis.lease==0)||(redis.lease==conn[me].token))))", 1, 2, 0);
/*->*/	trans[1][38]	= settr(236,34,48,41,41,"D_STEP329", 1, 2, 0);
	T = trans[1][48] = settr(246,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(246,2,43,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(246,2,44,0,0,"IF", 1, 2, 0);
/*->*/	trans[1][43]	= settr(241,34,49,42,42,"D_STEP331", 1, 2, 0);
	trans[1][49]	= settr(247,0,134,1,0,".(goto)", 1, 2, 0);
	trans[1][44]	= settr(242,4,50,43,43,"((lostBids>0))", 1, 2, 0); /* m: 45 -> 50,0 */
	reached1[45] = 1;
	trans[1][45]	= settr(0,0,0,0,0,"printf('%c: is elected, but the answer is lost; term %d, number %d\\n',(65+me),redis.era,redis.number)",0,0,0);
	trans[1][46]	= settr(0,0,0,0,0,"lostBids = (lostBids-1)",0,0,0);
	trans[1][47]	= settr(245,0,50,1,0,"goto follow", 1, 2, 0);
	T = trans[ 1][134] = settr(332,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(332,2,51,0,0,"ATOMIC", 1, 2, 0);
	trans[1][51]	= settr(249,2,66,44,0,"(alive[me])", 1, 2, 0);
/*->*/	trans[1][66]	= settr(264,34,132,45,45,"D_STEP347", 1, 2, 0);
	T = trans[1][132] = settr(330,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(330,2,67,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(330,2,106,0,0,"IF", 1, 2, 0);
	trans[1][67]	= settr(265,2,105,46,0,"(((conn[me].number==redis.number)&&(conn[me].token==redis.token)))", 1, 2, 0);
/*->*/	trans[1][105]	= settr(303,34,133,47,47,"D_STEP349", 1, 2, 0);
	trans[1][133]	= settr(331,0,179,1,0,".(goto)", 1, 2, 0);
	trans[1][106]	= settr(304,2,107,2,0,"else", 1, 2, 0);
	trans[1][107]	= settr(305,2,130,48,0,"printf('%c: opens its term: fenced, steps down\\n',(65+me))", 1, 2, 0);
/*->*/	trans[1][130]	= settr(328,34,131,49,49,"D_STEP350", 1, 2, 0);
	trans[1][131]	= settr(329,0,50,50,50,"goto follow", 1, 2, 0);
	T = trans[1][179] = settr(377,0,0,0,0,"IF", 0, 2, 0);
	T = T->nxt	= settr(377,0,147,0,0,"IF", 0, 2, 0);
	T = T->nxt	= settr(377,0,151,0,0,"IF", 0, 2, 0);
	    T->nxt	= settr(377,0,178,0,0,"IF", 0, 2, 0);
	T = trans[ 1][147] = settr(345,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(345,2,135,0,0,"ATOMIC", 1, 2, 0);
	trans[1][135]	= settr(333,2,146,51,0,"(((alive[me]&&!(stale[me]))&&(due>conn[me].mem[0])))", 1, 2, 0);
/*->*/	trans[1][146]	= settr(344,36,217,52,52,"D_STEP358", 1, 2, 0);
	trans[1][180]	= settr(378,0,217,1,0,".(goto)", 0, 2, 0);
	T = trans[ 1][151] = settr(349,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(349,2,148,0,0,"ATOMIC", 1, 2, 0);
	trans[1][148]	= settr(346,4,134,53,53,"((alive[me]&&stale[me]))", 1, 2, 0); /* m: 149 -> 134,0 */
	reached1[149] = 1;
	trans[1][149]	= settr(0,0,0,0,0,"printf('%c: sees that its connection was replaced\\n',(65+me))",0,0,0);
	trans[1][150]	= settr(348,0,134,1,0,"goto open", 1, 2, 0);
	T = trans[ 1][178] = settr(376,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(376,2,152,0,0,"ATOMIC", 1, 2, 0);
	trans[1][152]	= settr(350,2,176,54,54,"((alive[me]&&(redis.lease!=conn[me].token)))", 1, 2, 0); /* m: 153 -> 176,0 */
	reached1[153] = 1;
	trans[1][153]	= settr(0,0,0,0,0,"printf('%c: sees that its lease has ended, steps down\\n',(65+me))",0,0,0);
/*->*/	trans[1][176]	= settr(374,34,177,55,55,"D_STEP377", 1, 2, 0);
	trans[1][177]	= settr(375,0,50,1,0,"goto follow", 1, 2, 0);
	T = trans[ 1][217] = settr(415,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(415,2,181,0,0,"ATOMIC", 1, 2, 0);
	trans[1][181]	= settr(379,2,215,56,56,"(alive[me])", 1, 2, 0); /* m: 182 -> 215,0 */
	reached1[182] = 1;
	trans[1][182]	= settr(0,0,0,0,0,"swapped[me] = 0",0,0,0);
	T = trans[1][215] = settr(413,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(413,2,183,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(413,2,209,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(413,2,212,0,0,"IF", 1, 2, 0);
	trans[1][183]	= settr(381,2,207,57,57,"(!(((conn[me].number==redis.number)&&(conn[me].token==redis.token))))", 1, 2, 0); /* m: 184 -> 207,0 */
	reached1[184] = 1;
	trans[1][184]	= settr(0,0,0,0,0,"printf('%c: watches and reads: fenced, steps down\\n',(65+me))",0,0,0);
/*->*/	trans[1][207]	= settr(405,34,208,58,58,"D_STEP390", 1, 2, 0);
	trans[1][208]	= settr(406,0,50,59,59,"goto follow", 1, 2, 0);
	trans[1][216]	= settr(414,0,227,60,60,".(goto)", 1, 2, 0);
	trans[1][209]	= settr(407,4,134,61,61,"((((conn[me].number==redis.number)&&(conn[me].token==redis.token))&&((conn[me].upto[0]>conn[me].mem[0])&&(redis.cursor[0]!=conn[me].mem[0]))))", 1, 2, 0); /* m: 210 -> 134,0 */
	reached1[210] = 1;
	trans[1][210]	= settr(0,0,0,0,0,"printf('%c: watches and reads: the cursors are not where it planned from\\n',(65+me))",0,0,0);
	trans[1][211]	= settr(409,0,134,1,0,"goto open", 1, 2, 0);
	trans[1][212]	= settr(410,4,227,62,62,"((((conn[me].number==redis.number)&&(conn[me].token==redis.token))&&!(((conn[me].upto[0]>conn[me].mem[0])&&(redis.cursor[0]!=conn[me].mem[0])))))", 1, 2, 0); /* m: 213 -> 227,0 */
	reached1[213] = 1;
	trans[1][213]	= settr(0,0,0,0,0,"printf('%c: watches and reads: term and cursors are as planned\\n',(65+me))",0,0,0);
	trans[1][214]	= settr(0,0,0,0,0,"conn[me].watch = 1",0,0,0);
	T = trans[ 1][227] = settr(425,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(425,2,218,0,0,"ATOMIC", 1, 2, 0);
	trans[1][218]	= settr(416,2,223,63,0,"(alive[me])", 1, 2, 0);
	T = trans[1][223] = settr(421,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(421,2,219,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(421,2,222,0,0,"IF", 1, 2, 0);
	trans[1][219]	= settr(417,4,134,64,64,"(swapped[me])", 1, 2, 0); /* m: 220 -> 134,0 */
	reached1[220] = 1;
	trans[1][220]	= settr(0,0,0,0,0,"printf('%c: sees that its connection was replaced since the WATCH\\n',(65+me))",0,0,0);
	trans[1][221]	= settr(419,0,134,1,0,"goto open", 1, 2, 0);
	trans[1][224]	= settr(422,2,225,1,0,".(goto)", 1, 2, 0); /* m: 225 -> 0,256 */
	reached1[225] = 1;
	trans[1][222]	= settr(420,2,225,2,0,"else", 1, 2, 0);
	trans[1][225]	= settr(423,4,256,65,65,"printf('%c: sends MULTI ... EXEC\\n',(65+me))", 1, 2, 0); /* m: 226 -> 0,256 */
	reached1[226] = 1;
	trans[1][226]	= settr(0,0,0,0,0,"conn[me].pending = 1",0,0,0);
	T = trans[1][256] = settr(454,0,0,0,0,"IF", 0, 2, 0);
	T = T->nxt	= settr(454,0,243,0,0,"IF", 0, 2, 0);
	T = T->nxt	= settr(454,0,247,0,0,"IF", 0, 2, 0);
	T = T->nxt	= settr(454,0,251,0,0,"IF", 0, 2, 0);
	    T->nxt	= settr(454,0,255,0,0,"IF", 0, 2, 0);
	T = trans[ 1][243] = settr(441,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(441,2,228,0,0,"ATOMIC", 1, 2, 0);
	trans[1][228]	= settr(426,2,241,66,0,"((alive[me]&&(answer[me]==1)))", 1, 2, 0);
/*->*/	trans[1][241]	= settr(439,34,242,67,67,"D_STEP422", 1, 2, 0);
	trans[1][242]	= settr(440,0,179,1,0,"goto idle", 1, 2, 0);
	trans[1][257]	= settr(455,0,258,1,0,".(goto)", 0, 2, 0);
	T = trans[ 1][247] = settr(445,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(445,2,244,0,0,"ATOMIC", 1, 2, 0);
	trans[1][244]	= settr(442,4,134,68,68,"((alive[me]&&(answer[me]==2)))", 1, 2, 0); /* m: 245 -> 134,0 */
	reached1[245] = 1;
	trans[1][245]	= settr(0,0,0,0,0,"printf('%c: learns that it was void\\n',(65+me))",0,0,0);
	trans[1][246]	= settr(444,0,134,1,0,"goto open", 1, 2, 0);
	T = trans[ 1][251] = settr(449,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(449,2,248,0,0,"ATOMIC", 1, 2, 0);
	trans[1][248]	= settr(446,4,134,69,69,"((alive[me]&&(answer[me]==3)))", 1, 2, 0); /* m: 249 -> 134,0 */
	reached1[249] = 1;
	trans[1][249]	= settr(0,0,0,0,0,"printf('%c: learns that adds failed\\n',(65+me))",0,0,0);
	trans[1][250]	= settr(448,0,134,1,0,"goto open", 1, 2, 0);
	T = trans[ 1][255] = settr(453,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(453,2,252,0,0,"ATOMIC", 1, 2, 0);
	trans[1][252]	= settr(450,4,134,70,70,"((((alive[me]&&swapped[me])&&(answer[me]==0))&&!(conn[me].pending)))", 1, 2, 0); /* m: 253 -> 134,0 */
	reached1[253] = 1;
	trans[1][253]	= settr(0,0,0,0,0,"printf('%c: gets no answer, so the outcome is unknown\\n',(65+me))",0,0,0);
	trans[1][254]	= settr(452,0,134,1,0,"goto open", 1, 2, 0);
	trans[1][258]	= settr(456,0,0,71,71,"-end-", 0, 3500, 0);

	/* proctype 0: Socket */

	trans[0] = (Trans **) emalloc(200*sizeof(Trans *));

	trans[0][197]	= settr(196,0,196,1,0,".(goto)", 0, 2, 0);
	T = trans[0][196] = settr(195,0,0,0,0,"DO", 0, 2, 0);
	    T->nxt	= settr(195,0,195,0,0,"DO", 0, 2, 0);
	T = trans[ 0][195] = settr(194,2,0,0,0,"ATOMIC", 1, 2, 0);
	T->nxt	= settr(194,2,1,0,0,"ATOMIC", 1, 2, 0);
	trans[0][1]	= settr(0,2,194,72,0,"(conn[c].pending)", 1, 2, 0);
	T = trans[ 0][194] = settr(193,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(193,0,146,0,0,"sub-sequence", 1, 2, 0);
	T = trans[0][146] = settr(145,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(145,2,2,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(145,2,17,0,0,"IF", 1, 2, 0);
	trans[0][2]	= settr(1,2,16,73,0,"((conn[c].watch==2))", 1, 2, 0);
/*->*/	trans[0][16]	= settr(15,34,147,74,74,"D_STEP239", 1, 2, 0);
	trans[0][147]	= settr(146,2,193,75,75,".(goto)", 1, 2, 0);
	trans[0][17]	= settr(16,2,49,2,0,"else", 1, 2, 0);
	T = trans[ 0][49] = settr(48,0,0,0,0,"sub-sequence", 1, 2, 0);
	T->nxt	= settr(48,0,18,0,0,"sub-sequence", 1, 2, 0);
	trans[0][18]	= settr(17,2,46,76,76,"n = 0", 1, 2, 0); /* m: 19 -> 0,46 */
	reached0[19] = 1;
	trans[0][19]	= settr(0,0,0,0,0,"isRefusing = 0",0,0,0);
	T = trans[0][46] = settr(45,2,0,0,0,"IF", 1, 2, 0);
	T = T->nxt	= settr(45,2,25,0,0,"IF", 1, 2, 0);
	    T->nxt	= settr(45,2,28,0,0,"IF", 1, 2, 0);
	trans[0][26]	= settr(25,2,25,1,0,".(goto)", 1, 2, 0);
	T = trans[0][25] = settr(24,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(24,2,20,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(24,2,23,0,0,"DO", 1, 2, 0);
	trans[0][20]	= settr(19,2,25,77,77,"((n<1))", 1, 2, 0); /* m: 21 -> 25,0 */
	reached0[21] = 1;
	trans[0][21]	= settr(0,0,0,0,0,"refuseFrom[n] = 255",0,0,0);
	trans[0][22]	= settr(0,0,0,0,0,"n = (n+1)",0,0,0);
	trans[0][23]	= settr(22,2,48,2,0,"else", 1, 2, 0);
	trans[0][24]	= settr(23,2,48,1,0,"goto :b1", 1, 2, 0); /* m: 48 -> 0,145 */
	reached0[48] = 1;
	trans[0][27]	= settr(26,2,48,1,0,"break", 1, 2, 0);
	trans[0][47]	= settr(46,2,48,1,0,".(goto)", 1, 2, 0); /* m: 48 -> 0,145 */
	reached0[48] = 1;
	trans[0][28]	= settr(27,2,43,78,78,"((refusals>0))", 1, 2, 0); /* m: 29 -> 43,0 */
	reached0[29] = 1;
	trans[0][29]	= settr(0,0,0,0,0,"refusals = (refusals-1)",0,0,0);
	trans[0][30]	= settr(0,0,0,0,0,"isRefusing = 1",0,0,0);
	trans[0][44]	= settr(43,2,43,1,0,".(goto)", 1, 2, 0);
	T = trans[0][43] = settr(42,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(42,2,31,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(42,2,41,0,0,"DO", 1, 2, 0);
	trans[0][31]	= settr(30,2,37,79,79,"((n<1))", 1, 2, 0); /* m: 32 -> 37,0 */
	reached0[32] = 1;
	trans[0][32]	= settr(0,0,0,0,0,"refuseFrom[n] = (conn[c].mem[n]+1)",0,0,0);
	trans[0][33]	= settr(0,0,0,0,0,"refuseTo[n] = 255",0,0,0);
	trans[0][38]	= settr(37,2,37,1,0,".(goto)", 1, 2, 0);
	T = trans[0][37] = settr(36,2,0,0,0,"DO", 1, 2, 0);
	T = T->nxt	= settr(36,2,34,0,0,"DO", 1, 2, 0);
	    T->nxt	= settr(36,2,36,0,0,"DO", 1, 2, 0);
	trans[0][34]	= settr(33,2,37,80,80,"((refuseFrom[n]<=conn[c].upto[n]))", 1, 2, 0); /* m: 35 -> 37,0 */
	reached0[35] = 1;
	trans[0][35]	= settr(0,0,0,0,0,"refuseFrom[n] = (refuseFrom[n]+1)",0,0,0);
	trans[0][36]	= settr(35,2,43,81,81,"goto :b3", 1, 2, 0); /* m: 40 -> 0,43 */
	reached0[40] = 1;
	trans[0][39]	= settr(38,2,40,1,0,"break", 1, 2, 0);
	trans[0][40]	= settr(39,2,43,82,82,"n = (n+1)", 1, 2, 0);
	trans[0][41]	= settr(40,2,48,2,0,"else", 1, 2, 0);
	trans[0][42]	= settr(41,2,48,1,0,"goto :b2", 1, 2, 0); /* m: 48 -> 0,145 */
	reached0[48] = 1;
	trans[0][45]	= settr(44,2,48,1,0,"break", 1, 2, 0);
	trans[0][48]	= settr(47,2,145,83,83,"n = 0", 1, 2, 0);
/*->*/	trans[0][145]	= settr(144,34,147,84,84,"D_STEP246", 1, 2, 0);
/*->*/	trans[0][193]	= settr(192,36,196,85,85,"D_STEP262", 1, 2, 0);
	trans[0][198]	= settr(197,0,199,1,0,"break", 0, 2, 0);
	trans[0][199]	= settr(198,0,0,86,86,"-end-", 0, 3500, 0);
	/* np_ demon: */
	trans[_NP_] = (Trans **) emalloc(3*sizeof(Trans *));
	T = trans[_NP_][0] = settr(9997,0,1,_T5,0,"(np_)", 1,2,0);
	    T->nxt	  = settr(9998,0,0,_T2,0,"(1)",   0,2,0);
	T = trans[_NP_][1] = settr(9999,0,1,_T5,0,"(np_)", 1,2,0);
}

Trans *
settr(	int t_id, int a, int b, int c, int d,
	char *t, int g, int tpe0, int tpe1)
{	Trans *tmp = (Trans *) emalloc(sizeof(Trans));

	tmp->atom  = a&(6|32);	/* only (2|8|32) have meaning */
	if (!g) tmp->atom |= 8;	/* no global references */
	tmp->st    = b;
	tmp->tpe[0] = tpe0;
	tmp->tpe[1] = tpe1;
	tmp->tp    = t;
	tmp->t_id  = t_id;
	tmp->forw  = c;
	tmp->back  = d;
	return tmp;
}

Trans *
cpytr(Trans *a)
{	Trans *tmp = (Trans *) emalloc(sizeof(Trans));

	int i;
	tmp->atom  = a->atom;
	tmp->st    = a->st;
#ifdef HAS_UNLESS
	tmp->e_trans = a->e_trans;
	for (i = 0; i < HAS_UNLESS; i++)
		tmp->escp[i] = a->escp[i];
#endif
	tmp->tpe[0] = a->tpe[0];
	tmp->tpe[1] = a->tpe[1];
	for (i = 0; i < 6; i++)
	{	tmp->qu[i] = a->qu[i];
		tmp->ty[i] = a->ty[i];
	}
	tmp->tp    = (char *) emalloc(strlen(a->tp)+1);
	strcpy(tmp->tp, a->tp);
	tmp->t_id  = a->t_id;
	tmp->forw  = a->forw;
	tmp->back  = a->back;
	return tmp;
}

#ifndef NOREDUCE
int
srinc_set(int n)
{	if (n <= 2) return LOCAL;
	if (n <= 2+  DELTA) return Q_FULL_F; /* 's' or nfull  */
	if (n <= 2+2*DELTA) return Q_EMPT_F; /* 'r' or nempty */
	if (n <= 2+3*DELTA) return Q_EMPT_T; /* empty */
	if (n <= 2+4*DELTA) return Q_FULL_T; /* full  */
	if (n ==   5*DELTA) return GLOBAL;
	if (n ==   6*DELTA) return TIMEOUT_F;
	if (n ==   7*DELTA) return ALPHA_F;
	Uerror("cannot happen srinc_class");
	return BAD;
}
int
srunc(int n, int m)
{	switch(m) {
	case Q_FULL_F: return n-2;
	case Q_EMPT_F: return n-2-DELTA;
	case Q_EMPT_T: return n-2-2*DELTA;
	case Q_FULL_T: return n-2-3*DELTA;
	case ALPHA_F:
	case TIMEOUT_F: return 257; /* non-zero, and > MAXQ */
	}
	Uerror("cannot happen srunc");
	return 0;
}
#endif
int cnt;
#ifdef HAS_UNLESS
int
isthere(Trans *a, int b)
{	Trans *t;
	for (t = a; t; t = t->nxt)
		if (t->t_id == b)
			return 1;
	return 0;
}
#endif
#ifndef NOREDUCE
int
mark_safety(Trans *t) /* for conditional safety */
{	int g = 0, i, j, k;

	if (!t) return 0;
	if (t->qu[0])
		return (t->qu[1])?2:1;	/* marked */

	for (i = 0; i < 2; i++)
	{	j = srinc_set(t->tpe[i]);
		if (j >= GLOBAL && j != ALPHA_F)
			return -1;
		if (j != LOCAL)
		{	k = srunc(t->tpe[i], j);
			if (g == 0
			||  t->qu[0] != k
			||  t->ty[0] != j)
			{	t->qu[g] = k;
				t->ty[g] = j;
				g++;
	}	}	}
	return g;
}
#endif
void
retrans(int n, int m, int is, short srcln[], uchar reach[], uchar lpstate[])
	/* process n, with m states, is=initial state */
{	Trans *T0, *T1, *T2, *T3;
	Trans *T4, *T5; /* t_reverse or has_unless */
	int i;
#if defined(HAS_UNLESS) || !defined(NOREDUCE)
	int k;
#endif
#ifndef NOREDUCE
	int g, h, j, aa;
#endif
#ifdef HAS_UNLESS
	int p;
#endif
	if (state_tables >= 4)
	{	printf("STEP 1 %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
		return;
	}
	do {
		for (i = 1, cnt = 0; i < m; i++)
		{	T2 = trans[n][i];
			T1 = T2?T2->nxt:(Trans *)0;
/* prescan: */		for (T0 = T1; T0; T0 = T0->nxt)
/* choice in choice */	{	if (T0->st && trans[n][T0->st]
				&&  trans[n][T0->st]->nxt)
					break;
			}
#if 0
		if (T0)
		printf("\tstate %d / %d: choice in choice\n",
		i, T0->st);
#endif
			if (T0)
			for (T0 = T1; T0; T0 = T0->nxt)
			{	T3 = trans[n][T0->st];
				if (!T3->nxt)
				{	T2->nxt = cpytr(T0);
					T2 = T2->nxt;
					imed(T2, T0->st, n, i);
					continue;
				}
				do {	T3 = T3->nxt;
					T2->nxt = cpytr(T3);
					T2 = T2->nxt;
					imed(T2, T0->st, n, i);
				} while (T3->nxt);
				cnt++;
			}
		}
	} while (cnt);
	if (state_tables >= 3)
	{	printf("STEP 2 %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
		return;
	}
	for (i = 1; i < m; i++)
	{	if (trans[n][i] && trans[n][i]->nxt) /* optimize */
		{	T1 = trans[n][i]->nxt;
#if 0
			printf("\t\tpull %d (%d) to %d\n",
			T1->st, T1->forw, i);
#endif
			srcln[i] = srcln[T1->st];	/* Oyvind Teig, 5.2.0 */

			if (!trans[n][T1->st]) continue;
			T0 = cpytr(trans[n][T1->st]);
			trans[n][i] = T0;
			reach[T1->st] = 1;
			imed(T0, T1->st, n, i);
			for (T1 = T1->nxt; T1; T1 = T1->nxt)
			{
#if 0
			printf("\t\tpull %d (%d) to %d\n",
				T1->st, T1->forw, i);
#endif
		/*		srcln[i] = srcln[T1->st];  gh: not useful */
				if (!trans[n][T1->st]) continue;
				T0->nxt = cpytr(trans[n][T1->st]);
				T0 = T0->nxt;
				reach[T1->st] = 1;
				imed(T0, T1->st, n, i);
	}	}	}
	if (state_tables >= 2)
	{	printf("STEP 3 %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
		return;
	}
#ifdef HAS_UNLESS
	for (i = 1; i < m; i++)
	{	if (!trans[n][i]) continue;
		/* check for each state i if an
		 * escape to some state p is defined
		 * if so, copy and mark p's transitions
		 * and prepend them to the transition-
		 * list of state i
		 */
	 if (!like_java) /* the default */
	 {	for (T0 = trans[n][i]; T0; T0 = T0->nxt)
		for (k = HAS_UNLESS-1; k >= 0; k--)
		{	if (p = T0->escp[k])
			for (T1 = trans[n][p]; T1; T1 = T1->nxt)
			{	if (isthere(trans[n][i], T1->t_id))
					continue;
				T2 = cpytr(T1);
				T2->e_trans = p;
				T2->nxt = trans[n][i];
				trans[n][i] = T2;
		}	}
	 } else /* outermost unless checked first */
	 {	T4 = T3 = (Trans *) 0;
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
		for (k = HAS_UNLESS-1; k >= 0; k--)
		{	if (p = T0->escp[k])
			for (T1 = trans[n][p]; T1; T1 = T1->nxt)
			{	if (isthere(trans[n][i], T1->t_id))
					continue;
				T2 = cpytr(T1);
				T2->nxt = (Trans *) 0;
				T2->e_trans = p;
				if (T3)	T3->nxt = T2;
				else	T4 = T2;
				T3 = T2;
		}	}
		if (T4)
		{	T3->nxt = trans[n][i];
			trans[n][i] = T4;
		}
	 }
	}
#endif
#ifndef NOREDUCE
	for (i = 1; i < m; i++)
	{	if (a_cycles)
		{ /* moves through these states are visible */
	#if PROG_LAB>0 && defined(HAS_NP)
			if (progstate[n][i])
				goto degrade;
			for (T1 = trans[n][i]; T1; T1 = T1->nxt)
				if (progstate[n][T1->st])
					goto degrade;
	#endif
			if (accpstate[n][i] || visstate[n][i])
				goto degrade;
			for (T1 = trans[n][i]; T1; T1 = T1->nxt)
				if (accpstate[n][T1->st])
					goto degrade;
		}
		T1 = trans[n][i];
		if (!T1) continue;
		g = mark_safety(T1);	/* V3.3.1 */
		if (g < 0) goto degrade; /* global */
		/* check if mixing of guards preserves reduction */
		if (T1->nxt)
		{	k = 0;
			for (T0 = T1; T0; T0 = T0->nxt)
			{	if (!(T0->atom&8))
					goto degrade;
				for (aa = 0; aa < 2; aa++)
				{	j = srinc_set(T0->tpe[aa]);
					if (j >= GLOBAL && j != ALPHA_F)
						goto degrade;
					if (T0->tpe[aa]
					&&  T0->tpe[aa]
					!=  T1->tpe[0])
						k = 1;
			}	}
			/* g = 0;	V3.3.1 */
			if (k)	/* non-uniform selection */
			for (T0 = T1; T0; T0 = T0->nxt)
			for (aa = 0; aa < 2; aa++)
			{	j = srinc_set(T0->tpe[aa]);
				if (j != LOCAL)
				{	k = srunc(T0->tpe[aa], j);
					for (h = 0; h < 6; h++)
						if (T1->qu[h] == k
						&&  T1->ty[h] == j)
							break;
					if (h >= 6)
					{	T1->qu[g%6] = k;
						T1->ty[g%6] = j;
						g++;
			}	}	}
			if (g > 6)
			{	T1->qu[0] = 0;	/* turn it off */
				printf("pan: warning, line %d, ",
					srcln[i]);
			 	printf("too many stmnt types (%d)",
					g);
			  	printf(" in selection\n");
			  goto degrade;
			}
		}
		/* mark all options global if >=1 is global */
		for (T1 = trans[n][i]; T1; T1 = T1->nxt)
			if (!(T1->atom&8)) break;
		if (T1)
degrade:	for (T1 = trans[n][i]; T1; T1 = T1->nxt)
			T1->atom &= ~8;	/* mark as unsafe */
		/* can only mix 'r's or 's's if on same chan */
		/* and not mixed with other local operations */
		T1 = trans[n][i];
		if (!T1 || T1->qu[0]) continue;
		j = T1->tpe[0];
		if (T1->nxt && T1->atom&8)
		{ if (j == 5*DELTA)
		  {	printf("warning: line %d ", srcln[i]);
			printf("mixed condition ");
			printf("(defeats reduction)\n");
			goto degrade;
		  }
		  for (T0 = T1; T0; T0 = T0->nxt)
		  for (aa = 0; aa < 2; aa++)
		  if  (T0->tpe[aa] && T0->tpe[aa] != j)
		  {	printf("warning: line %d ", srcln[i]);
			printf("[%d-%d] mixed %stion ",
				T0->tpe[aa], j, 
				(j==5*DELTA)?"condi":"selec");
			printf("(defeats reduction)\n");
			printf("	'%s' <-> '%s'\n",
				T1->tp, T0->tp);
			goto degrade;
		} }
	}
#endif
	for (i = 1; i < m; i++)
	{	T2 = trans[n][i];
		if (!T2
		||  T2->nxt
		||  strncmp(T2->tp, ".(goto)", 7)
		||  !stopstate[n][i])
			continue;
		stopstate[n][T2->st] = 1;
	}
	if (state_tables && !verbose)
	{	if (dodot)
		{	char buf[256], *q = buf, *p = procname[n];
			while (*p != '\0')
			{	if (*p != ':')
				{	*q++ = *p;
				}
				p++;
			}
			*q = '\0';
			printf("digraph ");
			switch (Btypes[n]) {
			case I_PROC:  printf("init {\n"); break;
			case N_CLAIM: printf("claim_%s {\n", buf); break;
			case E_TRACE: printf("notrace {\n"); break;
			case N_TRACE: printf("trace {\n"); break;
			default:      printf("p_%s {\n", buf); break;
			}
			printf("size=\"8,10\";\n");
			printf("  GT [shape=box,style=dotted,label=\"%s\"];\n", buf);
			printf("  GT -> S%d;\n", is);
		} else
		{	switch (Btypes[n]) {
			case I_PROC:  printf("init\n"); break;
			case N_CLAIM: printf("claim %s\n", procname[n]); break;
			case E_TRACE: printf("notrace assertion\n"); break;
			case N_TRACE: printf("trace assertion\n"); break;
			default:      printf("proctype %s\n", procname[n]); break;
		}	}
		for (i = 1; i < m; i++)
		{	reach[i] = 1;
		}
		tagtable(n, m, is, srcln, reach);
		if (dodot) printf("}\n");
	} else
	for (i = 1; i < m; i++)
	{	int nrelse;
		if (Btypes[n] != N_CLAIM)
		{	for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			{	if (T0->st == i
				&& strcmp(T0->tp, "(1)") == 0)
				{	printf("error: proctype '%s' ",
						procname[n]);
		  			printf("line %d, state %d: has un",
						srcln[i], i);
					printf("conditional self-loop\n");
					pan_exit(1);
		}	}	}
		nrelse = 0;
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
		{	if (strcmp(T0->tp, "else") == 0)
				nrelse++;
		}
		if (nrelse > 1)
		{	printf("error: proctype '%s' state",
				procname[n]);
		  	printf(" %d, inherits %d", i, nrelse);
		  	printf(" 'else' stmnts\n");
			pan_exit(1);
	}	}
#if !defined(LOOPSTATE) && !defined(BFS_PAR)
	if (state_tables)
#endif
	do_dfs(n, m, is, srcln, reach, lpstate);

	if (!t_reverse)
	{	return;
	}
	/* process n, with m states, is=initial state -- reverse list */
	if (!state_tables && Btypes[n] != N_CLAIM)
	{	for (i = 1; i < m; i++)
		{	Trans *Tx = (Trans *) 0; /* list of escapes */
			Trans *Ty = (Trans *) 0; /* its tail element */
			T1 = (Trans *) 0; /* reversed list */
			T2 = (Trans *) 0; /* its tail */
			T3 = (Trans *) 0; /* remembers possible 'else' */

			/* find unless-escapes, they should go first */
			T4 = T5 = T0 = trans[n][i];
	#ifdef HAS_UNLESS
			while (T4 && T4->e_trans) /* escapes are first in orig list */
			{	T5 = T4;	  /* remember predecessor */
				T4 = T4->nxt;
			}
	#endif
			/* T4 points to first non-escape, T5 to its parent, T0 to original list */
			if (T4 != T0)		 /* there was at least one escape */
			{	T3 = T5->nxt;		 /* start of non-escapes */
				T5->nxt = (Trans *) 0;	 /* separate */
				Tx = T0;		 /* start of the escapes */
				Ty = T5;		 /* its tail */
				T0 = T3;		 /* the rest, to be reversed */
			}
			/* T0 points to first non-escape, Tx to the list of escapes, Ty to its tail */

			/* first tail-add non-escape transitions, reversed */
			T3 = (Trans *) 0;
			for (T5 = T0; T5; T5 = T4)
			{	T4 = T5->nxt;
	#ifdef HAS_UNLESS
				if (T5->e_trans)
				{	printf("error: cannot happen!\n");
					continue;
				}
	#endif
				if (strcmp(T5->tp, "else") == 0)
				{	T3 = T5;
					T5->nxt = (Trans *) 0;
				} else
				{	T5->nxt = T1;
					if (!T1) { T2 = T5; }
					T1 = T5;
			}	}
			/* T3 points to a possible else, which is removed from the list */
			/* T1 points to the reversed list so far (without escapes) */
			/* T2 points to the tail element -- where the else should go */
			if (T2 && T3)
			{	T2->nxt = T3;	/* add else */
			} else
			{	if (T3) /* there was an else, but there's no tail */
				{	if (!T1)	/* and no reversed list */
					{	T1 = T3; /* odd, but possible */
					} else		/* even stranger */
					{	T1->nxt = T3;
			}	}	}

			/* add in the escapes, to that they appear at the front */
			if (Tx && Ty) { Ty->nxt = T1; T1 = Tx; }

			trans[n][i] = T1;
			/* reversed, with escapes first and else last */
	}	}
	if (state_tables && verbose)
	{	printf("FINAL proctype %s\n", 
			procname[n]);
		for (i = 1; i < m; i++)
		for (T0 = trans[n][i]; T0; T0 = T0->nxt)
			crack(n, i, T0, srcln);
	}
}
void
imed(Trans *T, int v, int n, int j)	/* set intermediate state */
{	progstate[n][T->st] |= progstate[n][v];
	accpstate[n][T->st] |= accpstate[n][v];
	stopstate[n][T->st] |= stopstate[n][v];
	mapstate[n][j] = T->st;
}
void
tagtable(int n, int m, int is, short srcln[], uchar reach[])
{	Trans *z;

	if (is >= m || !trans[n][is]
	||  is <= 0 || reach[is] == 0)
		return;
	reach[is] = 0;
	if (state_tables)
	for (z = trans[n][is]; z; z = z->nxt)
	{	if (dodot)
			dot_crack(n, is, z);
		else
			crack(n, is, z, srcln);
	}

	for (z = trans[n][is]; z; z = z->nxt)
	{
#ifdef HAS_UNLESS
		int i, j;
#endif
		tagtable(n, m, z->st, srcln, reach);
#ifdef HAS_UNLESS
		for (i = 0; i < HAS_UNLESS; i++)
		{	j = trans[n][is]->escp[i];
			if (!j) break;
			tagtable(n, m, j, srcln, reach);
		}
#endif
	}
}

extern Trans *t_id_lkup[];

void
dfs_table(int n, int m, int is, short srcln[], uchar reach[], uchar lpstate[])
{	Trans *z;

	if (is >= m || is <= 0 || !trans[n][is])
		return;
	if ((reach[is] & (4|8|16)) != 0)
	{	if ((reach[is] & (8|16)) == 16)	/* on stack, not yet recorded */
		{	lpstate[is] = 1;
			reach[is] |= 8; /* recorded */
			if (state_tables && verbose)
			{	printf("state %d line %d is a loopstate\n", is, srcln[is]);
		}	}
		return;
	}
	reach[is] |= (4|16);	/* visited | onstack */
	for (z = trans[n][is]; z; z = z->nxt)
	{	t_id_lkup[z->t_id] = z;
#ifdef HAS_UNLESS
		int i, j;
#endif
		dfs_table(n, m, z->st, srcln, reach, lpstate);
#ifdef HAS_UNLESS
		for (i = 0; i < HAS_UNLESS; i++)
		{	j = trans[n][is]->escp[i];
			if (!j) break;
			dfs_table(n, m, j, srcln, reach, lpstate);
		}
#endif
	}
	reach[is] &= ~16; /* no longer on stack */
}
void
do_dfs(int n, int m, int is, short srcln[], uchar reach[], uchar lpstate[])
{	int i;
	dfs_table(n, m, is, srcln, reach, lpstate);
	for (i = 0; i < m; i++)
		reach[i] &= ~(4|8|16);
}
void
crack(int n, int j, Trans *z, short srcln[])
{	int i;

	if (!z) return;
	printf("	state %3d -(tr %3d)-> state %3d  ",
		j, z->forw, z->st);
	printf("[id %3d tp %3d", z->t_id, z->tpe[0]);
	if (z->tpe[1]) printf(",%d", z->tpe[1]);
#ifdef HAS_UNLESS
	if (z->e_trans)
		printf(" org %3d", z->e_trans);
	else if (state_tables >= 2)
	for (i = 0; i < HAS_UNLESS; i++)
	{	if (!z->escp[i]) break;
		printf(" esc %d", z->escp[i]);
	}
#endif
	printf("]");
	printf(" [%s%s%s%s%s] %s:%d => ",
		z->atom&6?"A":z->atom&32?"D":"-",
		accpstate[n][j]?"a" :"-",
		stopstate[n][j]?"e" : "-",
		progstate[n][j]?"p" : "-",
		z->atom & 8 ?"L":"G",
		PanSource, srcln[j]);
	for (i = 0; z->tp[i]; i++)
		if (z->tp[i] == '\n')
			printf("\\n");
		else
			putchar(z->tp[i]);
	if (verbose && z->qu[0])
	{	printf("\t[");
		for (i = 0; i < 6; i++)
			if (z->qu[i])
				printf("(%d,%d)",
				z->qu[i], z->ty[i]);
		printf("]");
	}
	printf("\n");
	fflush(stdout);
}
/* spin -a m.pml; cc -o pan pan.c; ./pan -D | dot -Tps > foo.ps; ps2pdf foo.ps */
void
dot_crack(int n, int j, Trans *z)
{	int i;

	if (!z) return;
	printf("	S%d -> S%d  [color=black", j, z->st);

	if (z->atom&6) printf(",style=dashed");
	else if (z->atom&32) printf(",style=dotted");
	else if (z->atom&8) printf(",style=solid");
	else printf(",style=bold");

	printf(",label=\"");
	for (i = 0; z->tp[i]; i++)
	{	if (z->tp[i] == '\\'
		&&  z->tp[i+1] == 'n')
		{	i++; printf(" ");
		} else
		{	putchar(z->tp[i]);
	}	}
	printf("\"];\n");
	if (accpstate[n][j]) printf("  S%d [color=red,style=bold];\n", j);
	else if (progstate[n][j]) printf("  S%d [color=green,style=bold];\n", j);
	if (stopstate[n][j]) printf("  S%d [color=blue,style=bold,shape=box];\n", j);
}

#ifdef VAR_RANGES
#define BYTESIZE	32	/* 2^8 : 2^3 = 256:8 = 32 */

typedef struct Vr_Ptr {
	char	*nm;
	uchar	vals[BYTESIZE];
	struct Vr_Ptr *nxt;
} Vr_Ptr;
Vr_Ptr *ranges = (Vr_Ptr *) 0;

void
logval(char *s, int v)
{	Vr_Ptr *tmp;

	if (v<0 || v > 255) return;
	for (tmp = ranges; tmp; tmp = tmp->nxt)
		if (!strcmp(tmp->nm, s))
			goto found;
	tmp = (Vr_Ptr *) emalloc(sizeof(Vr_Ptr));
	tmp->nxt = ranges;
	ranges = tmp;
	tmp->nm = s;
found:
	tmp->vals[(v)/8] |= 1<<((v)%8);
}

void
dumpval(uchar X[], int range)
{	int w, x, i, j = -1;

	for (w = i = 0; w < range; w++)
	for (x = 0; x < 8; x++, i++)
	{
from:		if ((X[w] & (1<<x)))
		{	printf("%d", i);
			j = i;
			goto upto;
	}	}
	return;
	for (w = 0; w < range; w++)
	for (x = 0; x < 8; x++, i++)
	{
upto:		if (!(X[w] & (1<<x)))
		{	if (i-1 == j)
				printf(", ");
			else
				printf("-%d, ", i-1);
			goto from;
	}	}
	if (j >= 0 && j != 255)
		printf("-255");
}

void
dumpranges(void)
{	Vr_Ptr *tmp;
	printf("\nValues assigned within ");
	printf("interval [0..255]:\n");
	for (tmp = ranges; tmp; tmp = tmp->nxt)
	{	printf("\t%s\t: ", tmp->nm);
		dumpval(tmp->vals, BYTESIZE);
		printf("\n");
	}
}
#endif
