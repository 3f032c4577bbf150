/* What a panel's answer says. v1 signs nothing: a verified connection is all the proof there is. v2 signs
   what succeeded: a success without signature, or with a wrong one, says nothing. Pages, half answers and
   answers about other orders say nothing either. */
#include "adapters/epay.h"

#include <string.h>

enum { ANSWER_PAIRS_MAX = 64, ADDRESS_CAP = 8192 };

typedef struct epay_answer {
    payroute_json *doc;
    const payroute_json_node *root;
    const pr_epay_fork *fork;
    int32_t evidence;
    int64_t stamp_ms; /* the signed time; 0: none */
} epay_answer;

static const char *member_of(const epay_answer *a, const char *name)
{
    return payroute_json_text(payroute_json_get(a->root, name));
}

/* 1 read; 0 absent; -1 unreadable. */
static int32_t yuan_of(int64_t *minor, const epay_answer *a, const char *name)
{
    const char *text = member_of(a, name);
    if (!text || !text[0]) {
        return 0;
    }
    return payroute_amount_parse(minor, "CNY", text, strlen(text)) == PAYROUTE_OK ? 1 : -1;
}

/* 1 the signature over the scalars holds; 0 not; E_NOMEM and E_INTERNAL. */
static int32_t check_panel_signature(epay_answer *a, const pr_channel *channel, const char *sign)
{
    pr_pair pairs[ANSWER_PAIRS_MAX];
    size_t count = 0;
    const char *type = member_of(a, "sign_type");
    if (type && strcmp(type, "RSA") != 0) {
        return 0;
    }
    for (const payroute_json_node *n = payroute_json_first(a->root); n; n = payroute_json_next(n)) {
        if (count == ANSWER_PAIRS_MAX || payroute_json_type(n) == PAYROUTE_JSON_BOOL) {
            return 0;
        }
        if (payroute_json_text(n)) { /* lists and null are not signed */
            pairs[count].name = payroute_json_name(n);
            pairs[count].value = payroute_json_text(n);
            count++;
        }
    }
    int32_t who = pr_epay_verifier(channel, a->fork, pairs, count, sign, NULL);
    a->stamp_ms = who >= 0 ? pr_epay_stamp(member_of(a, "timestamp")) : 0;
    return who >= 0 ? 1 : who == -1 || who == PAYROUTE_E_SCHEMA ? 0 : who;
}

/* 1: it can be read; 0: it says nothing; E_NOMEM, E_INTERNAL. */
static int32_t open_reply(epay_answer *a, const pr_subject *subject, const pr_http_reply *reply)
{
    pr_http_reply bare = *reply;
    memset(a, 0, sizeof *a);
    a->fork = pr_epay_fork_of(subject->channel);
    if (!a->fork || reply->status != 200) {
        return 0;
    }
    if (bare.body && bare.body_len >= 3 && memcmp(bare.body, "\xef\xbb\xbf", 3) == 0) {
        bare.body += 3; /* a PHP file saved with a byte order mark, the usual accident of these panels */
        bare.body_len -= 3;
    }
    int32_t rc = pr_reply_parse(&a->doc, &bare);
    if (rc != PAYROUTE_OK) {
        return rc == PAYROUTE_E_NOMEM ? rc : 0;
    }
    a->root = payroute_json_root(a->doc);
    a->evidence = pr_reply_evidence(reply);
    const char *sign = member_of(a, "sign");
    if (a->fork->sign != PR_EPAY_RSA || !sign || !sign[0]) {
        return 1;
    }
    rc = check_panel_signature(a, subject->channel, sign);
    if (rc == 1) {
        a->evidence = PR_EVIDENCE_SIGNED;
    }
    return rc;
}

/* What every statement of the answer shares. 0: it speaks of another order, or its fields are unfit. */
static int32_t fill_epay(pr_fact *f, const epay_answer *a, const pr_subject *subject,
                         const pr_http_reply *reply)
{
    f->http_status = reply->status;
    if (reply->verified_peer) {
        f->provider_ms = a->stamp_ms > 0 ? a->stamp_ms : pr_reply_date(reply);
    }
    if (pr_word_copy(f->reference, sizeof f->reference, member_of(a, "out_trade_no")) < 0 ||
        pr_word_copy(f->provider_id, sizeof f->provider_id, member_of(a, "trade_no")) < 0) {
        return 0;
    }
    const char *pid = member_of(a, "pid") ? member_of(a, "pid") : member_of(a, "uid");
    const char *ours = pr_credential_get(subject->channel, subject->credential_version, "pid");
    if (pid && ours) {
        f->merchant_equal = strcmp(pid, ours) == 0;
    }
    return f->merchant_equal != 0 && (!f->reference[0] || strcmp(f->reference, subject->reference) == 0);
}

static void say_epay(pr_fact *f, int32_t target, int32_t event)
{
    f->target = target;
    f->event = event;
}

static pr_fact *also(pr_reading *out, const pr_fact *of, int32_t target, int32_t event)
{
    pr_fact *f = pr_reading_add(out, target, event, of->evidence);
    *f = *of;
    say_epay(f, target, event);
    return f;
}

/* ---- an order was placed ------------------------------------------------------------------------------- */

/* An address that a browser or wallet may be sent to: printable, and of a scheme that runs no script. */
static int32_t is_address(const char *text, int32_t apps_too)
{
    static const char *const schemes[] = {"https://",  "http://",   "weixin://",      "alipays://",
                                          "alipay://", "mqqapi://", "uppaywallet://", "openapp.jdmobile://"};
    size_t len = 0;
    for (; text[len]; len++) {
        if ((unsigned char)text[len] <= 0x20 || (unsigned char)text[len] >= 0x7f || len >= ADDRESS_CAP) {
            return 0;
        }
    }
    for (size_t i = 0; i < (apps_too ? sizeof schemes / sizeof schemes[0] : 2u); i++) {
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

/* 1 kept; 0 there is none, or an unfit one; E_NOMEM. */
static int32_t show_address(pr_reading *out, const pr_subject *subject, const char *text, int32_t apps_too)
{
    pr_buf whole;
    int32_t rc = 0;
    if (!text || !text[0]) {
        return 0;
    }
    if (is_address(text, apps_too)) {
        return pr_reading_show(out, PR_SHOW_URL, text);
    }
    pr_buf_init(&whole);
    if (text[0] == '/' && text[1] != '/') { /* the panel's own cashier, without its host */
        rc = pr_adapter_url_join(&whole, subject->channel->base_url, text);
        if (rc == PAYROUTE_OK && is_address(whole.at, 0)) {
            rc = pr_reading_show(out, PR_SHOW_URL, whole.at);
        }
    }
    pr_buf_free(&whole);
    return rc;
}

static int32_t show_code(pr_reading *out, const char *text)
{
    for (const char *p = text ? text : ""; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return 0;
        }
    }
    return pr_reading_show(out, PR_SHOW_QR, text);
}

/* v1: every kind of payload under its own name. */
static int32_t show_by_name(pr_reading *out, const epay_answer *a, const pr_subject *subject)
{
    int32_t qr = subject->flow && strcmp(subject->flow, "qr") == 0;
    int32_t shown = qr ? show_code(out, member_of(a, "qrcode")) : 0;
    const char *page = member_of(a, "payurl") ? member_of(a, "payurl") : member_of(a, "pay_url");
    shown = shown != 0 ? shown : show_address(out, subject, page, 1);
    shown = shown != 0 ? shown : show_address(out, subject, member_of(a, "urlscheme"), 1);
    shown = shown != 0 || qr ? shown : show_code(out, member_of(a, "qrcode"));
    return shown != 0 ? shown : pr_reading_show(out, PR_SHOW_FORM, member_of(a, "html"));
}

/* The host of "scheme://user@host:port/path"; *len 0: there is none. */
static const char *host_in(const char *text, size_t *len)
{
    const char *at = strstr(text, "//");
    *len = 0;
    if (!at || at > text + strcspn(text, "/?#")) {
        return text;
    }
    at += 2;
    size_t end = strcspn(at, "/?#\\");
    for (size_t i = end; i > 0; i--) {
        if (at[i - 1] == '@') {
            at += i;
            end -= i;
            break;
        }
    }
    const char *port = memchr(at, ':', end);
    *len = at[0] != '[' && port ? (size_t)(port - at) : end;
    return at;
}

/* Panels do not always know by which scheme and port they are reached. */
static int32_t is_panels_own(const char *text, const pr_channel *channel)
{
    size_t n, len;
    const char *host = host_in(text, &len);
    const char *panel = host_in(channel->base_url, &n);
    int32_t same = len > 0 && len == n;
    for (size_t i = 0; same && i < len; i++) {
        int32_t a = host[i] >= 'A' && host[i] <= 'Z' ? host[i] + 32 : host[i];
        int32_t b = panel[i] >= 'A' && panel[i] <= 'Z' ? panel[i] + 32 : panel[i];
        same = a == b;
    }
    return same;
}

/* v2: pay_type says what pay_info is. Flow qr takes a code of the wallet and nothing else: whoever has the
   panel's page can choose another means there after we closed this one, so that a close would end nothing. */
static int32_t show_by_type(pr_reading *out, pr_fact *f, const epay_answer *a, const pr_subject *subject)
{
    const char *type = member_of(a, "pay_type");
    const char *info = member_of(a, "pay_info");
    int32_t qr = subject->flow && strcmp(subject->flow, "qr") == 0;
    int32_t shown = 0;
    if (!type || !info) {
        return 0;
    }
    if (strcmp(type, "qrcode") == 0 && !(qr && is_panels_own(info, subject->channel))) {
        shown = show_code(out, info);
    } else if (!qr && (strcmp(type, "jump") == 0 || strcmp(type, "urlscheme") == 0)) {
        shown = show_address(out, subject, info, 1);
    } else if (!qr && strcmp(type, "html") == 0) {
        shown = pr_reading_show(out, PR_SHOW_FORM, info);
    } else if (pr_word_copy(f->code, sizeof f->code, type) == 1) { /* placed, but nobody will be shown it */
        pr_word_copy(f->layer, sizeof f->layer, "pay_type");
        pr_fact_explain(f, subject, "epay", "create", NULL);
        say_epay(f, PR_TARGET_ATTEMPT, pr_refusal_event(PR_OP_CREATE, f->meaning.reason_class));
    }
    return shown;
}

static int32_t read_placed(pr_reading *out, pr_fact *f, const epay_answer *a, const pr_subject *subject)
{
    int32_t shown =
        a->fork->sign == PR_EPAY_RSA ? show_by_type(out, f, a, subject) : show_by_name(out, a, subject);
    if (shown == 1) {
        say_epay(f, PR_TARGET_ATTEMPT, PR_EV_ACTION_NEEDED);
    }
    return shown < 0 ? shown : PAYROUTE_OK;
}

/* ---- what became of it --------------------------------------------------------------------------------- */

/* The panel says "refunded" of a part as of the whole. Only v2 says how much; else a person looks. */
static void read_refunded(pr_reading *out, pr_fact *f, const epay_answer *a)
{
    int64_t back = 0;
    int32_t stated = yuan_of(&back, a, "refundmoney");
    say_epay(f, PR_TARGET_ATTEMPT, PR_EV_PAID);
    if (stated == 1 && back > 0) {
        pr_fact *r = also(out, f, PR_TARGET_ATTEMPT, PR_EV_REVERSED_PART);
        r->reversed_total_minor = back;
        r->amount_minor = -1;
        r->txn_id[0] = '\0';
    } else {
        also(out, f, PR_TARGET_ATTEMPT, PR_EV_MISMATCH);
    }
}

static void read_state(pr_reading *out, pr_fact *f, const epay_answer *a, const pr_subject *subject)
{
    const char *status = member_of(a, a->fork->status);
    int64_t amount = -1;
    int32_t stated = yuan_of(&amount, a, "money");
    if (!status || stated < 0 || !f->reference[0]) {
        return;
    }
    if (stated == 1) {
        f->amount_minor = amount;
        memcpy(f->currency, "CNY", 4);
    }
    memcpy(f->txn_id, f->provider_id, sizeof f->txn_id);
    if (pr_epay_listed(a->fork->paid, status)) {
        say_epay(f, PR_TARGET_ATTEMPT, PR_EV_PAID);
    } else if (pr_epay_listed(a->fork->refunded, status)) {
        read_refunded(out, f, a);
    } else if (pr_epay_listed(a->fork->unpaid, status) &&
               (!subject->provider_id || !subject->provider_id[0] ||
                strcmp(subject->provider_id, f->provider_id) ==
                    0)) { /* else: of a second trade, not of ours */
        f->txn_id[0] = '\0';
        say_epay(f, PR_TARGET_ATTEMPT, PR_EV_ST_UNPAID);
    }
}

static void read_closed(pr_reading *out, pr_fact *f, const pr_subject *subject)
{
    if (!subject->flow || strcmp(subject->flow, "qr") != 0) {
        return; /* a page can be paid in another way still: nothing is closed */
    }
    f->final = 1;
    say_epay(f, PR_TARGET_ACTION, PR_AE_DONE);
    also(out, f, PR_TARGET_ATTEMPT, PR_EV_ST_CLOSED);
}

static void read_refund_state(pr_fact *f, const epay_answer *a, int32_t operation, const pr_subject *subject)
{
    const char *key = member_of(a, "out_refund_no");
    const char *status = operation == PR_OP_REFUND_QUERY ? member_of(a, "status") : "1";
    int64_t amount = subject->amount_minor;
    int32_t stated = yuan_of(&amount, a, "money");
    if (!status || stated < 0 || amount != subject->amount_minor ||
        (a->fork->refund_query && (!key || strcmp(key, subject->key) != 0)) ||
        (operation == PR_OP_REFUND_QUERY && stated != 1)) {
        return;
    }
    f->amount_minor = amount;
    memcpy(f->currency, "CNY", 4);
    pr_word_copy(f->action_key, sizeof f->action_key, subject->key);
    pr_word_copy(f->txn_id, sizeof f->txn_id, subject->key);
    if (strcmp(status, "1") == 0) {
        say_epay(f, PR_TARGET_ACTION, PR_AE_DONE);
    } else if (strcmp(status, "0") == 0) {
        say_epay(f, PR_TARGET_ACTION, PR_AE_PENDING);
    }
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static const char *epay_operation(int32_t operation)
{
    switch (operation) {
    case PR_OP_CREATE: return "create";
    case PR_OP_QUERY: return "query";
    case PR_OP_CLOSE: return "close";
    case PR_OP_REFUND: return "refund";
    default: return "refund_query";
    }
}

static void read_epay_refusal(pr_reading *out, pr_fact *f, const epay_answer *a, int32_t operation,
                              const pr_subject *subject)
{
    const char *message = payroute_json_string(payroute_json_get(a->root, "msg"));
    if (pr_word_copy(f->code, sizeof f->code, member_of(a, "code")) != 1) {
        f->code[0] = '\0';
        return;
    }
    pr_word_copy(f->layer, sizeof f->layer, "code");
    pr_message_copy(f->message, sizeof f->message, message, subject->channel);
    pr_fact_explain(f, subject, "epay", epay_operation(operation), message);
    say_epay(f, pr_operation_target(operation), pr_refusal_event(operation, f->meaning.reason_class));
    if (operation == PR_OP_CLOSE && f->event == PR_AE_NOT_FOUND) {
        also(out, f, PR_TARGET_ATTEMPT, PR_EV_ST_NOT_FOUND);
    }
}

static int32_t read_epay_answer(pr_reading *out, pr_fact *f, const epay_answer *a, int32_t operation,
                                const pr_subject *subject)
{
    const char *code = member_of(a, "code");
    const char *yes = operation == PR_OP_REFUND ? a->fork->refund_ok : a->fork->ok;
    if (!code) {
        return PAYROUTE_OK;
    }
    if (!pr_epay_listed(yes, code)) {
        read_epay_refusal(out, f, a, operation, subject);
        return PAYROUTE_OK;
    }
    if (a->fork->sign == PR_EPAY_RSA && a->evidence < PR_EVIDENCE_SIGNED) {
        return PAYROUTE_OK; /* every success is signed: one that is not may be anybody's */
    }
    switch (operation) {
    case PR_OP_CREATE: return read_placed(out, f, a, subject);
    case PR_OP_QUERY: read_state(out, f, a, subject); break;
    case PR_OP_CLOSE: read_closed(out, f, subject); break;
    case PR_OP_REFUND:
    case PR_OP_REFUND_QUERY: read_refund_state(f, a, operation, subject); break;
    default: break;
    }
    return PAYROUTE_OK;
}

int32_t pr_epay_read(pr_reading *out, int32_t operation, int32_t step, const pr_subject *subject,
                     const pr_http_reply *reply)
{
    (void)step;
    epay_answer a;
    int32_t rc = open_reply(&a, subject, reply);
    pr_fact *f = pr_reading_unclear(out, operation, rc == 1 ? a.evidence : PR_EVIDENCE_NONE);
    f->http_status = reply->status;
    if (rc == 1) {
        rc =
            fill_epay(f, &a, subject, reply) ? read_epay_answer(out, f, &a, operation, subject) : PAYROUTE_OK;
    }
    payroute_json_free(a.doc);
    return rc < 0 ? rc : PAYROUTE_OK;
}
