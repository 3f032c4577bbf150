/* Result codes and version. The names and texts come from rc.def, so that a code can only be added in one
   place. */
#include <payroute/base.h>

int32_t payroute_version(void)
{
    return PAYROUTE_VERSION;
}

const char *payroute_rc_name(int32_t rc)
{
    switch (rc) {
#define X(name, value, text)                                                                                 \
    case value:                                                                                              \
        return #name;
#include "base/rc.def"
#undef X
    default:
        return "E_?";
    }
}

const char *payroute_rc_text(int32_t rc)
{
    switch (rc) {
#define X(name, value, text)                                                                                 \
    case value:                                                                                              \
        return text;
#include "base/rc.def"
#undef X
    default:
        return "unknown result code";
    }
}

int32_t payroute_rc_class(int32_t rc)
{
    if (rc == 0) {
        return PAYROUTE_RC_FINE;
    }
    if (rc <= -1 && rc >= -99) {
        return PAYROUTE_RC_USAGE;
    }
    if (rc <= -100 && rc >= -199) {
        return PAYROUTE_RC_RESOURCE;
    }
    if (rc <= -200 && rc >= -299) {
        return PAYROUTE_RC_DATA;
    }
    if (rc <= -300 && rc >= -399) {
        return PAYROUTE_RC_TRANSPORT;
    }
    return PAYROUTE_RC_INTERNAL;
}
