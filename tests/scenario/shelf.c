/* Copies rows; never looks into them. */
#include "shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *copied(shelf *s, const char *bytes, size_t len)
{
    char *copy = calloc(1, len + 1);
    assert_non_null(copy);
    assert_true(s->owned_count < 4096);
    s->owned[s->owned_count++] = copy;
    if (bytes != NULL && len > 0) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

static const char *text(shelf *s, const char *t)
{
    return t != NULL ? copied(s, t, strlen(t)) : NULL;
}

static void save_attempt(shelf *s, const payroute_row_attempt *row)
{
    payroute_row_attempt *mine = &s->attempts[row->n - 1];
    *mine = *row;
    mine->channel = text(s, row->channel);
    mine->reference = text(s, row->reference);
    mine->provider_id = text(s, row->provider_id);
    mine->capture_id = text(s, row->capture_id);
    mine->content = copied(s, row->content, row->content_len);
    mine->show = copied(s, row->show, row->show_len);
    s->attempt_count = row->n > s->attempt_count ? row->n : s->attempt_count;
}

static void save_action(shelf *s, const payroute_row_action *row)
{
    payroute_row_action *mine = &s->actions[row->no - 1];
    *mine = *row;
    mine->key = text(s, row->key);
    mine->caller_id = text(s, row->caller_id);
    mine->provider_id = text(s, row->provider_id);
    s->action_count = row->no > s->action_count ? row->no : s->action_count;
}

void shelf_save(shelf *s, const payroute_save_set *set)
{
    assert_int_equal(set->payment.seen, s->payment.version); /* compare and set */
    for (int32_t i = 0; i < set->attempt_count; i++) {       /* I1 is the database's rule */
        for (int32_t k = 0; k < s->attempt_count && set->attempts[i].guard != 0; k++) {
            int32_t other = k + 1 != set->attempts[i].n;
            for (int32_t m = 0; m < set->attempt_count; m++) {
                other &= set->attempts[m].n != k + 1;
            }
            assert_false(other && s->attempts[k].guard == set->attempts[i].guard);
        }
    }
    s->payment = set->payment;
    s->payment.id = 1;
    s->payment.instance = text(s, set->payment.instance);
    s->payment.order_id = text(s, set->payment.order_id);
    s->payment.currency = text(s, set->payment.currency);
    s->payment.lease_owner = text(s, set->payment.lease_owner);
    s->payment.record = copied(s, set->payment.record, set->payment.record_len);
    for (int32_t i = 0; i < set->attempt_count; i++) {
        save_attempt(s, &set->attempts[i]);
    }
    for (int32_t i = 0; i < set->action_count; i++) {
        save_action(s, &set->actions[i]);
    }
    for (int32_t i = 0; i < set->event_count; i++) {
        assert_int_equal(set->events[i].no, ++s->events[set->events[i].kind]); /* stable ids without a gap */
    }
    s->audit = copied(s, set->audit, set->audit != NULL ? strlen(set->audit) : 0);
    s->saves++;
}

payroute_save_set shelf_rows(const shelf *s)
{
    payroute_save_set rows;
    memset(&rows, 0, sizeof rows);
    rows.payment = s->payment;
    rows.attempts = s->attempts;
    rows.attempt_count = s->attempt_count;
    rows.actions = s->actions;
    rows.action_count = s->action_count;
    rows.audit = s->audit;
    return rows;
}

void shelf_clear(shelf *s)
{
    for (int32_t i = 0; i < s->owned_count; i++) {
        free(s->owned[i]);
    }
    memset(s, 0, sizeof *s);
}
