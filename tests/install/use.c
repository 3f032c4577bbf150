/* What a shop's first program does with an installed libpayroute-host, in C and in C++: the version of the header
   is that of the library, both libraries are there, an engine opens and takes an order. */
#include <payroute/host.h>
#include <payroute/payroute.h>

#include <stdio.h>
#include <string.h>

static const char config[] =
    "{\"schema\":1,\"channels\":[{\"id\":\"cards\",\"provider\":\"stripe\","
    "\"credentials\":[{\"secret_key\":\"sk_test_EXAMPLE\",\"webhook_secret\":\"whsec_EXAMPLE\"}],"
    "\"methods\":[{\"method\":\"card\",\"flows\":[\"token\"]}],\"currencies\":[\"USD\"]}]}";
static const char options[] = "{\"store\":\"memory:use\"}";
static const char order[] = "{\"order_id\":\"1001\",\"amount_minor\":1250,\"currency\":\"USD\"}";

int main(void)
{
    char why[512] = "";
    payroute_engine *engine = NULL;
    int64_t id = 0;
    size_t len = 0;
    int32_t rc;
    if (payroute_version() != PAYROUTE_VERSION) {
        printf("header %d, library %d\n", PAYROUTE_VERSION, (int)payroute_version());
        return 1;
    }
    rc = payroute_engine_open(&engine, config, sizeof config - 1, options, sizeof options - 1, why,
                              sizeof why);
    if (rc == PAYROUTE_OK) {
        rc = payroute_engine_create(engine, order, sizeof order - 1, 0, &id);
    }
    if (rc != PAYROUTE_OK || id == 0 ||
        strstr(payroute_engine_result(engine, &len), "\"order_id\":\"1001\"") == NULL) {
        printf("%s %s\n", payroute_rc_text(rc), why);
        return 1;
    }
    payroute_engine_close(engine);
    printf("payment %d\n", (int)id);
    return 0;
}
