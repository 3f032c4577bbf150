/* The shipped table (lib/core/attempt.def) against every order of crashes, losses, delays, second copies, late payers and stale
   notices: one payment, N attempts, any number of workers, providers who keep books.

   What is real and what is a model: `decide` below IS the table, included and expanded; a changed cell changes this search. The
   predicates (P_...) are the questions of lib/core/predicate.c asked of the model's variables, the effects (b_...) those of
   lib/core/effect.c. Written anew here are only the world (network, provider, customer), the worker's rules which stand in no
   table (who may start, what is looked up when, write before send) and the money join.

   Workers have no process of their own. All that a worker does is one transaction (compare-and-set on the version), so all that a
   paused or dead worker can still hold is a request that it may send later or never (`out`, together with the copies under way:
   a copy may arrive late, never, or be proved to have done nothing) and an answer or lookup result that it may feed later or never
   (`hand`). There are W workers for each attempt; one with full hands does nothing else; notices come by others. So a worker
   may stop for any time between any two of its steps: crash, pause and lost lease are one thing. One process with one atomic step
   for a move keeps the search small; attempts are interchangeable, so their kinds are taken in rising order only.

   Kinds of attempt (each attempt takes any of them, or those of -DKINDS='K(k) ...' with k in C, L, A, Q, S, O, B below):
     CARD    the request itself moves the money, at once or after PROCESSING; a decline is replayed for the same key
     LOOSE   the same, but a second copy of a declined request is executed anew
     AUTH    held first: capture or void
     QR      order at creation, the customer pays what was shown       SCAN    no order at the provider before the scan
     CONT    container in two steps (create moves no money, confirm does: captured or held); a decline inside is not the end of it
     CLIENT  the same, its secret is in the customer's browser, where it can be confirmed again; may be PROCESSING
   old[a] says that the window of the provider's signature (QR, SCAN: the expiry that was sent) has passed for all copies so far.

   Variants that must show 0 errors: none, and any of
     LATEPAY    a provider takes money (or holds it) once more after it confirmed the close
     REVERSE    captured money is given back by someone else, and old 'paid' notices come after it
     CANCEL     the host cancels at any time before money is captured; what comes then goes back
     NOHOOK     no webhook ever comes
     REVCLOSE   a close gives money back where there was some (Alipay cancel, WeChat reverse)
   BUG_x removes one rule and must show an error; the list with the rule's words is in model.sh.

   Checked after every step: money stands (captured or held) on at most one attempt (not with LATEPAY); late money is taken up only
   while the provider's books hold it. Checked whenever nothing is on its way and no worker can move anything: at most one capture
   keeps its money, it is the winner's and the journal says so, no authorization is left, nothing is refunded twice, no attempt is
   open. This is decided by a dry run of every event over the table, not by a deadlock.

   Bounded: two sends of a request, one refund key, one late payment and one reversal an attempt, whole amounts.
   Not here (tests and the simulation cover it): overlap (slot 2), REVIEW and resolve, partial amounts, a refund that fails after
   it was done, key life, clock values, budgets, events for the shop, the row WAITING/DISPATCH (no kind has a step after WAITING). */
#ifndef N
#define N 2
#endif
#ifndef W
#define W 2
#endif
#define NOBODY 9

#define ST_NONE 0
#define ST_INTENT 1
#define ST_UNKNOWN 2
#define ST_WAITING 3
#define ST_PROCESSING 4
#define ST_CLOSING 5
#define ST_AUTHORIZED 6
#define ST_PAID 7
#define ST_SURPLUS 8
#define ST_REVERSED 9
#define ST_FAILED 10
#define ST_CLOSED 11

#define EV_NOT_SENT 1
#define EV_REFUSED_BEFORE 2
#define EV_INVALID 3
#define EV_DECLINED 4
#define EV_ACTION_NEEDED 5
#define EV_ACCEPTED 6
#define EV_UNCLEAR 7
#define EV_MISMATCH 8
#define EV_ST_NOT_FOUND 9
#define EV_ST_UNPAID 10
#define EV_ST_PROCESSING 11
#define EV_ST_DECLINED 12
#define EV_ST_CLOSED 13
#define EV_AUTH 14
#define EV_PAID 15
#define EV_REVERSED_PART 16
#define EV_REVERSED_FULL 17
#define EV_REFUND_UNDONE 18
#define EV_DISPATCH 19
#define EV_LOST 20
#define EV_SHOW 21
#define EV_CLOSE_WANTED 22
#define EV_T_REVIEW 23
#define EV_RESOLVE_PAID 24
#define EV_RESOLVE_NOT_PAID 25
#define EV_RESOLVE_REFUNDED 26

/* the provider's books */
#define BK_NONE 0
#define BK_OPEN 1      /* a container that can be confirmed */
#define BK_PENDING 2   /* an order that waits for the customer */
#define BK_WORKING 3   /* accepted, result later */
#define BK_AUTH 4
#define BK_PAID 5
#define BK_REFUSED 6
#define BK_CLOSED 7
#define BK_REVERSED 8

#define K_CARD 1
#define K_LOOSE 2
#define K_AUTH 3
#define K_QR 4
#define K_SCAN 5
#define K_CONT 6
#define K_CLIENT 7

/* a worker's hand holds the event itself, but: one of the three proofs that this copy did nothing; a NOT_FOUND that was asked
   after the window of all copies (GONE asks for that) */
#define H_PROOF EV_NOT_SENT
#define H_NOT_FOUND_OLD 27

byte k[N], p[N], j[N];            /* kind; the provider's books; our journal */
byte sends[N], out[N];            /* durable counter of this step; copies that may still arrive */
byte hand[N];                     /* what a worker holds and may feed later: 0 nothing, an answer, or what a lookup said */
#if W > 1
byte hand2[N];                    /* the other worker; hand >= hand2, since workers are alike */
#endif
byte refunds[N];                  /* refunds that the provider made */
byte winner = NOBODY;
bool cancelled;
bool guard[N], old[N];            /* the slot of the unique index; no copy can arrive any more */
bool stepb[N];                    /* containers: the confirm, not the create */
bool shown[N], disp[N];           /* journal; truth */
bool made[N], decl[N];            /* K_SCAN: the code exists; container: declined inside */
bool ac[N], ar[N];                /* journal: a close or void, a refund is owed */
bool cl[N], cp[N], rf[N];         /* close or void, capture, refund on their way to the provider */
bool cs[N];                       /* a close was sent (asked of CONT only: it is the kind with a hold that can be closed) */
bool evc[N], evr[N], jc[N], jr[N];/* captured, reversed: at the provider, and as facts in the journal */
bool q[N];                        /* a free attempt is to be looked up: money was heard of that no lookup confirmed (held) */
bool latedone[N], backdone[N];
#ifdef BUG_NEW_KEY
bool out2[N], second[N];
#endif
#ifdef BUG_RACY_CLAIM
bool checked[N];
#endif

/* Inside one atomic step only, so no part of a state. The search does not undo them when it steps back over a d_step: whatever an
   option may read before it is set (a, ev, fc, fr, confirmed, told, dry) is put back at the end of the step. */
hidden byte a, x, m, i, kk, ev, nx, home, told, dry;
hidden short key, fx;
hidden byte fc, fr, confirmed, aold, moves, busy;

#define CONTAINER_(b) (k[b] == K_CONT || k[b] == K_CLIENT)
#define BYCUST(b) (k[b] == K_QR || k[b] == K_SCAN)
#define FREED(b) (j[b] >= ST_REVERSED)
#define UNFREE(b) (j[b] >= ST_INTENT && j[b] <= ST_SURPLUS)

/* -- predicates ------------------------------------------------------------------------------------------------------------- */
#ifdef BUG_NO_WINNER_CLOSE
#define UNWANTED_(b) (cancelled)
#else
#define UNWANTED_(b) (cancelled || (winner != NOBODY && winner != b))
#endif
#define FREESTEP_ (CONTAINER_(a) && !stepb[a])
#define CAPTURED_ (jc[a] || fc)
#ifdef BUG_UNLEARN_REVERSAL
#define REVERSED_ fr
#else
#define REVERSED_ (jr[a] || fr)
#endif

#define P_LIVE (winner == NOBODY && !cancelled)
#define P_UNWANTED UNWANTED_(a)
/* The lease part of `sole` cannot be seen in an attempt: a lost lease is a LOST, and every row that asks for SOLE is of INTENT. */
#define P_SOLE (sends[a] == 1 || FREESTEP_)
#define P_REPLAYS (k[a] == K_CARD || k[a] == K_AUTH)
#define P_SOLE_OR_REPLAYS (P_SOLE || P_REPLAYS)
#ifdef BUG_DECLINE_IN_CONTAINER
#define P_CONTAINER false
#define P_CLIENT_WANTED false
#else
#define P_CONTAINER CONTAINER_(a)
#define P_CLIENT_WANTED (k[a] == K_CLIENT && !P_UNWANTED)
#endif
#define P_BY_CUSTOMER BYCUST(a)
#define P_UNSHOWN (BYCUST(a) && !shown[a])
#define P_UNSENT (sends[a] == 0)
#define P_NEXT_STEP FREESTEP_
#define P_UNWANTED_NEXT (FREESTEP_ && P_UNWANTED)
#define P_FREE_STEP FREESTEP_
#ifdef BUG_STUCK_STEP
#define P_FREE_AGAIN (FREESTEP_ && sends[a] < 2)
#else
#define P_FREE_AGAIN (FREESTEP_ && sends[a] < 2 && !P_UNWANTED)  /* what is not wanted is not sent again, so it must not wait for it */
#endif
#define P_MAY_RESEND (sends[a] < 2 && !P_UNWANTED)
#define P_NEXT_STEP_WANTED false                /* no kind has a step after WAITING */
#define P_SHOWABLE (k[a] == K_CLIENT)             /* from UNKNOWN, PROCESSING: no kind with a payload of its own comes there with it */
#define P_CAN_CLOSE (BYCUST(a) || CONTAINER_(a))
#ifdef BUG_NOTFOUND_IS_FAIL
#define P_GONE true
#else
#define P_GONE (P_UNSHOWN || (aold && !CONTAINER_(a)))
#endif
#define P_EXPIRED_THERE (aold && BYCUST(a))
#define P_FINAL (ev == EV_ST_CLOSED || (!CONTAINER_(a) && (k[a] != K_LOOSE || aold)))
#define P_FINAL_OR_GONE (P_FINAL || P_GONE)
#define P_FINAL_UNCAPTURED (P_FINAL && !CAPTURED_ && !cp[a])
#define P_CLOSE_UNSENT_LIVE (!cs[a] && P_LIVE)
#define P_SAME_TXN true                         /* one authorization an attempt */
#define P_EXCESS false                          /* whole amounts */
#ifdef REVCLOSE
#define P_REV_CLOSE (cl[a])
#else
#define P_REV_CLOSE false
#endif
#define P_SETTLED (CAPTURED_ && REVERSED_)
#define P_IS_WINNER (winner == a)
#ifdef BUG_UNCONFIRMED
#define P_UNCONFIRMED false
#else
#define P_UNCONFIRMED (!confirmed)
#endif
#define P_UNCAPTURED (!CAPTURED_)
#define P_BY_CANCEL cancelled
#define P_PAST_AUTH true                        /* the authorization may come to its end at any time */
#define P_PAST_PENDING false                    /* REVIEW is not here */
#define P_HELD false                            /* asked by T_REVIEW only */

/* -- effects: bits, carried out by `apply` ------------------------------------------------------------------------------------ */
#define b_C 1
#define b_CX 2
#define b_V 4
#define b_F 8
#define b_W 16
#define b_Q 32
#define b_SENT 64
#define b_SHOWN 128
#define b_STEP 256
#define b_UNWIN 512
#define b_REJECT 1024
#define FX_NONE fx = 0
#define FX_C fx = b_C
#define FX_CX fx = b_CX
#define FX_V fx = b_V
#define FX_F fx = b_F
#define FX_Q fx = b_Q
#define FX_N fx = 0           /* lookups are always on schedule here */
#define FX_R fx = 0           /* REVIEW is not here */
#define FX_C_R fx = b_C
#define FX_R_Q fx = b_Q
#define FX_R_V fx = b_V
#define FX_W fx = b_W
#define FX_W_PAID fx = b_W
#define FX_W_PAID_REFUNDED fx = b_W
#define FX_F_REFUNDED fx = b_F
#define FX_PAID fx = 0        /* events for the shop are not here */
#define FX_REFUNDED fx = 0
#define FX_PAID_REFUNDED fx = 0
#define FX_PAYLOAD fx = 0     /* WAITING of K_QR and K_SCAN has it: see SHOWABLE */
#define FX_RESEND fx = 0      /* DISPATCH is tried whether the lookup advised it or not */
#define FX_UNWIN fx = b_UNWIN
#define FX_SENT fx = b_SENT
#define FX_SHOWN fx = b_SHOWN
#define FX_STEP fx = b_STEP
#define FX_STEP_SENT fx = b_STEP + b_SENT

#define NX_SAME skip
#define NX_REJECT rejected = true
#define NX_INTENT nx = ST_INTENT
#define NX_UNKNOWN nx = ST_UNKNOWN
#define NX_WAITING nx = ST_WAITING
#define NX_PROCESSING nx = ST_PROCESSING
#define NX_CLOSING nx = ST_CLOSING
#define NX_AUTHORIZED nx = ST_AUTHORIZED
#define NX_PAID nx = ST_PAID
#define NX_SURPLUS nx = ST_SURPLUS
#define NX_REVERSED nx = ST_REVERSED
#define NX_FAILED nx = ST_FAILED
#define NX_CLOSED nx = ST_CLOSED

#define R1(s, e, n1, f1) :: key == ST_##s + 16 * EV_##e -> NX_##n1; FX_##f1
#define R2(s, e, p1, n1, f1, n2, f2) \
    :: key == ST_##s + 16 * EV_##e -> if :: P_##p1 -> NX_##n1; FX_##f1 :: else -> NX_##n2; FX_##f2 fi
#define R3(s, e, p1, n1, f1, p2, n2, f2, n3, f3) \
    :: key == ST_##s + 16 * EV_##e -> if :: P_##p1 -> NX_##n1; FX_##f1 :: else -> \
       if :: P_##p2 -> NX_##n2; FX_##f2 :: else -> NX_##n3; FX_##f3 fi fi
#define R4(s, e, p1, n1, f1, p2, n2, f2, p3, n3, f3, n4, f4) \
    :: key == ST_##s + 16 * EV_##e -> if :: P_##p1 -> NX_##n1; FX_##f1 :: else -> \
       if :: P_##p2 -> NX_##n2; FX_##f2 :: else -> if :: P_##p3 -> NX_##n3; FX_##f3 :: else -> NX_##n4; FX_##f4 fi fi fi
#define R5(s, e, p1, n1, f1, p2, n2, f2, p3, n3, f3, p4, n4, f4, n5, f5) \
    :: key == ST_##s + 16 * EV_##e -> if :: P_##p1 -> NX_##n1; FX_##f1 :: else -> \
       if :: P_##p2 -> NX_##n2; FX_##f2 :: else -> if :: P_##p3 -> NX_##n3; FX_##f3 :: else -> \
       if :: P_##p4 -> NX_##n4; FX_##f4 :: else -> NX_##n5; FX_##f5 fi fi fi fi

/* The money join: facts are kept for ever, and captured money that came back stays back. A money event is what the join says. */
#define JOIN if :: REVERSED_ -> ev = EV_REVERSED_FULL :: else -> ev = EV_PAID fi

#ifdef BUG_GUARD_ON_STATE
#define BARRED (FREED(a) && UNFREE((1 - a)) && nx <= ST_SURPLUS)
#else
#define BARRED false
#endif

hidden byte rejected;

/* What the table says of event `ev` for attempt `a`, and whether that would change anything. */
inline decide() {
    if :: fc -> JOIN :: else fi;
    aold = (old[a] && told == 0) || told == H_NOT_FOUND_OLD;    /* the window was over when the question was put */
    key = j[a] + 16 * ev; nx = j[a]; fx = 0; rejected = false;
    if
#include "attempt.def"
    :: else -> assert(false)      /* a missing row */
    fi;
#ifdef BUG_TIMEOUT_IS_FAIL
    if :: j[a] == ST_INTENT && (ev == EV_LOST || ev == EV_UNCLEAR) -> nx = ST_FAILED; fx = 0 :: else fi;
#endif
#ifdef BUG_SECOND_COPY
    if :: j[a] == ST_UNKNOWN && (ev == EV_NOT_SENT || ev == EV_REFUSED_BEFORE) -> nx = ST_FAILED :: else fi;
#endif
#ifdef BUG_DECLINE_IN_CONTAINER
    if :: CONTAINER_(a) && (j[a] == ST_INTENT || j[a] == ST_UNKNOWN) && (ev == EV_DECLINED || ev == EV_ST_DECLINED) ->
        nx = ST_FAILED; fx = 0 :: else fi;
#endif
#ifdef BUG_IGNORE_LATE
    if :: FREED(a) && (ev == EV_PAID || ev == EV_AUTH) -> rejected = true :: else fi;
#endif
#ifdef BUG_NO_REFUND_INTENT
    fx = fx & ~b_F;
#endif
#ifdef BUG_NO_PREEMPT_VOID
    fx = fx & ~b_V;
#endif
    if :: BARRED -> rejected = true :: else fi;
    if :: (fx & b_CX) && (CONTAINER_(a) || BYCUST(a)) -> fx = fx | b_C :: else fi;
    moves = !rejected && (nx != j[a] || (fc && !jc[a]) || (fr && !jr[a]) || ((fx & (b_C + b_V)) && !ac[a]) ||
        ((fx & b_F) && !ar[a]) || ((fx & b_W) && winner != a) || ((fx & b_Q) && FREED(a) && !q[a]) ||
        (fx & (b_SENT + b_STEP)) || ((fx & b_SHOWN) && !shown[a]) || ((fx & b_UNWIN) && winner == a))
}

inline stands() {
#ifndef LATEPAY
    m = 0;
    for (x : 0 .. N - 1) { if :: p[x] == BK_PAID || p[x] == BK_AUTH -> m++ :: else fi
#ifdef BUG_NEW_KEY
        ; if :: second[x] -> m++ :: else fi
#endif
    }
    assert(m <= 1)
#else
    skip
#endif
}
inline paid_there() { p[a] = BK_PAID; evc[a] = true; stands() }

inline send() {
#ifdef BUG_NEW_KEY
    if :: sends[a] == 1 && k[a] == K_CARD -> out2[a] = true :: else -> out[a]++ fi;
#else
    out[a]++;
#endif
    sends[a]++; old[a] = false
    ; if :: hand[a] == H_NOT_FOUND_OLD -> hand[a] = EV_ST_NOT_FOUND :: else fi    /* it speaks of the copies before this one */
#if W > 1
    ; if :: hand2[a] == H_NOT_FOUND_OLD -> hand2[a] = EV_ST_NOT_FOUND :: else fi
#endif
}

inline apply() {
    if :: !moves -> skip
    :: else ->
        if :: fc -> jc[a] = true :: else fi;
        if :: fr -> jr[a] = true :: else fi;
        /* late money is taken up only where it lies */
        assert(j[a] != ST_FAILED && j[a] != ST_CLOSED || nx != ST_PAID && nx != ST_AUTHORIZED ||
            p[a] == BK_PAID || p[a] == BK_AUTH);
        if :: nx != j[a] -> q[a] = false;
            if :: nx == ST_AUTHORIZED || nx == ST_PAID || FREED(a) || nx >= ST_REVERSED -> ac[a] = false :: else fi;
            if :: nx >= ST_REVERSED -> guard[a] = false; ar[a] = false :: else fi;
            /* nobody asks for these again: one value, fewer states */
            if :: nx >= ST_PAID -> sends[a] = 1; stepb[a] = false; cs[a] = false;
                if :: out[a] == 0 && (k[a] != K_SCAN || !disp[a]) && !CONTAINER_(a) -> old[a] = true :: else fi
               :: else fi
        :: else fi;
        if :: jc[a] -> ac[a] = false :: else fi;                /* a close or void is moot: the money is there */
        j[a] = nx;
        if :: fx & (b_C + b_V) -> ac[a] = true :: else fi;
        if :: fx & b_F -> ar[a] = true :: else fi;
        if :: fx & b_W -> winner = a :: else fi;
        if :: (fx & b_UNWIN) && winner == a -> winner = NOBODY :: else fi;
        if :: (fx & b_Q) && FREED(a) -> q[a] = true :: else fi;
        if :: fx & b_SHOWN -> shown[a] = true; disp[a] = true :: else fi;
        /* A create that comes later still changes nothing: same key, same container. Answers are kept by step and send: one to the
           create proves nothing about the confirm. */
        if :: fx & b_STEP -> stepb[a] = true; sends[a] = 0; out[a] = 0;
#ifndef BUG_STALE_STEP
            if :: hand[a] <= EV_MISMATCH -> hand[a] = 0 :: else fi;
#if W > 1
            if :: hand2[a] <= EV_MISMATCH -> hand2[a] = 0 :: else fi
#endif
#endif
           :: else fi;
        if :: fx & b_SENT -> send() :: else fi
    fi
}

#if W > 1
#define IDLE (hand2[a] == 0)          /* a worker of this attempt has its hands free */
inline sort() { if :: hand[a] < hand2[a] -> m = hand[a]; hand[a] = hand2[a]; hand2[a] = m :: else fi; m = 0 }
#else
#define IDLE (hand[a] == 0)
inline sort() { skip }
#endif

/* -- the worker's rules ------------------------------------------------------------------------------------------------------- */
#ifdef BUG_NO_CLOSE
#define OK1(b) (b == a || !guard[b] || j[b] == ST_WAITING)
#else
#define OK1(b) (b == a || (!guard[b] && (j[b] == ST_NONE || FREED(b)) && !q[b]))
#endif
#if N == 1
#define CLEAR OK1(0)
#elif N == 2
#define CLEAR (OK1(0) && OK1(1))
#else
#define CLEAR (OK1(0) && OK1(1) && OK1(2))
#endif
#define STARTABLE (IDLE && P_LIVE && j[a] == ST_NONE && sends[a] == 0 && CLEAR)

#ifdef NOHOOK       /* the late watch asks about free attempts by schedule; else only what was heard of */
#define WATCH (FREED(a))
#else
#define WATCH (FREED(a) && q[a])
#endif
#ifdef BUG_NO_QUERY
#define LOOK false
#define LOOK_STATUS false
#else
/* PAID is settled and not asked about any more. What a lookup of an open attempt says is always taken in hand first (ask). */
#define LOOK (IDLE && ((UNFREE(a) && j[a] != ST_PAID) || WATCH))
#define LOOK_STATUS (LOOK && (dry || FREED(a)))
#endif
#ifdef NOHOOK
#define HOOK false
#else
#define HOOK (j[a] != ST_NONE)
#endif
#define SETTLED_THERE (p[a] == BK_CLOSED || p[a] == BK_REFUSED || p[a] == BK_PAID || p[a] == BK_REVERSED || \
    (p[a] == BK_NONE && (old[a] || CONTAINER_(a))))

/* What a worker or a notice can feed at any time: E(number, event, when, captured is stated, reversed is stated, by a lookup);
   the number is for the dry run, in which a notice that tells nothing new is none: old ones come at any time, but not for ever. */
#define PERSISTENT \
    E(1, EV_ST_NOT_FOUND, LOOK_STATUS && p[a] == BK_NONE, 0, 0, 1) \
    E(2, EV_ST_UNPAID, LOOK_STATUS && (p[a] == BK_PENDING || (p[a] == BK_OPEN && !decl[a])), 0, 0, 1) \
    E(3, EV_ST_PROCESSING, LOOK_STATUS && p[a] == BK_WORKING, 0, 0, 1) \
    E(4, EV_ST_DECLINED, LOOK_STATUS && (p[a] == BK_REFUSED || (p[a] == BK_OPEN && decl[a])), 0, 0, 1) \
    E(5, EV_ST_CLOSED, LOOK_STATUS && p[a] == BK_CLOSED, 0, 0, 1) \
    E(6, EV_AUTH, LOOK && p[a] == BK_AUTH, 0, 0, 1) \
    E(7, EV_PAID, LOOK && p[a] == BK_PAID, 1, 0, 1) \
    E(8, EV_PAID, LOOK && p[a] == BK_REVERSED, 1, 1, 1) \
    E(9, EV_AUTH, HOOK && p[a] == BK_AUTH, 0, 0, 0) \
    E(10, EV_PAID, HOOK && evc[a] && !(dry && jc[a]), 1, 0, 0) \
    E(11, EV_PAID, HOOK && evr[a] && !(dry && jr[a]), 1, 1, 0) \
    E(12, EV_DISPATCH, IDLE && j[a] == ST_INTENT && !P_UNWANTED && (sends[a] == 0 || (FREESTEP_ && sends[a] < 2)), 0, 0, 0) \
    E(13, EV_DISPATCH, IDLE && j[a] == ST_UNKNOWN, 0, 0, 0) \
    E(14, EV_LOST, IDLE && j[a] == ST_INTENT, 0, 0, 0) \
    E(15, EV_UNCLEAR, IDLE && j[a] == ST_INTENT && sends[a] > 0, 0, 0, 0) \
    E(16, EV_SHOW, IDLE && j[a] == ST_WAITING && BYCUST(a) && !P_UNWANTED, 0, 0, 0) \
    E(17, EV_CLOSE_WANTED, IDLE && j[a] >= ST_INTENT && j[a] <= ST_AUTHORIZED && (P_UNWANTED || winner == NOBODY || cancelled), 0, 0, 0) \
    E(18, EV_T_REVIEW, IDLE && j[a] == ST_AUTHORIZED, 0, 0, 0)
#define EVENTS 18
/* what a worker can do that is no event of the table */
#define CAN_START STARTABLE
#define CAN_CLOSE_SEND (IDLE && ac[a] && !cl[a])
#define CAN_SETTLE (IDLE && FREED(a) && ac[a] && !cl[a] && SETTLED_THERE)
#define CAN_CAPTURE (IDLE && j[a] == ST_AUTHORIZED && winner == a && !ac[a] && !cp[a])
#define CAN_REFUND (IDLE && ar[a] && j[a] == ST_SURPLUS && jc[a] && !jr[a] && !rf[a])
#define CAN_CONFIRM_NOTHING (IDLE && FREED(a) && q[a] && p[a] != BK_PAID && p[a] != BK_AUTH && p[a] != BK_REVERSED)
/* nothing on its way, and what only time can bring has come */
#define STILL (out[a] == 0 && hand[a] == 0 && !cl[a] && !cp[a] && !rf[a] && p[a] != BK_WORKING && \
    (j[a] == ST_NONE || CONTAINER_(a) || old[a]))

inline take(e) {            /* an answer reaches a worker who has a hand free, and may hold it; or nobody */
    if :: hand[a] == 0 -> hand[a] = e
#if W > 1
       :: hand[a] != 0 && hand2[a] == 0 -> hand2[a] = e; sort()
#endif
       :: skip fi
}

inline arrive() {           /* one copy of the request of this step */
    out[a]--;
    if
    :: (k[a] == K_CARD || k[a] == K_LOOSE) && (p[a] == BK_NONE || (k[a] == K_LOOSE && p[a] == BK_REFUSED)) ->
        if :: paid_there()
           :: p[a] = BK_REFUSED; take(EV_DECLINED)
           :: k[a] == K_CARD -> p[a] = BK_WORKING; take(EV_ACCEPTED) fi
    :: k[a] == K_CARD && p[a] == BK_REFUSED -> take(EV_DECLINED)           /* replayed */
    :: k[a] == K_AUTH && p[a] == BK_NONE -> if :: p[a] = BK_AUTH; stands() :: p[a] = BK_REFUSED; take(EV_DECLINED) fi
    :: k[a] == K_QR && (p[a] == BK_NONE || p[a] == BK_PENDING) -> p[a] = BK_PENDING; take(EV_ACTION_NEEDED)
    :: k[a] == K_SCAN -> made[a] = true; take(EV_ACTION_NEEDED)
    :: CONTAINER_(a) && !stepb[a] && (p[a] == BK_NONE || p[a] == BK_OPEN) -> p[a] = BK_OPEN; take(EV_ACCEPTED)
    :: CONTAINER_(a) && stepb[a] && p[a] == BK_OPEN ->
        if :: paid_there()
           :: k[a] == K_CONT -> p[a] = BK_AUTH; stands()
           :: decl[a] = true; take(EV_DECLINED)
           :: k[a] == K_CLIENT -> p[a] = BK_WORKING; take(EV_ACCEPTED) fi
    :: else fi
}

inline ask() {              /* a lookup whose result is fed later; money is the same as a notice that comes late */
    if :: p[a] == BK_NONE && old[a] -> take(H_NOT_FOUND_OLD)
       :: p[a] == BK_NONE && !old[a] -> take(EV_ST_NOT_FOUND)
       :: p[a] == BK_PENDING || (p[a] == BK_OPEN && !decl[a]) -> take(EV_ST_UNPAID)
       :: p[a] == BK_WORKING -> take(EV_ST_PROCESSING)
       :: p[a] == BK_REFUSED || (p[a] == BK_OPEN && decl[a]) -> take(EV_ST_DECLINED)
       :: p[a] == BK_CLOSED -> take(EV_ST_CLOSED)
       :: else fi
}
inline feed(h) {
    if :: j[a] == ST_NONE -> skip                   /* BUG_NO_WAL: of this attempt nothing is known */
       :: else -> if :: h == H_PROOF -> if :: ev = EV_NOT_SENT :: ev = EV_REFUSED_BEFORE :: ev = EV_INVALID fi
       :: h == H_NOT_FOUND_OLD -> told = h; ev = EV_ST_NOT_FOUND
       :: h != H_PROOF && h != H_NOT_FOUND_OLD -> told = h; ev = h fi fi
}

/* -- one move, whoever makes it ---------------------------------------------------------------------------------------------- */
#ifdef KINDS
#define K(c) :: (i == 0 || c >= k[i - 1]) -> k[i] = c
#define ANY_KIND KINDS
#else
#define K(c) :: (i == 0 || c >= k[i - 1]) -> k[i] = c
#define ANY_KIND K(K_CARD) K(K_LOOSE) K(K_AUTH) K(K_QR) K(K_SCAN) K(K_CONT) K(K_CLIENT)
#endif

inline verdict() {          /* of a state in which nothing is on its way and nothing can be moved */
    m = 0;
    for (i : 0 .. N - 1) {
        if :: p[i] == BK_PAID -> m++; assert(winner == i) :: else fi;
        assert(p[i] != BK_AUTH);
        assert(refunds[i] <= 1);
        assert(!UNFREE(i) || j[i] == ST_PAID);
        assert(j[i] != ST_PAID || p[i] == BK_PAID);
        assert(p[i] != BK_PENDING || !disp[i]);
        assert(p[i] != BK_OPEN || !decl[i])
    }
    assert(m <= 1);
    assert(winner == NOBODY || m == 1 || p[winner] == BK_REVERSED)
}

inline quiet() {            /* sets busy: something is on its way, or an event would change something */
    busy = false;
    for (i : 0 .. N - 1) {
        a = i;
        if :: !STILL || CAN_START || CAN_CLOSE_SEND || CAN_SETTLE || CAN_CAPTURE || CAN_REFUND || CAN_CONFIRM_NOTHING ->
                busy = true; break
           :: else fi
    }
    if :: busy -> skip
    :: else ->
        for (i : 0 .. N - 1) {
            a = i;
            for (kk : 1 .. EVENTS) {
                if
#define E(n, e, when, c, r, l) :: kk == n && (when) -> ev = e; fc = c; fr = r; confirmed = l
                PERSISTENT
#undef E
                :: else -> ev = 0
                fi;
                if :: ev != 0 && !busy -> decide(); busy = busy || moves :: else fi
            }
        }
    fi
}

active proctype everybody() {
    d_step { i = 0 }
    do
    :: i < N -> atomic { if ANY_KIND fi; i++ }
    :: else -> break
    od;
end_:
    do
    :: atomic {
#if N == 1
        a = 0;
#elif N == 2
        if :: a = 0 :: a = 1 fi;
#else
        if :: a = 0 :: a = 1 :: a = 2 fi;
#endif
        ev = 0; fc = false; fr = false; confirmed = false; told = 0;
        if
        /* workers and notices: events of the table */
#define E(n, e, when, c, r, l) :: (when) -> ev = e; fc = c; fr = r; confirmed = l
        PERSISTENT
#undef E
        /* a proof about one copy: it did not leave, or was refused at the door */
        :: out[a] > 0 -> out[a]--;
            take(H_PROOF)
        /* an answer is fed, now or much later; or its worker died */
        :: hand[a] != 0 -> feed(hand[a]); hand[a] = 0; sort()
        :: hand[a] != 0 -> hand[a] = 0; sort()
#if W > 1
        :: hand2[a] != 0 -> feed(hand2[a]); hand2[a] = 0
        :: hand2[a] != 0 -> hand2[a] = 0
#endif
        :: UNFREE(a) && LOOK -> ask()
        /* start: claim, intent and sends = 1 are one transaction */
#ifdef BUG_RACY_CLAIM
        :: STARTABLE && !checked[a] -> checked[a] = true
        :: checked[a] && j[a] == ST_NONE -> checked[a] = false; j[a] = ST_INTENT; guard[a] = true; ev = EV_DISPATCH
#else
        :: STARTABLE -> j[a] = ST_INTENT; guard[a] = true; ev = EV_DISPATCH
#endif
#ifdef BUG_NO_WAL
        :: STARTABLE -> sends[a] = 1; out[a]++                      /* and the worker dies before it writes */
#endif
#ifdef BUG_SHOW_FIRST
        :: j[a] == ST_WAITING && BYCUST(a) && !P_UNWANTED -> disp[a] = true
#endif
        /* actions: their intent is in the journal, they are sent as often as needed */
        :: CAN_CLOSE_SEND -> cl[a] = true; if :: k[a] == K_CONT -> cs[a] = true :: else fi
        :: CAN_SETTLE -> ac[a] = false
        :: CAN_CAPTURE -> cp[a] = true
#ifdef BUG_NO_REFUND_INTENT
        :: j[a] == ST_SURPLUS && jc[a] && refunds[a] < 2 -> refunds[a]++; p[a] = BK_REVERSED; evr[a] = true
#else
        :: CAN_REFUND -> rf[a] = true
#endif
        :: CAN_CONFIRM_NOTHING -> q[a] = false
        /* the network */
        :: out[a] > 0 -> arrive()
        /* Losses. What is sent again until it arrives need not be lost, and a copy that never arrives ends with its window. */
        :: out[a] > 0 && CONTAINER_(a) -> out[a]--
        :: cl[a] && !ac[a] -> cl[a] = false
        :: cp[a] -> cp[a] = false
        :: rf[a] && !ar[a] -> rf[a] = false
        :: cl[a] -> cl[a] = false;
            if :: p[a] == BK_PENDING || p[a] == BK_OPEN || p[a] == BK_AUTH -> p[a] = BK_CLOSED
#ifdef REVCLOSE
               :: p[a] == BK_PAID && BYCUST(a) -> p[a] = BK_REVERSED; evr[a] = true
               :: p[a] != BK_PENDING && p[a] != BK_OPEN && p[a] != BK_AUTH && (p[a] != BK_PAID || !BYCUST(a)) -> skip
#else
               :: else
#endif
            fi
        :: cp[a] -> cp[a] = false; if :: p[a] == BK_AUTH -> paid_there() :: else fi
        :: rf[a] -> rf[a] = false; if :: p[a] == BK_PAID -> p[a] = BK_REVERSED; evr[a] = true; refunds[a]++ :: else fi
        /* the window of all copies so far is over: the provider refuses those that are still out */
        :: j[a] != ST_NONE && !old[a] && !CONTAINER_(a) -> old[a] = true;
#ifndef BUG_LATE_SEND
            out[a] = 0
#endif
        /* provider and customer */
        :: p[a] == BK_WORKING && k[a] == K_CARD -> if :: paid_there() :: p[a] = BK_REFUSED fi
        :: p[a] == BK_WORKING && k[a] == K_CLIENT -> if :: paid_there() :: p[a] = BK_OPEN; decl[a] = true fi
        :: k[a] == K_SCAN && p[a] == BK_NONE && made[a] && disp[a] && !old[a] -> p[a] = BK_PENDING
        :: p[a] == BK_PENDING && disp[a] -> paid_there()
        :: CONTAINER_(a) && p[a] == BK_OPEN && decl[a] -> paid_there()
#ifdef BUG_NEW_KEY
        :: out2[a] -> out2[a] = false; second[a] = true; stands()
        :: out2[a] -> out2[a] = false
#endif
#ifdef CANCEL
        :: !cancelled && (winner == NOBODY || j[winner] == ST_AUTHORIZED) -> cancelled = true
#endif
#ifdef LATEPAY
        :: p[a] == BK_CLOSED && !latedone[a] -> latedone[a] = true;
            if :: k[a] == K_AUTH -> p[a] = BK_AUTH :: else -> p[a] = BK_PAID; evc[a] = true fi
#endif
#ifdef REVERSE
        :: p[a] == BK_PAID && !backdone[a] -> backdone[a] = true; p[a] = BK_REVERSED; evr[a] = true
#endif
        :: else
        fi;
        if :: ev != 0 -> d_step { decide(); apply() }
           :: else
        fi;
        d_step {
            home = a; told = 0; dry = true;
            quiet(); if :: !busy -> verdict() :: else fi;
            a = home; dry = false; ev = 0; fc = false; fr = false; confirmed = false
        }
    }
    od
}
