/* What the tests over all adapters share: each method and flow of each channel of the shelf, and where it was
   when something failed. Nothing here, nor in these tests, knows a provider. */
#ifndef ADAPTER_ALL_H
#define ADAPTER_ALL_H

#include "adapter_shelf.h"

static const pr_wish full_wish = {.subject = "Tea, 250 g <&> 月卡",
                                  .client_ip = "203.0.113.7",
                                  .return_url = "https://shop.example/back",
                                  .order_hash = "0123456789abcdef0123456789abcdef"};
static const pr_wish token_wish = {.subject = "Tea",
                                   .instrument = "pm_1AbCdEfGhIjKlMnOpQrStUvW",
                                   .client_ip = "203.0.113.7",
                                   .return_url = "https://shop.example/back"};

static char where[200]; /* of the message when something fails */

static inline void expect(int32_t holds, const char *cond, int line)
{
    if (!holds) {
        fail_msg("line %d, %s: %s", line, where, cond);
    }
}
#define EXPECT(cond) expect((cond), #cond, __LINE__)

/* What this flow takes: where it wants an instrument, the one with an instrument. */
static inline const pr_wish *wish_of(const adk *k)
{
    pr_buf out;
    pr_text why;
    pr_buf_init(&out);
    pr_text_init(&why, NULL, 0);
    int32_t rc = k->adapter->content(&out, &k->subject, &full_wish, &why);
    pr_buf_free(&out);
    return rc == PAYROUTE_OK ? &full_wish : &token_wish;
}

static inline void open_row(adk *k, const shelf_row *row)
{
    char *json = fix_expand(row->channel);
    adk_open(k, json, NULL, NULL, NULL);
    free(json);
    k->subject.method = k->channel->methods[0].name;
    k->subject.flow = k->channel->methods[0].flows[0];
    k->subject.currency = k->channel->currencies[0];
    snprintf(where, sizeof where, "%s", k->channel->id);
}

/* Every method and flow of every channel. */
static inline void each_flow(void (*run)(adk *k))
{
    for (int32_t i = 0; i < SHELF_ROWS; i++) {
        adk k;
        open_row(&k, &shelf[i]);
        for (int32_t m = 0; m < k.channel->method_count; m++) {
            for (int32_t f = 0; f < k.channel->methods[m].flow_count; f++) {
                k.subject.method = k.channel->methods[m].name;
                k.subject.flow = k.channel->methods[m].flows[f];
                snprintf(where, sizeof where, "%s %s %s", k.channel->id, k.subject.method, k.subject.flow);
                run(&k);
            }
        }
        adk_close(&k);
    }
}

/* The provider speaks; 0: nobody does for it. */
static inline int32_t speak_step(voice *v, const adk *k, const shelf_row *row, int32_t says, int32_t step)
{
    memset(v, 0, sizeof *v);
    v->status = 200;
    v->step = step;
    v->method = "POST";
    return row->voice != NULL && row->voice(v, k, says);
}

static inline int32_t speak(voice *v, const adk *k, const shelf_row *row, int32_t says)
{
    return speak_step(v, k, row, says, 1);
}

/* None of the channel's secrets and private keys stands there; of a long key any stretch of 40 bytes counts.
 */
static inline void keeps_secrets(const adk *k, const void *at, size_t len)
{
    for (int32_t c = 0; c < k->channel->credential_count; c++) {
        for (int32_t i = 0; i < k->channel->provider->field_count; i++) {
            int32_t kind = k->channel->provider->fields[i].kind;
            const char *value = k->channel->credentials[c].values[i];
            char piece[41];
            if (value != NULL && (kind == PR_FIELD_SECRET || kind == PR_FIELD_RSA_PRIVATE)) {
                snprintf(piece, sizeof piece, "%.40s", value);
                EXPECT(!adk_holds(at, len, piece));
            }
        }
    }
}

#endif
