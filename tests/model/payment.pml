/* The shipped tables (lib/core/attempt.def and action.def) against every order of crashes, losses, delays, second copies, late
   payers and stale notices: one payment, N attempts, any number of workers, providers who keep books.

   What is real and what is a model: `decide` and `decide_action` (table.pml) ARE the tables, included and expanded; a changed cell
   changes this search. The predicates are the questions of lib/core/predicate.c asked of the model's variables (state.pml), the
   effects those of lib/core/effect.c and action.c. Written anew here are only the world (network, provider, customer), the
   worker's rules which stand in no table (who may start, what is looked up when, write before send) and the money join.

   Workers have no process of their own. All that a worker does is one transaction (compare-and-set on the version), so all that a
   paused or dead worker can still hold is a request that it may send later or never (`out`, together with the copies under way:
   a copy may arrive late, never, or be proved to have done nothing) and an answer or lookup result that it may feed later or never
   (`hand`). There are W workers for each attempt; one with full hands does nothing else; notices come by others. So a worker
   may stop for any time between any two of its steps: crash, pause and lost lease are one thing. One process with one atomic step
   for a move keeps the search small. Attempts are interchangeable: after each move they are put in order (line_up), and one has
   no kind before it starts.

   Kinds of attempt (each attempt takes any of them, or those of -DKINDS='K(k) ...'):
     CARD    the request itself moves the money, at once or after PROCESSING; a decline is replayed for the same key
     LOOSE   the same, but a second copy of a declined request is executed anew, and its refunds have no key
     AUTH    held first: capture or void
     QR      order at creation, the customer pays what was shown       SCAN    no order at the provider before the scan
     CONT    container in two steps (create moves no money, confirm does: captured or held); a decline inside is not the end of it
     CLIENT  the same, its secret is in the customer's browser, where it can be confirmed again; may be PROCESSING
   old[a] says that the window of the provider's signature (QR, SCAN: the expiry that was sent) has passed for all copies so far.

   Actions: an attempt has a slot for its close or void, one for its capture, one for the refund of a surplus. Each goes through its
   states by action.def: written with the owner's step, sent, lost, proved unsent, refused, sent again, answered. Left out:
     what a worker holds: the answer to an action is fed when the provider gives it, or never (a lookup says it later as well);
     an attempt's own answers are held, since there a stale word frees
     close and void share a slot: their rows ask nothing that tells them apart, and one ends where the other begins
     copies of a close or capture under way are one or none (a second changes nothing), of a refund up to two
     DONE and FAILED of close and capture are 'none': another one may be written; of a refund each forbids another one
     GONE is the truth about copies, as after the longest quarantine; MOOT is fed by nobody; T_REVIEW and UNDO are not here

   Variants that must show 0 errors: none, and any of
     LATEPAY    a provider takes money (or holds it) once more after it confirmed the close
     REVERSE    captured money is given back by someone else, and old 'paid' notices come after it
     CANCEL     the host cancels at any time before money is captured; what comes then goes back
     NOHOOK     no webhook ever comes (not with REVERSE: nobody asks about money that is kept)
     REVCLOSE   a close gives money back where there was some (Alipay cancel, WeChat reverse)
     SLOWBACK   a refund may stay pending, and may be refused, at once or after that: then it is a person's
   BUG_x removes one rule and must show an error; the list with the rule's words is in model.sh.

   Checked after every step: money stands (captured or held) on at most one attempt (not with LATEPAY); late money is taken up only
   while the provider's books hold it; a refund that counts as failed was not made and never is. Checked whenever nothing is on its
   way and no worker can move anything: at most one capture keeps its money, it is the winner's and the journal says so, no
   authorization is left, nothing is refunded twice, no attempt and no action is open but a refund that waits for a person (refused,
   or without a key and lost). This is decided by a dry run of every event over the tables, not by a deadlock; a request that would
   go out again and change nothing is no move, so an action that never ends is found.

   Bounded: two sends of a request, one refund key, one late payment and one reversal an attempt, whole amounts.
   Not here (tests and the simulation cover it): overlap (slot 2), REVIEW and resolve, partial amounts, a capture refused while its
   hold stands, a refund that fails after it was done, key life, clock values, budgets, events for the shop, the row
   WAITING/DISPATCH (no kind has a step after WAITING).
   A trail holds C code: replay it with `pan -r`, not with `spin -t`. */
#include "state.pml"
#include "table.pml"

inline stands() {
#ifndef LATEPAY
    m = 0;
    for (x : 0 .. N - 1) { if :: t[x].p == BK_PAID || t[x].p == BK_AUTH -> m++ :: else fi
#ifdef BUG_NEW_KEY
        ; if :: t[x].second -> m++ :: else fi
#endif
    }
    assert(m <= 1)
#else
    skip
#endif
}
inline paid_there() { t[a].p = BK_PAID; t[a].evc = true; stands() }

#if W > 1
#define IDLE (t[a].hand2 == 0)          /* a worker of this attempt has its hands free */
inline sort() { if :: t[a].hand < t[a].hand2 -> m = t[a].hand; t[a].hand = t[a].hand2; t[a].hand2 = m :: else fi; m = 0 }
#else
#define IDLE (t[a].hand == 0)
inline sort() { skip }
#endif

/* -- the worker's rules ------------------------------------------------------------------------------------------------------- */
#ifdef BUG_NO_CLOSE
#define OK1(b) (b == a || !t[b].guard || t[b].j == ST_WAITING)
#else
#define OK1(b) (b == a || (!t[b].guard && (t[b].j == ST_NONE || FREED(b)) && !t[b].q))
#endif
#if N == 1
#define CLEAR OK1(0)
#elif N == 2
#define CLEAR (OK1(0) && OK1(1))
#else
#define CLEAR (OK1(0) && OK1(1) && OK1(2))
#endif
#define STARTABLE (IDLE && P_LIVE && t[a].j == ST_NONE && t[a].sends == 0 && CLEAR)

#ifdef NOHOOK       /* the late watch asks about free attempts by schedule; else only what was heard of */
#define WATCH (FREED(a))
#else
#define WATCH (FREED(a) && t[a].q)
#endif
#ifdef BUG_NO_QUERY
#define LOOK false
#define LOOK_STATUS false
#else
/* PAID is settled and not asked about any more. What a lookup of an open attempt says is always taken in hand first (ask). */
#define LOOK (IDLE && ((UNFREE(a) && t[a].j != ST_PAID) || WATCH))
#define LOOK_STATUS (LOOK && (dry || FREED(a)))
#endif
#ifdef NOHOOK
#define HOOK false
#else
#define HOOK (t[a].j != ST_NONE)
#endif
#define SETTLED_THERE (t[a].p == BK_CLOSED || t[a].p == BK_REFUSED || t[a].p == BK_PAID || t[a].p == BK_REVERSED || \
    (t[a].p == BK_NONE && (t[a].old || CONTAINER_(a))))

/* What a worker or a notice can feed at any time: E(number, event, when, captured is stated, reversed is stated, by a lookup);
   the number is for the dry run, in which a notice that tells nothing new is none: old ones come at any time, but not for ever. */
#define PERSISTENT \
    E(1, EV_ST_NOT_FOUND, LOOK_STATUS && t[a].p == BK_NONE, 0, 0, 1) \
    E(2, EV_ST_UNPAID, LOOK_STATUS && (t[a].p == BK_PENDING || (t[a].p == BK_OPEN && !t[a].decl)), 0, 0, 1) \
    E(3, EV_ST_PROCESSING, LOOK_STATUS && t[a].p == BK_WORKING, 0, 0, 1) \
    E(4, EV_ST_DECLINED, LOOK_STATUS && (t[a].p == BK_REFUSED || (t[a].p == BK_OPEN && t[a].decl)), 0, 0, 1) \
    E(5, EV_ST_CLOSED, LOOK_STATUS && t[a].p == BK_CLOSED, 0, 0, 1) \
    E(6, EV_AUTH, LOOK && t[a].p == BK_AUTH, 0, 0, 1) \
    E(7, EV_PAID, LOOK && t[a].p == BK_PAID, 1, 0, 1) \
    E(8, EV_PAID, LOOK && t[a].p == BK_REVERSED, 1, 1, 1) \
    E(9, EV_AUTH, HOOK && t[a].p == BK_AUTH, 0, 0, 0) \
    E(10, EV_PAID, HOOK && t[a].evc && !(dry && t[a].jc), 1, 0, 0) \
    E(11, EV_PAID, HOOK && t[a].evr && !(dry && t[a].jr), 1, 1, 0) \
    E(12, EV_DISPATCH, IDLE && t[a].j == ST_INTENT && !P_UNWANTED && (t[a].sends == 0 || (FREESTEP_ && t[a].sends < 2)), 0, 0, 0) \
    E(13, EV_DISPATCH, IDLE && t[a].j == ST_UNKNOWN, 0, 0, 0) \
    E(14, EV_LOST, IDLE && t[a].j == ST_INTENT, 0, 0, 0) \
    E(15, EV_UNCLEAR, IDLE && t[a].j == ST_INTENT && t[a].sends > 0, 0, 0, 0) \
    E(16, EV_SHOW, IDLE && t[a].j == ST_WAITING && BYCUST(a) && !P_UNWANTED, 0, 0, 0) \
    E(17, EV_CLOSE_WANTED, IDLE && t[a].j >= ST_INTENT && t[a].j <= ST_AUTHORIZED && (P_UNWANTED || winner == NOBODY || cancelled), 0, 0, 0) \
    E(18, EV_T_REVIEW, IDLE && t[a].j == ST_AUTHORIZED && t[a].cs == 0, 0, 0, 0)
#define EVENTS 18
/* what a worker can do that is no event of a table */
#define CAN_START STARTABLE
/* a close that is a courtesy to a free attempt is given up after some tries: here when it could do nothing any more */
#define CAN_SETTLE (IDLE && FREED(a) && t[a].es != 0 && !t[a].ef && SETTLED_THERE)
#define CAN_CAPTURE (t[a].j == ST_AUTHORIZED && winner == a && !cancelled && t[a].es == 0 && t[a].cs == 0 && !t[a].jc)     /* the host's call */

/* Events of actions that a worker can feed at any time, as PERSISTENT: E(number, action, event, when). An intent that was sent and
   a worker that died are a LOST; what is UNKNOWN may go out again, a capture not while a void may be on its way nor, for the first
   time, after a cancel. Only refunds have lookups of their own: of the others the lookup of the order tells. */
#define SEND_OR_AGAIN(s, n) ((s == AS_INTENT && !n) || s == AS_UNKNOWN)
#define A_LOOK (t[a].rs == AS_UNKNOWN || t[a].rs == AS_PROCESSING)
#define PERSISTENT_ACTIONS \
    E(1, ACT_CLOSE, AE_DISPATCH, IDLE && !t[a].ef && SEND_OR_AGAIN(t[a].es, t[a].en)) \
    E(2, ACT_CAPTURE, AE_DISPATCH, IDLE && !t[a].cf && !OPEN_(t[a].es) && (t[a].cn || !cancelled) && SEND_OR_AGAIN(t[a].cs, t[a].cn)) \
    E(3, ACT_REFUND, AE_DISPATCH, IDLE && t[a].rf < 2 && SEND_OR_AGAIN(t[a].rs, t[a].rn)) \
    E(4, ACT_CLOSE, AE_LOST, t[a].es != 0 && t[a].en) \
    E(5, ACT_CAPTURE, AE_LOST, t[a].cs != 0 && t[a].cn) \
    E(6, ACT_REFUND, AE_LOST, OPEN_(t[a].rs) && t[a].rn) \
    OTHER_ANSWERS \
    E(13, ACT_REFUND, AE_NOT_FOUND, IDLE && A_LOOK && t[a].rb == RB_NONE) \
    E(14, ACT_REFUND, AE_PENDING, IDLE && A_LOOK && t[a].rb == RB_PENDING) \
    E(15, ACT_REFUND, AE_DONE, IDLE && A_LOOK && t[a].rb == RB_DONE) \
    E(16, ACT_REFUND, AE_FAILED, IDLE && A_LOOK && t[a].rb == RB_FAILED)
#define ACTION_EVENTS 16
#if W == 1     /* in the state where LOST would do the same, and where it would do nothing: once is enough */
#define OTHER_ANSWERS \
    E(7, ACT_CLOSE, AE_UNCLEAR, t[a].es != 0 && t[a].en) \
    E(8, ACT_CAPTURE, AE_UNCLEAR, t[a].cs != 0 && t[a].cn) \
    E(9, ACT_REFUND, AE_UNCLEAR, OPEN_(t[a].rs) && t[a].rn) \
    E(10, ACT_CLOSE, AE_MISMATCH, t[a].es != 0 && t[a].en) \
    E(11, ACT_CAPTURE, AE_MISMATCH, t[a].cs != 0 && t[a].cn) \
    E(12, ACT_REFUND, AE_MISMATCH, OPEN_(t[a].rs) && t[a].rn)
#else
#define OTHER_ANSWERS
#endif
/* nothing on its way, and what only time can bring has come */
#define STILL (t[a].out == 0 && t[a].hand == 0 && !t[a].ef && !t[a].cf && t[a].rf == 0 && t[a].rb != RB_PENDING && t[a].p != BK_WORKING && \
    (t[a].j == ST_NONE || CONTAINER_(a) || t[a].old))

inline take(e) {            /* an answer reaches a worker who has a hand free, and may hold it; or nobody */
    if :: t[a].hand == 0 -> t[a].hand = e
#if W > 1
       :: t[a].hand != 0 && t[a].hand2 == 0 -> t[a].hand2 = e; sort()
#endif
       :: skip fi
}

inline arrive() {           /* one copy of the request of this step */
    t[a].out--;
    if
    :: (t[a].k == K_CARD || t[a].k == K_LOOSE) && (t[a].p == BK_NONE || (t[a].k == K_LOOSE && t[a].p == BK_REFUSED)) ->
        if :: paid_there()
           :: t[a].p = BK_REFUSED; take(EV_DECLINED)
           :: t[a].k == K_CARD -> t[a].p = BK_WORKING; take(EV_ACCEPTED) fi
    :: t[a].k == K_CARD && t[a].p == BK_REFUSED -> take(EV_DECLINED)           /* replayed */
    :: t[a].k == K_AUTH && t[a].p == BK_NONE -> if :: t[a].p = BK_AUTH; stands() :: t[a].p = BK_REFUSED; take(EV_DECLINED) fi
    :: t[a].k == K_QR && (t[a].p == BK_NONE || t[a].p == BK_PENDING) -> t[a].p = BK_PENDING; take(EV_ACTION_NEEDED)
    :: t[a].k == K_SCAN -> t[a].made = true; take(EV_ACTION_NEEDED)
    :: CONTAINER_(a) && !t[a].stepb && (t[a].p == BK_NONE || t[a].p == BK_OPEN) -> t[a].p = BK_OPEN; take(EV_ACCEPTED)
    :: CONTAINER_(a) && t[a].stepb && t[a].p == BK_OPEN ->
        if :: paid_there()
           :: t[a].k == K_CONT -> t[a].p = BK_AUTH; stands()
           :: t[a].decl = true; take(EV_DECLINED)
           :: t[a].k == K_CLIENT -> t[a].p = BK_WORKING; take(EV_ACCEPTED) fi
    :: else fi
}

inline ask() {              /* a lookup whose result is fed later; money is the same as a notice that comes late */
    if :: t[a].p == BK_NONE && t[a].old -> take(H_NOT_FOUND_OLD)
       :: t[a].p == BK_NONE && !t[a].old -> take(EV_ST_NOT_FOUND)
       :: t[a].p == BK_PENDING || (t[a].p == BK_OPEN && !t[a].decl) -> take(EV_ST_UNPAID)
       :: t[a].p == BK_WORKING -> take(EV_ST_PROCESSING)
       :: t[a].p == BK_REFUSED || (t[a].p == BK_OPEN && t[a].decl) -> take(EV_ST_DECLINED)
       :: t[a].p == BK_CLOSED -> take(EV_ST_CLOSED)
       :: else fi
}
inline feed() {
    if :: t[a].j == ST_NONE -> skip                   /* BUG_NO_WAL: of this attempt nothing is known */
       :: else -> if :: fed == H_PROOF -> if :: ev = EV_NOT_SENT :: ev = EV_REFUSED_BEFORE :: ev = EV_INVALID fi
       :: fed == H_NOT_FOUND_OLD -> told = fed; ev = EV_ST_NOT_FOUND
       :: fed != H_PROOF && fed != H_NOT_FOUND_OLD -> told = fed; ev = fed fi fi
}

inline refunded() {         /* the whole amount, once more where the channel has no key */
    t[a].p = BK_REVERSED; t[a].evr = true; t[a].rb = RB_DONE;
    if :: t[a].refunds < 2 -> t[a].refunds++ :: else fi;
    assert(t[a].rs != AS_FAILED)
}

/* What nobody asks for any more gets one value, and attempts are interchangeable, so they are kept in order: fewer states, same
   search. */
#ifdef LATEPAY
#define DONE_THERE (t[a].p == BK_PAID || t[a].p == BK_REVERSED)
#else
#define DONE_THERE (t[a].p == BK_PAID || t[a].p == BK_REVERSED || t[a].p == BK_CLOSED)
#endif
inline tidy() {
    if :: t[a].j >= ST_CLOSING -> c_code { forget(); } :: else fi;
    if :: t[a].j >= ST_WAITING -> t[a].sends = 0; if :: t[a].out == 0 -> t[a].stepb = false :: else fi :: else fi;
    if :: t[a].j >= ST_AUTHORIZED -> t[a].shown = false :: else fi;
    if :: t[a].p != BK_NONE && t[a].p != BK_PENDING && t[a].p != BK_OPEN -> t[a].made = false; t[a].disp = false; t[a].decl = false
       :: else fi;
    /* copies that can do nothing any more, at a provider who is done with it, are not worth waiting for */
    if :: t[a].j >= ST_PAID && (t[a].p == BK_PAID || t[a].p == BK_REVERSED) -> t[a].out = 0 :: else fi;
    if :: t[a].es == 0 && DONE_THERE && !REVERSING_CLOSE -> t[a].ef = false :: else fi;
    if :: t[a].cs == 0 && DONE_THERE -> t[a].cf = false :: else fi;
    if :: !OPEN_(t[a].rs) && KEYED_(a) && t[a].p != BK_PAID -> t[a].rf = 0 :: else fi;
    if :: t[a].j >= ST_PAID && t[a].out == 0 && (t[a].k != K_SCAN || !t[a].disp) && !CONTAINER_(a) -> t[a].old = true :: else fi
}

/* -- one move, whoever makes it ---------------------------------------------------------------------------------------------- */
#ifndef KINDS
#define KINDS K(K_CARD) K(K_LOOSE) K(K_AUTH) K(K_QR) K(K_SCAN) K(K_CONT) K(K_CLIENT)
#endif
#define K(c) :: t[a].k == 0 -> t[a].k = c
inline pick() { if KINDS :: t[a].k != 0 -> skip fi }

/* Owed, and only a person can give it back: the refund was refused, or it has no key and may have been lost. */
#define PERSON(b) (t[b].j == ST_SURPLUS && (t[b].rs == AS_FAILED || (!KEYED_(b) && t[b].rs == AS_UNKNOWN)))

inline verdict() {          /* of a state in which nothing is on its way and nothing can be moved */
    m = 0;
    for (i : 0 .. N - 1) {
        if :: t[i].p == BK_PAID && !PERSON(i) -> m++; assert(winner == i) :: else fi;
        assert(t[i].p != BK_AUTH);
        assert(t[i].refunds <= 1);
        assert(!UNFREE(i) || t[i].j == ST_PAID || PERSON(i));
        assert(t[i].es == 0 && t[i].cs == 0);
        assert(!OPEN_(t[i].rs) || (!KEYED_(i) && t[i].rs == AS_UNKNOWN));
        assert(t[i].j != ST_PAID || t[i].p == BK_PAID);
        assert(t[i].p != BK_PENDING || !t[i].disp);
        assert(t[i].p != BK_OPEN || !t[i].decl)
    }
    assert(m <= 1);
    assert(winner == NOBODY || m == 1 || t[winner].p == BK_REVERSED)
}

inline quiet() {            /* sets busy: something is on its way, or an event would change something */
    busy = false;
    for (i : 0 .. N - 1) {
        a = i;
        if :: !STILL || CAN_START || CAN_SETTLE || (CAN_CAPTURE && CAPTURE_WORKS) || CAN_CONFIRM_NOTHING ->
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

inline quiet_actions() {    /* the same for the actions */
    if :: busy -> skip
    :: else ->
        for (i : 0 .. N - 1) {
            a = i;
            for (kk : 1 .. ACTION_EVENTS) {
                if
#define E(n, x, e, when) :: kk == n && (when) -> ak = x; aev = e
                PERSISTENT_ACTIONS
#undef E
                :: else -> ak = NO_ACT
                fi;
                if :: ak != NO_ACT && !busy ->
                        decide_action();
                        /* a request that goes out again and again and changes nothing is no move */
                        if :: amoves && aev == AE_DISPATCH && as != AS_INTENT -> busy = WORKS; aev = ANSWER; decide_action() :: else fi;
                        busy = busy || amoves
                   :: else fi
            }
        }
    fi
}

active proctype everybody() {
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
        ev = 0; fc = false; fr = false; confirmed = false; told = 0; ak = NO_ACT; aev = 0;
        if
        /* workers and notices: events of the table */
#define E(n, e, when, c, r, l) :: (when) -> ev = e; fc = c; fr = r; confirmed = l
        PERSISTENT
#undef E
#define E(n, x, e, when) :: (when) -> ak = x; aev = e
        PERSISTENT_ACTIONS
#undef E
        /* a proof about one copy: it did not leave, or was refused at the door */
        :: t[a].out > 0 -> t[a].out--;
            take(H_PROOF)
        /* an answer is fed, now or much later; or its worker died */
        :: t[a].hand != 0 -> fed = t[a].hand; feed(); t[a].hand = 0; sort()
        :: t[a].hand != 0 -> t[a].hand = 0; sort()
#if W > 1
        :: t[a].hand2 != 0 -> fed = t[a].hand2; feed(); t[a].hand2 = 0
        :: t[a].hand2 != 0 -> t[a].hand2 = 0
#endif
        :: UNFREE(a) && LOOK -> ask()
        /* start: claim, intent and sends = 1 are one transaction */
#ifdef BUG_RACY_CLAIM
        :: STARTABLE && !t[a].checked -> pick(); t[a].checked = true
        :: t[a].checked && t[a].j == ST_NONE -> t[a].checked = false; t[a].j = ST_INTENT; t[a].guard = true; ev = EV_DISPATCH
#else
        :: STARTABLE -> pick(); t[a].j = ST_INTENT; t[a].guard = true; ev = EV_DISPATCH
#endif
#ifdef BUG_NO_WAL
        :: STARTABLE -> pick(); t[a].sends = 1; t[a].out++                      /* and the worker dies before it writes */
#endif
#ifdef BUG_SHOW_FIRST
        :: t[a].j == ST_WAITING && BYCUST(a) && !P_UNWANTED -> t[a].disp = true
#endif
        :: CAN_SETTLE -> t[a].es = 0; t[a].en = false
        :: CAN_CAPTURE -> t[a].cs = AS_INTENT
#ifdef BUG_NO_REFUND_INTENT
        :: t[a].j == ST_SURPLUS && t[a].jc && t[a].refunds < 2 -> t[a].refunds++; t[a].p = BK_REVERSED; t[a].evr = true
#endif
        :: CAN_CONFIRM_NOTHING -> t[a].q = false
        /* the network */
        :: t[a].out > 0 -> arrive()
        /* Losses. What is sent again until it arrives need not be lost, and a copy that never arrives ends with its window. */
        :: t[a].out > 0 && CONTAINER_(a) -> t[a].out--
        :: t[a].ef && t[a].es == 0 -> t[a].ef = false
        :: t[a].cf && t[a].cs == 0 -> t[a].cf = false
        :: t[a].rf > 0 -> t[a].rf--
        /* Actions. The answer is fed when it is given, or never: what it says a lookup says later as well. First a proof about one
           copy: it did not leave, or was refused at the door. */
        :: t[a].ef -> t[a].ef = false; if :: aev = AE_NOT_SENT :: aev = AE_REFUSED_BEFORE fi; ak = ACT_CLOSE
        :: t[a].cf -> t[a].cf = false; if :: aev = AE_NOT_SENT :: aev = AE_REFUSED_BEFORE fi; ak = ACT_CAPTURE
        :: t[a].rf > 0 -> t[a].rf--; if :: aev = AE_NOT_SENT :: aev = AE_REFUSED_BEFORE fi; ak = ACT_REFUND
        :: t[a].ef -> t[a].ef = false;
            if :: REVERSING_CLOSE -> t[a].p = BK_REVERSED; t[a].evr = true
               :: !REVERSING_CLOSE && CLOSE_WORKS -> t[a].p = BK_CLOSED
               :: !CLOSE_WORKS -> skip fi;
            if :: ak = ACT_CLOSE; aev = CLOSE_ANSWER :: skip fi
        :: t[a].cf -> t[a].cf = false;
            if :: CAPTURE_WORKS -> paid_there() :: else fi;
            if :: ak = ACT_CAPTURE; aev = CAPTURE_ANSWER :: skip fi
        :: t[a].rf > 0 -> t[a].rf--;
            if :: REFUND_WORKS ->
                    if :: refunded()
#ifdef SLOWBACK
                       :: KEYED_(a) -> t[a].rb = RB_PENDING
#endif
                    fi
               :: else fi;
            if :: ak = ACT_REFUND; aev = REFUND_ANSWER :: skip fi
#ifdef SLOWBACK     /* refused: for every copy where the key replays that, else only this one */
        :: t[a].rf > 0 && t[a].p == BK_PAID && t[a].rb == RB_NONE -> t[a].rf--;
            if :: REPLAYS_REFUND(a) -> t[a].rb = RB_FAILED :: else fi;
            if :: ak = ACT_REFUND; aev = AE_REFUSED :: skip fi
        :: t[a].rb == RB_PENDING -> if :: t[a].p == BK_PAID -> refunded() :: t[a].rb = RB_FAILED fi
#endif
        /* the window of all copies so far is over: the provider refuses those that are still out */
        :: t[a].j != ST_NONE && !t[a].old && !CONTAINER_(a) -> t[a].old = true;
#ifndef BUG_LATE_SEND
            t[a].out = 0
#endif
        /* provider and customer */
        :: t[a].p == BK_WORKING && t[a].k == K_CARD -> if :: paid_there() :: t[a].p = BK_REFUSED fi
        :: t[a].p == BK_WORKING && t[a].k == K_CLIENT -> if :: paid_there() :: t[a].p = BK_OPEN; t[a].decl = true fi
        :: t[a].k == K_SCAN && t[a].p == BK_NONE && t[a].made && t[a].disp && !t[a].old -> t[a].p = BK_PENDING
        :: t[a].p == BK_PENDING && t[a].disp -> paid_there()
        :: CONTAINER_(a) && t[a].p == BK_OPEN && t[a].decl -> paid_there()
#ifdef BUG_NEW_KEY
        :: t[a].out2 -> t[a].out2 = false; t[a].second = true; stands()
        :: t[a].out2 -> t[a].out2 = false
#endif
#ifdef CANCEL
        :: !cancelled && (winner == NOBODY || t[winner].j == ST_AUTHORIZED) -> cancelled = true
#endif
#ifdef LATEPAY
        :: t[a].p == BK_CLOSED && !t[a].latedone -> t[a].latedone = true;
            if :: t[a].k == K_AUTH -> t[a].p = BK_AUTH :: else -> t[a].p = BK_PAID; t[a].evc = true fi
#endif
#ifdef REVERSE
        :: t[a].p == BK_PAID && !t[a].backdone -> t[a].backdone = true; t[a].p = BK_REVERSED; t[a].evr = true
#endif
        :: else
        fi;
        if :: ak != NO_ACT -> d_step { decide_action(); apply_action() }
           :: else
        fi;
        if :: ev != 0 -> d_step { decide(); apply() }
           :: else
        fi;
        d_step {
            home = a; told = 0; dry = true;
            quiet()
        }
        d_step {
            quiet_actions();
            if :: !busy -> verdict() :: else fi;
            a = home; dry = false;
            tidy();
            c_code { line_up(); };
            ev = 0; fc = false; fr = false; confirmed = false; ak = NO_ACT; aev = 0
        }
    }
    od
}
