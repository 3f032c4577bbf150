/* A channel as JSON for people and tools: what is in force, defaults included; of credentials only that they
 * are there. */
#include "registry/keys.h"

#include <string.h>

static void view_credentials(payroute_json_out *out, const pr_channel *c)
{
    payroute_json_out_array(out, "credentials");
    for (int32_t i = 0; i < c->credential_count; i++) {
        payroute_json_out_object(out, NULL);
        payroute_json_out_string(out, "version", c->credentials[i].version);
        for (int32_t k = 0; k < c->provider->field_count; k++) {
            if (c->credentials[i].values[k] != NULL) {
                payroute_json_out_string(out, c->provider->fields[k].name, "***");
            }
        }
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
}

static void view_methods(payroute_json_out *out, const pr_channel *c)
{
    payroute_json_out_array(out, "methods");
    for (int32_t i = 0; i < c->method_count; i++) {
        payroute_json_out_object(out, NULL);
        payroute_json_out_string(out, "method", c->methods[i].name);
        payroute_json_out_array(out, "flows");
        for (int32_t k = 0; k < c->methods[i].flow_count; k++) {
            payroute_json_out_string(out, NULL, c->methods[i].flows[k]);
        }
        payroute_json_out_end(out);
        payroute_json_out_end(out);
    }
    payroute_json_out_end(out);
    payroute_json_out_array(out, "currencies");
    for (int32_t i = 0; i < c->currency_count; i++) {
        payroute_json_out_string(out, NULL, c->currencies[i]);
    }
    payroute_json_out_end(out);
}

static void view_features(payroute_json_out *out, uint32_t off)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } features[] = {{PR_FACT_REFUND, "refund"},
                    {PR_FACT_CAN_CLOSE, "close"},
                    {PR_FACT_LOOKUP, "query"},
                    {PR_FACT_REFUND_LOOKUP, "refund_query"},
                    {PR_FACT_HELD, "hold"}};
    payroute_json_out_object(out, "features");
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        if ((off & features[i].bit) != 0) {
            payroute_json_out_flag(out, features[i].name, 0);
        }
    }
    payroute_json_out_end(out);
}

static void view_facts(payroute_json_out *out, const pr_facts *f)
{
    static const char *const flags[] = {"by_customer",     "container",    "client",         "repeat_safe",
                                        "replays_decline", "can_close",    "close_reverses", "close_blind",
                                        "refund",          "refund_keyed", "expires"}; /* in the order of enum
                                                                                          pr_fact_flag */
    static const char *const lookups[] = {"replay", "provider_id", "our_ref"};
    static const char *const late_sends[] = {"none", "window", "tombstone"};
    payroute_json_out_object(out, "facts");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if ((f->flags >> i & 1) != 0) {
            payroute_json_out_flag(out, flags[i], 1);
        }
    }
    if ((f->flags & PR_FACT_REFUND_LOOKUP) != 0) {
        payroute_json_out_flag(out, "refund_lookup", 1);
    }
    payroute_json_out_string(out, "lookup", lookups[f->lookup]);
    payroute_json_out_string(out, "late_send", late_sends[f->late_send]);
    if (f->late_window_s > 0) {
        payroute_json_out_integer(out, "late_window_s", f->late_window_s);
    }
    payroute_json_out_integer(out, "steps", f->steps);
    payroute_json_out_integer(out, "key_ttl_s", f->key_ttl_ms == INT64_MAX ? -1 : f->key_ttl_ms / 1000);
    payroute_json_out_integer(out, "max_pending_s", f->max_pending_ms / 1000);
    if (f->auth_ttl_ms > 0) {
        payroute_json_out_integer(out, "auth_ttl_s", f->auth_ttl_ms / 1000);
    }
    payroute_json_out_integer(out, "review_s", f->review_ms / 1000);
    payroute_json_out_end(out);
}

static void view_text(payroute_json_out *out, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        payroute_json_out_string(out, name, text);
    }
}

void pr_channel_view(payroute_json_out *out, const pr_channel *c)
{
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "id", c->id);
    payroute_json_out_string(out, "provider", c->provider->name);
    if (c->fork != NULL) {
        payroute_json_out_string(out, "fork", c->fork->name);
        payroute_json_out_flag(out, "legacy", c->fork->legacy);
    }
    view_text(out, "title", c->title);
    view_text(out, "base_url", c->base_url);
    view_text(out, "notify_url", c->notify_url);
    view_text(out, "return_url", c->return_url);
    view_text(out, "ca_file", c->ca_file);
    view_credentials(out, c);
    view_methods(out, c);
    payroute_json_out_integer(out, "amount_min_minor", c->amount_min_minor);
    if (c->amount_max_minor != INT64_MAX) {
        payroute_json_out_integer(out, "amount_max_minor", c->amount_max_minor);
    }
    pr_terms_view(out, c);
    payroute_json_out_integer(out, "priority", c->priority);
    payroute_json_out_integer(out, "weight", c->weight);
    payroute_json_out_flag(out, "enabled", c->enabled);
    payroute_json_out_flag(out, "overlap", c->overlap);
    view_features(out, c->features_off);
    payroute_json_out_object(out, "timeouts");
    payroute_json_out_integer(out, "connect_ms", c->connect_timeout_ms);
    payroute_json_out_integer(out, "money_ms", c->money_timeout_ms);
    payroute_json_out_integer(out, "query_ms", c->query_timeout_ms);
    payroute_json_out_end(out);
    if (c->pay_ms > 0) {
        payroute_json_out_integer(out, "pay_seconds", c->pay_ms / 1000);
    }
    if (strcmp(c->provider->name, "custom") == 0) {
        view_facts(out, &c->custom_facts);
    }
    payroute_json_out_end(out);
}
