/* Writes a choice as data: each channel with every reason that keeps it out, not only the first. A reason
   begins with a word that programs may rely on, the rest is for people. */
#include "route/rules.h"
#include "route/trace.h"

#include <string.h>

static void trace_request(payroute_json_out *out, const pr_route_request *q)
{
    payroute_json_out_object(out, "request");
    payroute_json_out_string(out, "method", q->method);
    payroute_json_out_string(out, "flow", q->flow);
    payroute_json_out_integer(out, "amount_minor", q->amount_minor);
    payroute_json_out_string(out, "currency", q->currency);
    payroute_json_out_flag(out, "hold", q->hold != 0);
    payroute_json_out_string(out, "channel", q->only_channel);
    payroute_json_out_integer(out, "now_ms", q->now_ms);
    if (q->facts != NULL) {
        pr_rules_facts_view(out, q->facts);
    }
    payroute_json_out_end(out);
}

static void list_methods(pr_text *t, const pr_channel *c)
{
    for (int32_t i = 0; i < c->method_count; i++) {
        pr_text_format(t, "%s%s", i > 0 ? " " : "", c->methods[i].name);
    }
}

static void list_flows(pr_text *t, const pr_channel *c, const char *method)
{
    for (int32_t i = 0; i < c->method_count; i++) {
        for (int32_t k = 0; k < c->methods[i].flow_count; k++) {
            if (method == NULL || strcmp(method, c->methods[i].name) == 0) {
                pr_text_format(t, " %s", c->methods[i].flows[k]);
            }
        }
    }
}

static void list_currencies(pr_text *t, const pr_channel *c)
{
    for (int32_t i = 0; i < c->currency_count; i++) {
        pr_text_format(t, "%s%s", i > 0 ? " " : "", c->currencies[i]);
    }
}

static void say_fault(pr_text *t, uint32_t fault, const pr_route_verdict *v, const pr_route_request *q)
{
    const pr_channel *c = v->channel;
    switch ((enum pr_route_fault)fault) {
    case PR_FAULT_DISABLED: pr_text_put(t, "disabled: takes no new payments"); break;
    case PR_FAULT_OTHER_CHANNEL: pr_text_format(t, "channel: only \"%s\" is wanted", q->only_channel); break;
    case PR_FAULT_METHOD:
        pr_text_format(t, "method: \"%s\" is not among: ", q->method != NULL ? q->method : "");
        list_methods(t, c);
        break;
    case PR_FAULT_FLOW:
        pr_text_format(t, "flow: \"%s\" is not among:", q->flow != NULL ? q->flow : "");
        list_flows(t, c, q->method);
        break;
    case PR_FAULT_CURRENCY:
        pr_text_format(t, "currency: %s is not among: ", q->currency);
        list_currencies(t, c);
        break;
    case PR_FAULT_AMOUNT_MIN:
        pr_text_format(t, "amount_min: %lld is below %lld", (long long)q->amount_minor,
                       (long long)c->amount_min_minor);
        break;
    case PR_FAULT_AMOUNT_MAX:
        pr_text_format(t, "amount_max: %lld is above %lld", (long long)q->amount_minor,
                       (long long)c->amount_max_minor);
        break;
    case PR_FAULT_HOLD: pr_text_put(t, "hold: cannot authorize only"); break;
    case PR_FAULT_COUNTRY: pr_text_put(t, "country: not among those that it takes"); break;
    case PR_FAULT_BRAND: pr_text_put(t, "brand: not among those that it takes"); break;
    case PR_FAULT_BIN: pr_text_put(t, "bin: not among those that it takes"); break;
    case PR_FAULT_CAP_DAY:
        pr_text_format(t, "cap_day: full, at most %lld a day", (long long)c->terms.cap_day_minor);
        break;
    case PR_FAULT_CAP_MONTH:
        pr_text_format(t, "cap_month: full, at most %lld a month", (long long)c->terms.cap_month_minor);
        break;
    case PR_FAULT_DENIED: pr_text_put(t, "denied: a rule refuses the payment"); break;
    case PR_FAULT_EXCLUDED:
        pr_text_format(t, "excluded: %s", v->excluded_why != NULL ? v->excluded_why : "for this payment");
        break;
    }
}

static int64_t millionths(double x)
{
    return (int64_t)(x * 1000000.0 + (x < 0 ? -0.5 : 0.5));
}

/* Each part of the index, in millionths: a trace is compared with another one, so it holds no floating point.
 */
static void trace_term(payroute_json_out *out, const pr_score_term *t)
{
    const struct {
        char name[16];
        double value;
    } parts[] = {{"index", t->index},
                 {"confirm", t->confirm},
                 {"fail_over", t->fail_over},
                 {"up", t->view.up},
                 {"down", t->view.down},
                 {"hang", t->view.hang},
                 {"brown", t->view.brown},
                 {"approve", t->view.approve},
                 {"blame_channel", t->view.blame_channel},
                 {"blame_pair", t->view.blame_pair},
                 {"blame_issuer", t->view.blame_issuer},
                 {"pending", t->view.pending},
                 {"cashier", t->view.cashier}};
    payroute_json_out_object(out, "score");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        payroute_json_out_integer(out, parts[i].name, millionths(parts[i].value));
    }
    payroute_json_out_integer(out, "in_flight", t->view.in_flight);
    payroute_json_out_integer(out, "timeout_ms", t->timeout_ms);
    payroute_json_out_flag(out, "suspect", t->view.suspect);
    payroute_json_out_flag(out, "canary", t->canary);
    payroute_json_out_flag(out, "limited", t->limited);
    payroute_json_out_end(out);
}

static void trace_channel(payroute_json_out *out, const pr_route_verdict *v, const pr_score_term *t,
                          const pr_route_input *in)
{
    payroute_json_out_object(out, NULL);
    payroute_json_out_string(out, "id", v->channel->id);
    payroute_json_out_flag(out, "eligible", v->faults == 0);
    payroute_json_out_array(out, "why");
    for (uint32_t fault = 1; fault <= PR_FAULT_LAST; fault <<= 1) {
        if ((v->faults & fault) != 0) {
            char line[320];
            pr_text said;
            pr_text_init(&said, line, sizeof line);
            say_fault(&said, fault, v, in->request);
            payroute_json_out_string(out, NULL, line);
        }
    }
    payroute_json_out_end(out);
    if (v->faults == 0) {
        payroute_json_out_string(out, "method", v->method->name);
        payroute_json_out_string(out, "flow", v->flow);
    }
    payroute_json_out_integer(out, "priority", v->channel->priority);
    payroute_json_out_integer(out, "weight", v->channel->weight);
    if (v->preference != v->channel->priority) {
        payroute_json_out_integer(out, "preference", v->preference);
    }
    if (v->rank != 0) {
        payroute_json_out_integer(out, "rank", v->rank);
    }
    if (v->closed_until_ms != 0) {
        payroute_json_out_integer(out, "maintenance_until_ms", v->closed_until_ms);
    }
    if (v->faults == 0 && in->health != NULL) {
        trace_term(out, t);
    } else if (v->faults == 0) {
        payroute_json_out_integer(out, "index", millionths(t->index));
    }
    if (v->retry_ms != INT64_MAX) {
        payroute_json_out_integer(out, "retry_ms", v->retry_ms);
    }
    payroute_json_out_end(out);
}

/* With these, and what stands with each channel, the same order comes about again. */
static void trace_dice(payroute_json_out *out, const pr_route_input *in, const pr_score_draw *draw)
{
    char text[48];
    pr_text t;
    pr_text_init(&t, text, sizeof text);
    pr_text_format(&t, "%016llx.%016llx", (unsigned long long)draw->dice.state,
                   (unsigned long long)draw->dice.stream);
    payroute_json_out_string(out, "dice", text);
    int32_t usual_bp = pr_registry_routing(in->registry)->margin_bp;
    payroute_json_out_integer(out, "margin_bp", in->health != NULL ? in->health->margin_bp : usual_bp);
}

static void trace_draw(payroute_json_out *out, const pr_score_draw *draw)
{
    if (draw->among < 2) {
        payroute_json_out_null(out, "draw");
        return;
    }
    payroute_json_out_object(out, "draw");
    payroute_json_out_integer(out, "among", draw->among);
    payroute_json_out_integer(out, "total", (int64_t)draw->total);
    payroute_json_out_integer(out, "value", (int64_t)draw->value);
    payroute_json_out_end(out);
}

void pr_route_trace(payroute_json_out *out, const pr_route_input *in, const pr_route_verdict *verdicts,
                    int32_t count, const pr_score_term *terms, const pr_score_draw *draw,
                    const int32_t *order, int32_t order_count, const pr_route_pick *pick)
{
    int32_t place = 0;
    payroute_json_out_object(out, NULL);
    trace_request(out, in->request);
    pr_route_trace_wishes(out, in->registry, in->wishes, order_count > 0 ? order[0] : -1,
                          order_count > 0 && in->split_turn == order[0]);
    payroute_json_out_array(out, "channels");
    for (int32_t i = 0; i < count; i++) {
        trace_channel(out, &verdicts[i], &terms[place], in);
        place += verdicts[i].faults == 0;
    }
    payroute_json_out_end(out);
    payroute_json_out_array(out, "order");
    for (int32_t i = 0; i < order_count; i++) {
        payroute_json_out_string(out, NULL, verdicts[order[i]].channel->id);
    }
    payroute_json_out_end(out);
    trace_draw(out, draw);
    if (in->split_turn >= 0) {
        payroute_json_out_string(out, "turn", verdicts[in->split_turn].channel->id);
    }
    if (pick->channel != NULL) {
        payroute_json_out_object(out, "chosen");
        payroute_json_out_string(out, "id", pick->channel->id);
        payroute_json_out_string(out, "method", pick->method);
        payroute_json_out_string(out, "flow", pick->flow);
        payroute_json_out_end(out);
    } else {
        payroute_json_out_null(out, "chosen");
    }
    if (pick->retry_ms != INT64_MAX) {
        payroute_json_out_integer(out, "retry_ms", pick->retry_ms);
    } else {
        payroute_json_out_null(out, "retry_ms");
    }
    if (order_count > 0) {
        trace_dice(out, in, draw);
    }
    payroute_json_out_end(out);
}
