/* What a state of the search is: an attempt, its actions, the provider's books and what is on its way. Included by payment.pml. */
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

#define RB_NONE 0      /* his books of our refund */
#define RB_PENDING 1
#define RB_DONE 2
#define RB_FAILED 3

typedef attempt {                 /* bits: what a state costs is memory */
    unsigned k : 3; unsigned p : 4; unsigned j : 4;     /* kind, 0 before it starts; the provider's books; our journal */
    unsigned sends : 2; unsigned out : 2;               /* durable counter of this step; copies that may still arrive */
    unsigned hand : 5;            /* what a worker holds and may feed later: 0 nothing, an answer, or what a lookup said */
#if W > 1
    unsigned hand2 : 5;           /* the other worker; hand >= hand2, since workers are alike */
#endif
    unsigned refunds : 2;         /* refunds that the provider made */
    unsigned es : 3; unsigned cs : 3; unsigned rs : 3;  /* close or void, capture, refund in the journal */
    unsigned rf : 2; unsigned rb : 2;                   /* copies of the refund on their way; the provider's books of it */
    bool en; bool cn; bool rn;    /* close or void, capture, refund were sent */
    bool ef; bool cf;             /* close or void, capture on their way */
    bool guard; bool old;         /* the slot of the unique index; no copy can arrive any more */
    bool stepb;                   /* containers: the confirm, not the create */
    bool shown; bool disp;        /* journal; truth */
    bool made; bool decl;         /* K_SCAN: the code exists; container: declined inside */
    bool evc; bool evr; bool jc; bool jr;               /* captured, reversed: at the provider, and as facts in the journal */
    bool q;                       /* a free attempt is to be looked up: money was heard of that no lookup confirmed (held) */
    bool latedone; bool backdone;
#ifdef BUG_NEW_KEY
    bool out2; bool second;
#endif
#ifdef BUG_RACY_CLAIM
    bool checked;
#endif
};
attempt t[N];
byte winner = NOBODY;
bool cancelled;

/* Inside one atomic step only, so no part of a state. The search does not undo them when it steps back over a d_step: whatever an
   option may read before it is set is put back at the end of the step. */
hidden byte a, x, m, i, kk, ev, nx, home, told, dry, rejected;
hidden short key, fx;
hidden byte fc, fr, confirmed, aold, moves, busy;
hidden byte fed, ak, aev, as, anx, asent, afly, akey, afx, arejected, amoves;

/* The rows of attempt.def once more, in C: an answer that a worker holds and that can change nothing any more, in no state from the
   present one on, is dropped, as its worker may do at any time: fewer states. Nothing is dropped where a row leads back. */
/* (every ## stands in the first macro: an argument that is handed on would be expanded first, and N and W are numbers here) */
#define R1(s, e, n1, f1) cell(ST_##s, EV_##e, n_##n1, m_##f1);
#define R2(s, e, p1, n1, f1, n2, f2) \
    cell(ST_##s, EV_##e, n_##n1, m_##f1); cell(ST_##s, EV_##e, n_##n2, m_##f2);
#define R3(s, e, p1, n1, f1, p2, n2, f2, n3, f3) \
    cell(ST_##s, EV_##e, n_##n1, m_##f1); cell(ST_##s, EV_##e, n_##n2, m_##f2); \
    cell(ST_##s, EV_##e, n_##n3, m_##f3);
#define R4(s, e, p1, n1, f1, p2, n2, f2, p3, n3, f3, n4, f4) \
    cell(ST_##s, EV_##e, n_##n1, m_##f1); cell(ST_##s, EV_##e, n_##n2, m_##f2); \
    cell(ST_##s, EV_##e, n_##n3, m_##f3); cell(ST_##s, EV_##e, n_##n4, m_##f4);
#define R5(s, e, p1, n1, f1, p2, n2, f2, p3, n3, f3, p4, n4, f4, n5, f5) \
    cell(ST_##s, EV_##e, n_##n1, m_##f1); cell(ST_##s, EV_##e, n_##n2, m_##f2); \
    cell(ST_##s, EV_##e, n_##n3, m_##f3); cell(ST_##s, EV_##e, n_##n4, m_##f4); \
    cell(ST_##s, EV_##e, n_##n5, m_##f5);
c_code {
enum { n_SAME = 0, n_REJECT = 0, n_INTENT = ST_INTENT, n_UNKNOWN, n_WAITING, n_PROCESSING, n_CLOSING, n_AUTHORIZED, n_PAID, n_SURPLUS,
    n_REVERSED, n_FAILED, n_CLOSED };
enum { m_NONE, m_N = 0, m_R = 0, m_C, m_CX, m_V, m_F, m_Q, m_C_R, m_R_Q, m_R_V, m_W, m_W_PAID, m_W_PAID_REFUNDED, m_F_REFUNDED, m_PAID,
    m_REFUNDED, m_PAID_REFUNDED, m_PAYLOAD, m_RESEND, m_UNWIN, m_SENT, m_SHOWN, m_STEP, m_STEP_SENT };
static int from_state, leads_back;
static unsigned moving;

static void cell(int state, int event, int next, int effect)
{
    if (state >= from_state && (next != 0 || effect != 0)) {
        moving |= 1u << event;
    }
    leads_back |= state >= from_state && next != 0 && next < from_state;
}

static unsigned moving_from(int state)
{
    static unsigned known[ST_CLOSED + 1];
    if (known[state] == 0) {
        from_state = state;
        moving = 1u;
        leads_back = 0;
#include "attempt.def"
        known[state] = leads_back ? ~0u : moving;
    }
    return known[state];
}

static int can_move(int state, int held)
{
    unsigned events = held == H_PROOF ? 1u << EV_NOT_SENT | 1u << EV_REFUSED_BEFORE | 1u << EV_INVALID
        : 1u << (held == H_NOT_FOUND_OLD ? EV_ST_NOT_FOUND : held);
    return (moving_from(state >= ST_AUTHORIZED ? ST_AUTHORIZED : ST_CLOSING) & events) != 0;
}

static void forget(void)
{
    struct attempt *b = &now.t[a];
#if W > 1
    b->hand2 = can_move(b->j, b->hand2) ? b->hand2 : 0;
    if (!can_move(b->j, b->hand)) {
        b->hand = b->hand2;
        b->hand2 = 0;
    }
#else
    b->hand = can_move(b->j, b->hand) ? b->hand : 0;
#endif
}
}
#undef R1
#undef R2
#undef R3
#undef R4
#undef R5

/* Attempts in order: fewer states, same search. And the winner's number with them. */
c_code {
static void line_up(void)
{
    int n, swapped;
    do {
        swapped = 0;
        for (n = 0; n + 1 < (int)(sizeof now.t / sizeof now.t[0]); n++) {
            if (memcmp(&now.t[n], &now.t[n + 1], sizeof now.t[0]) < 0) {
                struct attempt other = now.t[n];
                now.t[n] = now.t[n + 1];
                now.t[n + 1] = other;
                now.winner = now.winner == n ? n + 1 : now.winner == n + 1 ? n : now.winner;
                swapped = 1;
            }
        }
    } while (swapped);
}
}
