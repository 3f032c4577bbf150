/* The shipped tables as Spin reads them: lib/core/attempt.def and lib/core/action.def, included and expanded in `decide` and
   `decide_action`. The predicates (P_... of attempts, Q_... of actions) are the questions of lib/core/predicate.c asked of the
   model's variables, the effects (b_..., c_...) those of lib/core/effect.c and action.c. Included by payment.pml. */

#define CONTAINER_(b) (t[b].k == K_CONT || t[b].k == K_CLIENT)
#define BYCUST(b) (t[b].k == K_QR || t[b].k == K_SCAN)
#define FREED(b) (t[b].j >= ST_REVERSED)
#define UNFREE(b) (t[b].j >= ST_INTENT && t[b].j <= ST_SURPLUS)

/* -- predicates ------------------------------------------------------------------------------------------------------------- */
#ifdef BUG_NO_WINNER_CLOSE
#define UNWANTED_(b) (cancelled)
#else
#define UNWANTED_(b) (cancelled || (winner != NOBODY && winner != b))
#endif
#define FREESTEP_ (CONTAINER_(a) && !t[a].stepb)
#define CAPTURED_ (t[a].jc || fc)
#ifdef BUG_UNLEARN_REVERSAL
#define REVERSED_ fr
#else
#define REVERSED_ (t[a].jr || fr)
#endif

#define P_LIVE (winner == NOBODY && !cancelled)
#define P_UNWANTED UNWANTED_(a)
/* The lease part of `sole` cannot be seen in an attempt: a lost lease is a LOST, and every row that asks for SOLE is of INTENT. */
#define P_SOLE (t[a].sends == 1 || FREESTEP_)
#define P_REPLAYS (t[a].k == K_CARD || t[a].k == K_AUTH)
#define P_SOLE_OR_REPLAYS (P_SOLE || P_REPLAYS)
#ifdef BUG_DECLINE_IN_CONTAINER
#define P_CONTAINER false
#define P_CLIENT_WANTED false
#else
#define P_CONTAINER CONTAINER_(a)
#define P_CLIENT_WANTED (t[a].k == K_CLIENT && !P_UNWANTED)
#endif
#define P_BY_CUSTOMER BYCUST(a)
#define P_UNSHOWN (BYCUST(a) && !t[a].shown)
#define P_UNSENT (t[a].sends == 0)
#define P_NEXT_STEP FREESTEP_
#define P_UNWANTED_NEXT (FREESTEP_ && P_UNWANTED)
#define P_FREE_STEP FREESTEP_
#ifdef BUG_STUCK_STEP
#define P_FREE_AGAIN (FREESTEP_ && t[a].sends < 2)
#else
#define P_FREE_AGAIN (FREESTEP_ && t[a].sends < 2 && !P_UNWANTED)  /* what is not wanted is not sent again, so it must not wait for it */
#endif
#define P_MAY_RESEND (t[a].sends < 2 && !P_UNWANTED)
#define P_NEXT_STEP_WANTED false                /* no kind has a step after WAITING */
#define P_SHOWABLE (t[a].k == K_CLIENT)             /* from UNKNOWN, PROCESSING: no kind with a payload of its own comes there with it */
#define P_CAN_CLOSE (BYCUST(a) || CONTAINER_(a))
#ifdef BUG_NOTFOUND_IS_FAIL
#define P_GONE true
#else
#define P_GONE (P_UNSHOWN || (aold && !CONTAINER_(a)))
#endif
#define P_EXPIRED_THERE (aold && BYCUST(a))
#define P_FINAL (ev == EV_ST_CLOSED || (!CONTAINER_(a) && (t[a].k != K_LOOSE || aold)))
#define P_FINAL_OR_GONE (P_FINAL || P_GONE)
#define P_FINAL_UNCAPTURED (P_FINAL && !CAPTURED_ && !(OPEN_(t[a].cs) && t[a].cn))
#define P_CLOSE_UNSENT_LIVE (!(OPEN_(t[a].es) && t[a].en) && P_LIVE)
#define P_SAME_TXN true                         /* one authorization an attempt */
#define P_EXCESS false                          /* whole amounts */
#ifdef REVCLOSE
#define P_REV_CLOSE (BYCUST(a) && OPEN_(t[a].es) && t[a].en)
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

/* -- the table of actions ----------------------------------------------------------------------------------------------------- */
/* One slot an attempt for close or void (their rows ask the same questions), one for the capture, one for the refund of a surplus.
   A slot holds the state of its newest action and whether it was sent (more than that, only the unasked count tells). 0: none, or
   one that is over and does not come back; of a refund DONE and FAILED are kept, since each of them forbids another one. */
#define NO_ACT 0
#define ACT_CLOSE 1
#define ACT_CAPTURE 2
#define ACT_REFUND 3

#define AS_INTENT 1
#define AS_UNKNOWN 2
#define AS_PROCESSING 3
#define AS_DONE 4
#define AS_FAILED 5
#define OPEN_(s) (s != 0 && s <= AS_PROCESSING)

#define AE_DISPATCH 1
#define AE_LOST 2
#define AE_NOT_SENT 3
#define AE_REFUSED_BEFORE 4
#define AE_REFUSED 5
#define AE_PENDING 6
#define AE_DONE 7
#define AE_UNCLEAR 8
#define AE_MISMATCH 9
#define AE_NOT_FOUND 10
#define AE_FAILED 11
#define AE_MOOT 12           /* fed by nobody: what is moot is settled in the owner's step, below and in action.c */
#define AE_T_REVIEW 13       /* REVIEW is not here */

/* -- the provider's side of them -- */
/* what the provider answers to one copy now, and whether the copy changes its books */
#define CLOSE_WORKS (t[a].p == BK_PENDING || t[a].p == BK_OPEN || t[a].p == BK_AUTH || REVERSING_CLOSE)
#ifdef REVCLOSE
#define REVERSING_CLOSE (t[a].p == BK_PAID && BYCUST(a))
#define CLOSED_THERE (t[a].p == BK_CLOSED || (t[a].p == BK_REVERSED && BYCUST(a)))
#else
#define REVERSING_CLOSE false
#define CLOSED_THERE (t[a].p == BK_CLOSED)
#endif
#define CLOSE_ANSWER (CLOSE_WORKS || CLOSED_THERE -> AE_DONE : (t[a].p == BK_NONE -> AE_NOT_FOUND : \
    (CONTAINER_(a) && t[a].p == BK_PAID -> AE_FAILED : AE_REFUSED)))
#define CAPTURE_WORKS (t[a].p == BK_AUTH)
#define CAPTURE_ANSWER (CAPTURE_WORKS || t[a].p == BK_PAID -> AE_DONE : (t[a].p == BK_CLOSED -> AE_FAILED : AE_REFUSED))
#define REFUND_WORKS ((t[a].p == BK_PAID && t[a].rb == RB_NONE) || (!KEYED_(a) && t[a].rb == RB_DONE))
#define REFUND_ANSWER (REFUND_WORKS || t[a].rb == RB_DONE -> AE_DONE : (t[a].rb == RB_PENDING -> AE_PENDING : AE_REFUSED))
#define WORKS (ak == ACT_CLOSE -> CLOSE_WORKS : (ak == ACT_CAPTURE -> CAPTURE_WORKS : REFUND_WORKS))
#define ANSWER (ak == ACT_CLOSE -> CLOSE_ANSWER : (ak == ACT_CAPTURE -> CAPTURE_ANSWER : REFUND_ANSWER))
#define CAN_CONFIRM_NOTHING (IDLE && FREED(a) && t[a].q && t[a].p != BK_PAID && t[a].p != BK_AUTH && t[a].p != BK_REVERSED)

/* An intent is sent once before it is something else: a second send, and a lost lease, are of UNKNOWN. */
#define Q_SOLE (asent && as == AS_INTENT)
#define REPLAYS_REFUND(b) (t[b].k == K_CARD || t[b].k == K_AUTH || CONTAINER_(b))
#ifdef BUG_REFUND_SECOND_COPY
#define Q_REPLAYS true
#else
#define Q_REPLAYS REPLAYS_REFUND(a)
#endif
#define Q_SOLE_OR_REPLAYS (Q_SOLE || Q_REPLAYS || ak == ACT_CLOSE)
#define Q_UNSENT (!asent)
#define Q_REFUND (ak == ACT_REFUND)
#define KEYED_(b) (t[b].k != K_LOOSE)   /* the other kinds' refunds have a key */
#ifdef BUG_KEYLESS_AGAIN
#define Q_SENDABLE true
#else
#define Q_SENDABLE (ak != ACT_REFUND || KEYED_(a))
#endif
/* The window of all copies is over: whoever waits for it has none under way any more. */
#define Q_GONE (!CONTAINER_(a) && (ak != ACT_REFUND || KEYED_(a)) && afly == 0)

#define c_SENT 1
#define c_UNSEND 2
#define c_WIN 4
#define c_UNDO 8
#define AX_NONE afx = 0
#define AX_SENT afx = c_SENT
#define AX_UNSEND afx = c_UNSEND
#define AX_WIN afx = c_WIN
#define AX_UNDO afx = c_UNDO
#define AX_LOSE afx = 0        /* the owner is looked up, which is always on schedule here; a refund that fails is a person's */
#define AX_N afx = 0
#define AX_Q afx = 0
#define AX_R afx = 0

#define AN_SAME skip
#define AN_REJECT arejected = true
#define AN_INTENT anx = AS_INTENT
#define AN_UNKNOWN anx = AS_UNKNOWN
#define AN_PROCESSING anx = AS_PROCESSING
#define AN_DONE anx = AS_DONE
#define AN_FAILED anx = AS_FAILED

#define A1(s, e, n1, f1) :: akey == AS_##s + 8 * AE_##e -> AN_##n1; AX_##f1
#define A2(s, e, p1, n1, f1, n2, f2) \
    :: akey == AS_##s + 8 * AE_##e -> if :: Q_##p1 -> AN_##n1; AX_##f1 :: else -> AN_##n2; AX_##f2 fi
#define A3(s, e, p1, n1, f1, p2, n2, f2, n3, f3) \
    :: akey == AS_##s + 8 * AE_##e -> if :: Q_##p1 -> AN_##n1; AX_##f1 :: else -> \
       if :: Q_##p2 -> AN_##n2; AX_##f2 :: else -> AN_##n3; AX_##f3 fi fi

/* What the table says of event `aev` for action `ak` of attempt `a`, and whether that would change anything. */
inline decide_action() {
    if
    :: ak == ACT_CLOSE -> as = t[a].es; asent = t[a].en; afly = t[a].ef
    :: ak == ACT_CAPTURE -> as = t[a].cs; asent = t[a].cn; afly = t[a].cf
    :: ak == ACT_REFUND -> as = t[a].rs; asent = t[a].rn; afly = t[a].rf
    fi;
    amoves = false;
    if :: as == 0 -> skip         /* over, and the word for it comes too late */
    :: else ->
        akey = as + 8 * aev; anx = as; afx = 0; arejected = false;
        if
#include "action.def"
        :: else -> assert(false)      /* a missing row */
        fi;
#ifdef BUG_CLOSE_BY_SILENCE
        if :: ak == ACT_CLOSE && (aev == AE_LOST || aev == AE_UNCLEAR) && asent -> anx = AS_DONE; afx = c_WIN :: else fi;
#endif
#ifdef BUG_KEYLESS_AGAIN
        if :: aev == AE_DISPATCH && ak == ACT_REFUND && as == AS_UNKNOWN -> arejected = false; anx = as; afx = c_SENT :: else fi;
#endif
        amoves = !arejected && (anx != as || (afx & (c_SENT + c_WIN + c_UNDO)) || ((afx & c_UNSEND) && asent))
    fi
}

/* The owner hears what came of it: `ev` is then fed to the attempt. A refund of the whole amount is a full reversal. */
inline tell_owner() {
    if
    :: ak == ACT_CLOSE -> ev = EV_ST_CLOSED
    :: ak == ACT_CAPTURE -> ev = EV_PAID; fc = true
    :: ak == ACT_REFUND -> ev = EV_PAID; fc = true; fr = true
    fi
}

inline apply_action() {
    if :: !amoves -> skip
    :: else ->
        if :: afx & c_SENT -> asent = true; if :: afly == 0 || (ak == ACT_REFUND && afly < 2) -> afly++ :: else fi :: else fi;
        if :: afx & c_UNSEND -> asent = false :: else fi;
        /* a refund that counts as failed is a person's to make again: it must not have been made, nor be made later */
        assert(ak != ACT_REFUND || anx != AS_FAILED || (t[a].rb != RB_DONE && t[a].rb != RB_PENDING));
        assert(!(afx & c_UNDO));      /* no provider here takes a refund back that was done */
        if :: anx >= AS_DONE && ak != ACT_REFUND -> anx = 0 :: else fi;
        if :: anx >= AS_DONE || anx == 0 -> asent = false :: else fi;
        if
        :: ak == ACT_CLOSE -> t[a].es = anx; t[a].en = asent; t[a].ef = afly
        :: ak == ACT_CAPTURE -> t[a].cs = anx; t[a].cn = asent; t[a].cf = afly
        :: ak == ACT_REFUND -> t[a].rs = anx; t[a].rn = asent; t[a].rf = afly
        fi;
        if :: afx & c_WIN -> tell_owner() :: else fi
    fi
}

/* The money join: facts are kept for ever, and captured money that came back stays back. A money event is what the join says. */
#define JOIN if :: REVERSED_ -> ev = EV_REVERSED_FULL :: else -> ev = EV_PAID fi

#ifdef BUG_GUARD_ON_STATE
#define BARRED (FREED(a) && UNFREE((1 - a)) && nx <= ST_SURPLUS)
#else
#define BARRED false
#endif

/* What the table says of event `ev` for attempt `a`, and whether that would change anything. */
inline decide() {
    if :: fc -> JOIN :: else fi;
    aold = (t[a].old && told == 0) || told == H_NOT_FOUND_OLD;    /* the window was over when the question was put */
    key = t[a].j + 16 * ev; nx = t[a].j; fx = 0; rejected = false;
    if
#include "attempt.def"
    :: else -> assert(false)      /* a missing row */
    fi;
#ifdef BUG_TIMEOUT_IS_FAIL
    if :: t[a].j == ST_INTENT && (ev == EV_LOST || ev == EV_UNCLEAR) -> nx = ST_FAILED; fx = 0 :: else fi;
#endif
#ifdef BUG_SECOND_COPY
    if :: t[a].j == ST_UNKNOWN && (ev == EV_NOT_SENT || ev == EV_REFUSED_BEFORE) -> nx = ST_FAILED :: else fi;
#endif
#ifdef BUG_DECLINE_IN_CONTAINER
    if :: CONTAINER_(a) && (t[a].j == ST_INTENT || t[a].j == ST_UNKNOWN) && (ev == EV_DECLINED || ev == EV_ST_DECLINED) ->
        nx = ST_FAILED; fx = 0 :: else fi;
#endif
#ifdef BUG_IGNORE_LATE
    if :: FREED(a) && (ev == EV_PAID || ev == EV_AUTH) -> rejected = true :: else fi;
#endif
#ifdef BUG_NO_REFUND_INTENT
    fx = fx & ~b_F;
#endif
    if :: BARRED -> rejected = true :: else fi;
    /* money that waits for the lookup that confirms it is no fact yet (waits_for_proof) */
    if :: fc && nx == t[a].j && (fx & b_Q) && (FREED(a) || t[a].j == ST_CLOSING) -> fc = false; fr = false :: else fi;
    if :: fx & (b_C + b_CX) -> fx = fx & ~b_C; if :: P_CAN_CLOSE -> fx = fx | b_C :: else fi :: else fi;
    /* nothing is owed, or it is being done, or the same fact came once more */
    if :: (fx & b_F) && (REVERSED_ || t[a].rs != 0 || nx == ST_PAID || (nx == t[a].j && (!fc || t[a].jc))) -> fx = fx & ~b_F :: else fi;
    /* (the dry run asks for progress: a close that would close nothing is none) */
    moves = !rejected && (nx != t[a].j || (fc && !t[a].jc) || (fr && !t[a].jr) ||
        ((fx & (b_C + b_V)) && !OPEN_(t[a].es) && (!dry || CLOSE_WORKS)) || (fx & b_F) || ((fx & b_W) && winner != a) || ((fx & b_Q) && FREED(a) && !t[a].q) ||
        (fx & (b_SENT + b_STEP)) || ((fx & b_SHOWN) && !t[a].shown) || ((fx & b_UNWIN) && winner == a))
}

inline send() {
#ifdef BUG_NEW_KEY
    if :: t[a].sends == 1 && t[a].k == K_CARD -> t[a].out2 = true :: else -> t[a].out++ fi;
#else
    t[a].out++;
#endif
    t[a].sends++; t[a].old = false
    ; if :: t[a].hand == H_NOT_FOUND_OLD -> t[a].hand = EV_ST_NOT_FOUND :: else fi    /* it speaks of the copies before this one */
#if W > 1
    ; if :: t[a].hand2 == H_NOT_FOUND_OLD -> t[a].hand2 = EV_ST_NOT_FOUND :: else fi
#endif
}

/* The owner's new state ends the actions that it makes moot (pr_actions_settle). */
inline settle() {
    if :: nx >= ST_PAID || (nx == ST_AUTHORIZED && !t[a].en) -> t[a].es = 0; t[a].en = false :: else fi;
    if :: nx == ST_PAID || nx >= ST_REVERSED -> t[a].cs = 0; t[a].cn = false :: else fi;
    if :: nx >= ST_REVERSED && t[a].rs == AS_INTENT && !t[a].rn -> t[a].rs = 0 :: else fi
}

inline apply() {
    if :: !moves -> skip
    :: else ->
        if :: fc -> t[a].jc = true :: else fi;
        if :: fr -> t[a].jr = true :: else fi;
        /* late money is taken up only where it lies */
        assert(t[a].j != ST_FAILED && t[a].j != ST_CLOSED || nx != ST_PAID && nx != ST_AUTHORIZED ||
            t[a].p == BK_PAID || t[a].p == BK_AUTH);
        if :: nx != t[a].j -> t[a].q = false;
            if :: nx >= ST_REVERSED -> t[a].guard = false :: else fi;
            settle()
        :: else fi;
        t[a].j = nx;
        if :: (fx & (b_C + b_V)) && t[a].es == 0 -> t[a].es = AS_INTENT; t[a].en = false :: else fi;
        if :: fx & b_F -> t[a].rs = AS_INTENT; t[a].rn = false :: else fi;
        if :: fx & b_W -> winner = a :: else fi;
        if :: (fx & b_UNWIN) && winner == a -> winner = NOBODY :: else fi;
        if :: (fx & b_Q) && FREED(a) -> t[a].q = true :: else fi;
        if :: fx & b_SHOWN -> t[a].shown = true; t[a].disp = true :: else fi;
        /* A create that comes later still changes nothing: same key, same container. Answers are kept by step and send: one to the
           create proves nothing about the confirm. */
        if :: fx & b_STEP -> t[a].stepb = true; t[a].sends = 0; t[a].out = 0;
#ifndef BUG_STALE_STEP
            if :: t[a].hand <= EV_MISMATCH -> t[a].hand = 0 :: else fi;
#if W > 1
            if :: t[a].hand2 <= EV_MISMATCH -> t[a].hand2 = 0 :: else fi
#endif
#endif
           :: else fi;
        if :: fx & b_SENT -> send() :: else fi
    fi
}

