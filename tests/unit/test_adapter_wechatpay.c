/* WeChat Pay: official vectors, orders and requests byte by byte, what a channel and a wish must be. */
#include "adapter_wechatpay_fixture.h"

/* ---- official vectors ---------------------------------------------------------------------------------- */

/* github.com/wechatpay-apiv3/wechatpay-go 6dbd7ce2: core/notify/notify_test.go (a notification and its
   signature by WX_PLATFORM_CERT) and core/auth/signers/sha256withrsa_signer_test.go ("source"). The
   certificates: github.com/wechatpay-apiv3/wechatpay-java 1dab7bec, TestConfig.java, sealed with WX_APIV3. */
#define OFFICIAL_NOTICE                                                                                      \
    "{\"id\":\"3119dfba-e649-5eec-ab1e-3412bc4d2e17\",\"create_time\":\"2021-06-24T16:37:26+08:00\",\"r"     \
    "esource_type\":\"encrypt-resource\",\"event_type\":\"PAYSCORE.USER_OPEN_SERVICE\",\"summary\":\"签约"   \
    "成功\",\"resource\":{\"original_type\":\"payscore\",\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\""  \
    ":\"YDS3lKPaC4Y52Gf3uhft5qUBlIa8b428AWTtTauHQfQrRw+X1WpiuHIDy0vo1Vd6VEq67aVyqPdDYMkRVSDaZL3iZttevRM"     \
    "OoPKMifozg6XPWjIZumks/GpT48lI4NizyeaqLBokNebthah3o1H76qSlO9NkDjp9bzmKLEYYH9TEklFUpsvPqOTOcgSLgh21Y"     \
    "JXYR7dEBXFgRLiNIKRgO5JdXh1hccRUAlyVWxE54PXpnQ==\",\"associated_data\":\"payscore\",\"nonce\":\"Kj7"     \
    "QIyUiYx1q\"}}"

#define OFFICIAL_NOTICE_SIGN                                                                                 \
    "tJHIiIS9eB2hAYstmAmbbD3ZE5LiIm/Ug5tuL4fC0YOFRWIHV39UFIZXC0e9Wl6lBu6sKvkqDkzpqzBsVHyXFlbYZTOQrVdG4b"     \
    "6LfTnK4mikv9++ixJMd3vTf2yCqvBkh98zs3Ds5zsYQakzbcwhmw4fMJs4nPLws28H0UW9FjDR//rxELLwXvV1VEA1IBLX70xp"     \
    "tjL8hrfUjEE8kkry6yNJTHZRU8CAc7qHli2Ng1V1qb9ARbK8A3ThmFmPQvRGrapI/jS2laKKgYUmfdEdkNO6B2Cke5e8VTxY40"     \
    "6ArAmQ90GAihDwIcb16TQMnzCMBoutnwZKNiKRACrFmtxw2Q=="

#define OFFICIAL_SOURCE_SIGN                                                                                 \
    "BKyAfU4iMCuvXMXS0Wzam3V/cnxZ+JaqigPM5OhljS2iOT95OO6Fsuml2JkFANJU9K6q9bLlDhPXuoVz+pp4hAm6pHU4ld815U"     \
    "4jsKu1RkyaII+1CYBUYC8TK0XtJ8FwUXXz8vZHh58rrAVN1XwNyvD1vfpxrMT4SL536GLwvpUHlCqIMzoZUguLli/K8V29QiOh"     \
    "uH6IEqLNJn8e9b3nwNcQ7be3CzYGpDAKBfDGPCqCv8Rw5zndhlffk2FEA70G4hvMwe51qMN/RAJbknXG23bSlObuTCN7Ndj1aJ"     \
    "GH6/L+hdwfLpUtJm4QYVazzW7DFD27EpSQEqA8bX9+8m1rLg=="

#define OFFICIAL_CERTIFICATES                                                                                \
    "{\"data\":[{\"effective_time\":\"2023-09-19T23:15:58+08:00\",\"encrypt_certificate\":{\"algorithm\""    \
    ":\"AEAD_AES_256_GCM\",\"associated_data\":\"certificate\",\"ciphertext\":\"Mr/AxbvY+WL9hKlD5nIa03L"     \
    "OMPpn5f+CWeNxE4ujl0f5gXZ9XLJ9CldkArCOTsbU62XgKnTc3YvRMZQ7wCmE2fzwmAenAySTYsPms72JhggPWfdqVxri9YD5w"     \
    "BYKn8Ck0Fc5JIiVw9WlN2oxHBz83mRVsjoTGC5+cX1CdYqKuZ8pkvi0aCJIq07ZC8MHoTowUz+4jYJy9XeKqip83Z7BmUYxseP"     \
    "pNM+HtihBqTJIUYXJfX7Col5X0ACsApRoU9l6swfW/kzvqNpDJavhDBGasLrr5822+Fk5nVkcTi53f8Wbue7ODWjJxj1yhRYcx"     \
    "FCvXLtpYNB+Qa1aXtrBSdBdBI2p7o+6Imn+auHLBCzkrZqF/yd+d4vTn4tqHPLUj89XcHsMf96uBo3T/HQV8LEDeIO+6YvOK9F"     \
    "rIDYsvp+imN4n/mnF7eJKo9mpN/QqWJiawrFpAmMMxFKBjIdpgMnVUl3Z11RcWKyfOJ3kcmItTWcnZFNyDgR9cS0aU6QPlefa3"     \
    "uUW89uzBuHjcFdDl43yU3LE4qZnHLDcDgx4qt0OFCLiy51GXtEpyYs5k99YJBvKK+RyIs4Yc1/smBmClQUhxW+8bsPNOcXfDvH"     \
    "2yX4YzESoO4TV0RqiCgnsSd4zIFyJPiMKIGzVHiw6Kg0eGCmB4mGHEEZCQ0eN3SSPO0QVjjtBYfgXDZfVHSaAB8PjWBVNFimoV"     \
    "iZZQrwT6Ygo0LU0Dd8+F5aHFYr4OPHPslr3hrgutEYXDTv1vTA6ABJGqknJ9Y2vtyWpy7aIwxc0kQq/1ezjs+RMVL/LRpGDnbx"     \
    "1/CGPDjZhYgZypKa55+PDhoaQxqkF3xCLz2DGoNHZYmFqxzAOsAK0vJZw4VcAk6ssbA6YIaMuiemEpxfLC9ZiXtRqsX9s+GWjj"     \
    "tA8JywOFMO+NKZm9BH/E5YNg2DDD3sHG9Mciwn7yJ6sdf8h2lAWlEExAOeiBNyshOHAQ0/S+x1ncWNiqY+Uh5n0rtonvePV2Ms"     \
    "xVlEWR3AVHn1abcEWkzivd+G5kg7LYO0goqzGClcQfnFfZdO6KwcMXsBCnm9A1Bl4+k5LLokTIYH5/36SRIZ9j0CHGD77BQLE7"     \
    "x8AlNsoFS2m263tLLq78TFqvZUTIZIQcVIl+NInscS3xQbA38qqFqutCWIwoF1azuJ7woiJyMvnS3xzIpNzP+rzJ8VDXxjLjpE"     \
    "UBOC9WDs74+QMtsAdmh6g0KDclHEk8WJ4P2bnso4z3VCGoDT5X/0bS1C+jMZMKaOCNB21FZ08qgUHmKeDeg8ylENu+mh2Y/AaE"     \
    "DSGkGBHIfFbhMYO3uRxhk9hldiHEnHgdkXiVAAUWk/IhtmGijibO/L76vB74Xpes973uK+2iFKgNBk8qTLLZZnuWbcMQuA6VsF"     \
    "ULRb/C+q9B21YuAWPMzvgBwr4EX2m/OpF5w8Q0HL7v1H5H0mIGJbrjnklUPoBYrw30W3uk7yF0KE6sfMukafFx0S9rBOL0RykG"     \
    "DPwC0lHSNySkXDeM5XvDJ+dtHK+RDwhJR+azfrWAHGMtZcQ+YVamjWVmHxXM03j3GeCXgqae1upwHzkPL5OwojcQ5MQi3Kv/1x"     \
    "twY0cRN/yeZTOsXfujtqhkJj/Vltby4lnW4SCj4LjWQF19BY6zhzF4yybBA8bhhtoNP/zx8QkhHAkIROkK2ZVgfocCAPvfQ+vS"     \
    "rsIBO+L5cmg6mzFn4g84lsHscgXnszIlzUrzx/4Tam0uwuS9J1gddZ0I0QUt9SJzfsoBCTU0OgNMUtXKS5HvgXe7abexMtFH5e"     \
    "ulOsAuFZkQ5LYJa/m4yHFInXzL/t3hjdTi2NmxUufvYzwIyffRTu5vS9vjscARD9lUQDHFQ/xgWe1i8EkRlrSfjlXt00+4//h2"     \
    "bcJKyTBT3IXwvKNsuY29V9/vU3HkvWKZ99zpSlmcZRuBa1BHbyPEvc0NlqIIoKidxqUvOR64MzudHhAjgWFP+IXojfhS3Gj9OJ"     \
    "hBL7s\",\"nonce\":\"14b16c03dc1b\"},\"expire_time\":\"2028-09-17T23:15:58+08:00\",\"serial_no\":\""     \
    "5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC\"}]}"

static void official_notification_verifies(void **state)
{
    (void)state;
    adk k;
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    pr_keyring *ring = wx_ring(&k);
    static const char headers[] =
        "Content-Type: application/json\r\nWechatpay-Nonce: EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz\r\n"
        "Wechatpay-Timestamp: 1624523846\r\nWechatpay-Serial: D7CE59D1F522D701\r\n"
        "Wechatpay-Signature: " OFFICIAL_NOTICE_SIGN "\r\n";
    pr_wechatpay_mark mark;
    size_t len = strlen(OFFICIAL_NOTICE);
    int64_t then = INT64_C(1624523846000);
    assert_int_equal(pr_wechatpay_verify(&mark, k.channel, ring, headers, strlen(headers), OFFICIAL_NOTICE,
                                         len, then + 299000),
                     PR_WX_GOOD);
    assert_int_equal(mark.signed_ms, then);
    assert_int_equal(
        pr_wechatpay_verify(&mark, k.channel, ring, headers, strlen(headers), OFFICIAL_NOTICE, len - 1, then),
        PR_WX_BAD);
    assert_int_equal(pr_wechatpay_verify(&mark, k.channel, ring, headers, strlen(headers), OFFICIAL_NOTICE,
                                         len, then + 300001),
                     PR_WX_OLD);
    assert_int_equal(
        pr_wechatpay_verify(&mark, k.channel, NULL, headers, strlen(headers), OFFICIAL_NOTICE, len, then),
        PR_WX_UNKNOWN);
    assert_string_equal(mark.serial, "D7CE59D1F522D701");
    char sign[1024];
    wx_sign(sign, sizeof sign, WX_PLATFORM_PRIVATE, "source", 6);
    assert_string_equal(sign, OFFICIAL_SOURCE_SIGN);
    wx_ring_free(ring);
    adk_close(&k);
}

static void official_certificates_open(void **state)
{
    (void)state;
    adk k;
    char room[200];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    pr_keyring *ring = calloc(1, sizeof *ring);
    assert_non_null(ring);
    assert_int_equal(k.adapter->fetched(ring, k.channel, OFFICIAL_CERTIFICATES, strlen(OFFICIAL_CERTIFICATES),
                                        k.subject.now_ms, &why),
                     PAYROUTE_OK);
    static const char serial[] = "5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC";
    assert_non_null(pr_keyring_find(ring, k.channel, serial, k.subject.now_ms));
    assert_null(pr_keyring_find(ring, k.channel, serial, INT64_C(1852903000000))); /* after 2028-09-17 */
    wx_ring_free(ring);
    adk_close(&k);
}

/* wechatpay-java, AeadAesCipherTest.java */
static void official_seal_opens(void **state)
{
    (void)state;
    static const char json[] =
        "{\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":\"ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=\","
        "\"nonce\":\"uluk4a9R25RW\",\"associated_data\":\"associatedData\"}";
    adk k;
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    payroute_json *doc = NULL;
    assert_int_equal(payroute_json_parse(&doc, json, strlen(json), NULL, 0), PAYROUTE_OK);
    pr_buf plain;
    pr_buf_init(&plain);
    assert_int_equal(pr_wechatpay_open(&plain, k.channel, payroute_json_root(doc)), PAYROUTE_OK);
    assert_string_equal(plain.at, "message");
    pr_buf_free(&plain);
    payroute_json_free(doc);
    adk_close(&k);
}

/* ---- orders -------------------------------------------------------------------------------------------- */

#define ORDER_HEAD                                                                                                 \
    "{\"appid\":\"wx2421b1c4370ec43b\",\"mchid\":\"1900007291\","                                                  \
    "\"description\":\"Image形象店-深圳腾大-QQ公仔\",\"out_trade_no\":\"" REF "\","                                \
    "\"time_expire\":\"2025-11-25T18:00:00+08:00\",\"attach\":\"00ff\",\"notify_url\":\"https://shop.example/n\"," \
    "\"amount\":{\"total\":1250,\"currency\":\"CNY\"}"

static void check_order(const char *flow, const char *path, const char *tail)
{
    adk k;
    pr_http_request r;
    char want[1024];
    adk_open(&k, WX_OURS, "wechat", flow, "CNY");
    adk_content(&k, &wx_wish);
    assert_false(adk_holds(k.content.at, k.content.len, WX_APIV3));
    assert_false(adk_holds(k.content.at, k.content.len, "MII"));
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_OK);
    snprintf(want, sizeof want, "https://api.example/v3/pay/transactions/%s", path);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.url.at, want);
    snprintf(want, sizeof want, "%s%s}", ORDER_HEAD, tail);
    assert_string_equal(r.body.at, want);
    pr_http_request_free(&r);
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 2), PAYROUTE_E_UNSUPPORTED);
    pr_http_request_free(&r);
    k.subject.reference = "0K3V9Z2M4QABCDEFGHJKMNPQRT"; /* content of another attempt */
    assert_int_equal(adk_build(&k, &r, PR_OP_CREATE, 1), PAYROUTE_E_SCHEMA);
    pr_http_request_free(&r);
    adk_close(&k);
}

static void orders_byte_by_byte(void **state)
{
    (void)state;
    check_order("qr", "native", "");
    check_order("redirect", "h5",
                ",\"scene_info\":{\"payer_client_ip\":\"14.23.150.211\",\"h5_info\":{\"type\":\"Wap\"}}");
    check_order("token", "jsapi", ",\"payer\":{\"openid\":\"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o\"}");
}

static int32_t content_rc(const char *channel, const char *flow, const char *currency, int64_t amount,
                          const pr_wish *wish, const char *named)
{
    adk k;
    char room[256] = "";
    pr_text why;
    adk_open(&k, channel, "wechat", flow, currency);
    k.subject.amount_minor = amount;
    pr_text_init(&why, room, sizeof room);
    int32_t rc = k.adapter->content(&k.content, &k.subject, wish, &why);
    if (named && strncmp(room, named, strlen(named)) != 0) {
        fail_msg("expected a word about %s, got \"%s\"", named, room);
    }
    adk_close(&k);
    return rc;
}

static void wishes_that_cannot_be(void **state)
{
    (void)state;
    pr_wish w = wx_wish;
    assert_int_equal(content_rc(WX_OURS, "qr", "USD", 1250, &w, "currency"), PAYROUTE_E_UNSUPPORTED);
    assert_int_equal(content_rc(WX_OURS, "wap", "CNY", 1250, &w, "flow"), PAYROUTE_E_UNSUPPORTED);
    assert_int_equal(content_rc(WX_OURS, "qr", "CNY", 0, &w, "amount"), PAYROUTE_E_RANGE);
    w.client_ip = NULL;
    assert_int_equal(content_rc(WX_OURS, "redirect", "CNY", 1250, &w, "client_ip"), PAYROUTE_E_SCHEMA);
    assert_int_equal(content_rc(WX_OURS, "qr", "CNY", 1250, &w, NULL), PAYROUTE_OK);
    w.client_ip = "14.23.150.211\",\"x\":\"";
    assert_int_equal(content_rc(WX_OURS, "redirect", "CNY", 1250, &w, "client_ip"), PAYROUTE_E_SCHEMA);
    w.instrument = NULL;
    assert_int_equal(content_rc(WX_OURS, "token", "CNY", 1250, &w, "instrument"), PAYROUTE_E_SCHEMA);
    w.instrument = "o p";
    assert_int_equal(content_rc(WX_OURS, "token", "CNY", 1250, &w, "instrument"), PAYROUTE_E_SCHEMA);
    w = wx_wish;
    w.hold = 1;
    assert_int_equal(content_rc(WX_OURS, "qr", "CNY", 1250, &w, "hold"), PAYROUTE_E_UNSUPPORTED);
    w = wx_wish;
    w.return_url = "javascript:1";
    assert_int_equal(content_rc(WX_OURS, "redirect", "CNY", 1250, &w, "return_url"), PAYROUTE_E_SCHEMA);
}

static void a_long_title_is_cut_between_letters(void **state)
{
    (void)state;
    char title[400] = "x";
    for (int i = 0; i < 60; i++) {
        strcat(title, "深");
    }
    pr_wish w = wx_wish;
    w.subject = title;
    adk k;
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    adk_content(&k, &w);
    payroute_json *doc = NULL;
    assert_int_equal(payroute_json_parse(&doc, k.content.at, k.content.len, NULL, 0), PAYROUTE_OK);
    const char *text = payroute_json_string(
        payroute_json_get(payroute_json_get(payroute_json_root(doc), "order"), "description"));
    assert_int_equal(strlen(text), 127);
    payroute_json_free(doc);
    adk_close(&k);
}

/* ---- requests ------------------------------------------------------------------------------------------ */

#define NONCE "00e20b1b271ce5f4538798341ec7fa65"
#define AUTHORIZED                                                                                           \
    "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"1900007291\",nonce_str=\"" NONCE                       \
    "\",timestamp=\"1764064500\",serial_no=\"5F1C72E2A8931B72A2E13AF8DEE92471EB397115\",signature=\""

/* The texts of the docs (签名生成), signed by OpenSSL 3 with the merchant's test key. */
static void requests_are_signed_as_openssl_does(void **state)
{
    (void)state;
    static const char query_sign[] =
        "g8/k7YLVa0JoVuXy4tqeTbY84B1J7QQtzXvuy+F4MfkdwKYamP7GrdpGvSBrzaQ7NRuNVQsUpiAtVvfVH0VQuZPzv1AeZ7BkBe+CKcSCSHh"
        "OYIgfmBAQpJbTOm5isL1yPw1SG5tPdlBpVDXjwqY9E33TtwyUQ2i53ttjg/1bsQYpfVcVz/oKRyFV4wlCnOfXj3qVRrdWmIP+/SEBy4VEwJ"
        "hfE0g64GmsHd9JT4WuyxBoP29TdFg0E3ij9zt6SSc6xAu3Tv5vmQeBvDJnbxn2rgdAHfThziA8QV91fDvpVLfkX7vU/Z8Qh9et+Thbg9nrr"
        "fyvtofGmAQCWyiYuS+M8Q==";
    static const char close_sign[] =
        "Z788rDP+Yxhx9yUw5kqLXi110CCKiOCtxi3oSNB6GB6Eq+Z6okOZgu9dhPaTaavrfmmluk15dnoET9yErBx42fvjqFZseFb+8oLp6kSSX1i"
        "PBGkt/LL2tXEMuzaNmBGISxSCdaKTxBOpJ0LEc1UWIMr9X4kAAwV3rSngZNDy4A2rPdIIFRIF3j377a2MlRKzTVDJpOgyRLzG3g0vDzSO9q"
        "BH1Nzv/4KYut8W8tloOTyZN02o3GH862q2RL/wBuimUcSnTWM7AjNARErwkA2SJIWioihNQNV+MqTEhC3WOffoCfctOoLYIOfveQCWe5YuC"
        "iW9kuuSf9m0gBxLOjdE1g==";
    adk k;
    pr_http_request r;
    char want[2048];
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    assert_int_equal(adk_build(&k, &r, PR_OP_QUERY, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "GET");
    assert_string_equal(r.url.at,
                        "https://api.example/v3/pay/transactions/out-trade-no/" REF "?mchid=1900007291");
    assert_int_equal(r.body.len, 0);
    snprintf(want, sizeof want, "Accept: application/json\r\nUser-Agent: payroute\r\n" AUTHORIZED "%s\"\r\n",
             query_sign);
    assert_string_equal(r.headers.at, want);
    pr_http_request_free(&r);
    assert_int_equal(adk_build(&k, &r, PR_OP_CLOSE, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.url.at, "https://api.example/v3/pay/transactions/out-trade-no/" REF "/close");
    assert_string_equal(r.body.at, "{\"mchid\":\"1900007291\"}");
    snprintf(
        want, sizeof want,
        "Accept: application/json\r\nUser-Agent: payroute\r\nContent-Type: application/json\r\n" AUTHORIZED
        "%s\"\r\n",
        close_sign);
    assert_string_equal(r.headers.at, want);
    pr_http_request_free(&r);
    adk_close(&k);
}

static void refunds_and_certificates_byte_by_byte(void **state)
{
    (void)state;
    adk k;
    pr_http_request r;
    adk_open(&k, WX_OURS, "wechat", "qr", "CNY");
    k.subject.key = REFUND_KEY;
    k.subject.amount_minor = 250;
    assert_int_equal(adk_build(&k, &r, PR_OP_REFUND, 1), PAYROUTE_OK);
    assert_string_equal(r.url.at, "https://api.example/v3/refund/domestic/refunds");
    assert_string_equal(r.body.at, "{\"out_trade_no\":\"" REF "\",\"out_refund_no\":\"" REFUND_KEY
                                   "\",\"notify_url\":\"https://shop.example/n\","
                                   "\"amount\":{\"refund\":250,\"total\":1250,\"currency\":\"CNY\"}}");
    pr_http_request_free(&r);
    assert_int_equal(adk_build(&k, &r, PR_OP_REFUND_QUERY, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "GET");
    assert_string_equal(r.url.at, "https://api.example/v3/refund/domestic/refunds/" REFUND_KEY);
    pr_http_request_free(&r);
    pr_subject bare = {
        .channel = k.channel, .now_ms = k.subject.now_ms, .entropy = adk_entropy, .aux_id = WX_SERIAL};
    k.subject = bare; /* a fetch knows of no payment */
    assert_int_equal(adk_build(&k, &r, PR_OP_FETCH, 1), PAYROUTE_OK);
    assert_string_equal(r.method, "GET");
    assert_string_equal(r.url.at, "https://api.example/v3/certificates");
    pr_http_request_free(&r);
    assert_int_equal(adk_build(&k, &r, PR_OP_VOID, 1), PAYROUTE_E_UNSUPPORTED);
    pr_http_request_free(&r);
    adk_close(&k);
}

/* In public-key mode a request asks for an answer under that key; a base address may have a path, which is
 * signed. */
static void public_key_mode_and_paths(void **state)
{
    (void)state;
    adk k;
    pr_http_request r;
    adk_open(&k, WX_CHANNEL(WX_CREDENTIAL("1", WX_APIV3, WX_PUBLIC)), "wechat", "qr", "CNY");
    assert_int_equal(adk_build(&k, &r, PR_OP_QUERY, 1), PAYROUTE_OK);
    assert_non_null(strstr(r.headers.at, "\r\nWechatpay-Serial: " WX_KEY_ID "\r\n"));
    pr_http_request_free(&r);
    memcpy(r.method, "GET", 4);
    pr_http_request_init(&r);
    memcpy(r.method, "GET", 4);
    pr_buf_put(&r.url, "http://127.0.0.1:8080/wx/v3/certificates");
    char room[64];
    pr_text why;
    pr_text_init(&why, room, sizeof room);
    assert_int_equal(pr_wechatpay_authorize(&r, &k.subject, &why), PAYROUTE_OK);
    char sign[1024], *at = strstr(r.headers.at, "signature=\"") + 11;
    wx_sign(sign, sizeof sign, ADK_OFFICIAL_APP_PRIVATE,
            "GET\n/wx/v3/certificates\n1764064500\n" NONCE "\n\n",
            strlen("GET\n/wx/v3/certificates\n1764064500\n" NONCE "\n\n"));
    assert_int_equal(strncmp(at, sign, strlen(sign)), 0);
    pr_http_request_free(&r);
    adk_close(&k);
}

static void channels_that_cannot_be(void **state)
{
    (void)state;
#define NOTIFY "\"notify_url\":\"https://a.example/n\","
    static const char *const bad[][3] = {
        {WX_CREDENTIAL("1", "short", ""), "apiv3_key", NOTIFY},
        {WX_CREDENTIAL("1", WX_APIV3 "x", ""), "apiv3_key", NOTIFY},
        {WX_CREDENTIAL("1", WX_APIV3, ",\"public_key_id\":\"" WX_KEY_ID "\""), "public_key", NOTIFY},
        {WX_CREDENTIAL("1", WX_APIV3, ",\"public_key_id\":\"7\",\"public_key\":\"" ADK_ALIPAY_PUBLIC "\""),
         "public_key_id", NOTIFY},
        {WX_CREDENTIAL("1", WX_APIV3, ",\"public_key_id\":\"" WX_KEY_ID "\",\"public_key\":\"AAAA\""),
         "public_key", NOTIFY},
        {WX_CREDENTIAL("1", WX_APIV3, ""), "notify_url", ""},
        {WX_CREDENTIAL("1", WX_APIV3, ""), "notify_url", "\"notify_url\":\"https://a.example/n?x=1\","},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char file[8192], why[1024] = "";
        payroute_registry *registry = NULL;
        snprintf(file, sizeof file,
                 "{\"schema\":1,\"channels\":[{\"id\":\"wx\",\"provider\":\"wechatpay\",%s\"credentials\":[%s],"
                 "\"methods\":[{\"method\":\"wechat\",\"flows\":[\"qr\"]}],\"currencies\":[\"CNY\"]}]}",
                 bad[i][2], bad[i][0]);
        assert_int_not_equal(payroute_registry_from_json(&registry, file, strlen(file), why, sizeof why),
                             PAYROUTE_OK);
        assert_non_null(strstr(why, bad[i][1]));
        assert_null(strstr(why, WX_APIV3));
        payroute_registry_free(registry);
    }
}

static void serials_have_one_spelling(void **state)
{
    (void)state;
    char out[PR_ID_CAP];
    assert_int_equal(pr_wechatpay_serial(out, "00d7ce59d1f522d701"), 1);
    assert_string_equal(out, WX_SERIAL);
    assert_int_equal(pr_wechatpay_serial(out, WX_KEY_ID), 1);
    assert_string_equal(out, WX_KEY_ID);
    static const char *const none[] = {"",
                                       "D7CE59",
                                       "../../etc/passwd",
                                       "PUB_KEY_ID_../..",
                                       "G7CE59D1F522D701",
                                       "D7CE59D1F522D701D7CE59D1F522D701D7CE59D1F522D701D7CE59D1F522D7010"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(pr_wechatpay_serial(out, none[i]), 0);
        assert_string_equal(out, "");
    }
    assert_int_equal(pr_wechatpay_serial(out, NULL), 0);
}

static void times_are_read_with_their_zone(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_int_equal(pr_wechatpay_time(&ms, "2025-11-25T18:00:00+08:00"), PAYROUTE_OK);
    assert_int_equal(ms, INT64_C(1764064800000));
    assert_int_equal(pr_wechatpay_time(&ms, "2025-11-25T10:00:00Z"), PAYROUTE_OK);
    assert_int_equal(ms, INT64_C(1764064800000));
    assert_int_equal(pr_wechatpay_time(&ms, "2025-11-25T08:30:00-01:30"), PAYROUTE_OK);
    assert_int_equal(ms, INT64_C(1764064800000));
    static const char *const bad[] = {"",
                                      "2025-11-25",
                                      "2025-11-25 18:00:00+08:00",
                                      "2025-11-25T18:00:00",
                                      "2025-11-25T18:00:00+8:00 ",
                                      "2025-13-25T18:00:00+08:00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(pr_wechatpay_time(&ms, bad[i]), PAYROUTE_OK);
    }
    assert_int_not_equal(pr_wechatpay_time(&ms, NULL), PAYROUTE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_notification_verifies),
        cmocka_unit_test(official_certificates_open),
        cmocka_unit_test(official_seal_opens),
        cmocka_unit_test(orders_byte_by_byte),
        cmocka_unit_test(wishes_that_cannot_be),
        cmocka_unit_test(a_long_title_is_cut_between_letters),
        cmocka_unit_test(requests_are_signed_as_openssl_does),
        cmocka_unit_test(refunds_and_certificates_byte_by_byte),
        cmocka_unit_test(public_key_mode_and_paths),
        cmocka_unit_test(channels_that_cannot_be),
        cmocka_unit_test(serials_have_one_spelling),
        cmocka_unit_test(times_are_read_with_their_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
