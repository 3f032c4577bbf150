/* From a reason to the place where the shop mends it, out of places.def. */
#include "catalog/places.h"
#include "catalog/match.h"

#include <payroute/catalog.h>

#include <string.h>

typedef struct place { /* characters in place: no relocation */
    char provider[20];
    uint8_t topic;
    char zh[136];
    char en[124];
    char url[72];
} place;

static const place all_places[] = {
#define PR_PLACE(provider, topic, zh, en, url, source) {provider, PR_TOPIC_##topic, zh, en, url},
#include "catalog/places.def"
};

static const uint8_t reason_topics[][2] = {
#define PR_REASON_TOPIC(number, reason, topic) {number, PR_TOPIC_##topic},
#include "catalog/places.def"
};

int32_t pr_topic_of(int32_t reason)
{
    for (size_t i = 0; i < sizeof reason_topics / sizeof reason_topics[0]; i++) {
        if (reason_topics[i][0] == reason) {
            return reason_topics[i][1];
        }
    }
    return PR_TOPIC_NONE;
}

const char *pr_topic_name(int32_t topic)
{
    static const char names[PR_TOPIC_COUNT][12] = {
#define PR_TOPIC(NAME, name) #name,
#include "catalog/places.def"
    };
    return names[topic >= 0 && topic < PR_TOPIC_COUNT ? topic : 0];
}

static const place *place_of(const char *provider, int32_t topic)
{
    for (size_t i = 0; i < sizeof all_places / sizeof all_places[0]; i++) {
        if (all_places[i].topic == topic && strcmp(all_places[i].provider, provider) == 0) {
            return &all_places[i];
        }
    }
    return NULL;
}

/* The provider's own page; that of the console it shares with another version; the shop's own side. */
static const place *place_find(const char *provider, int32_t topic)
{
    const char *name = provider != NULL ? provider : "";
    const place *p = topic != PR_TOPIC_NONE ? place_of(name, topic) : NULL;
    if (p == NULL && strcmp(name, "wechatpay_v2") == 0) {
        p = place_of("wechatpay", topic);
    }
    return p != NULL ? p : place_of("*", topic);
}

const char *pr_place_name(const char *provider, int32_t topic, const char *locale)
{
    const place *p = place_find(provider, topic);
    int32_t chinese =
        locale != NULL && (locale[0] == 'z' || locale[0] == 'Z') && (locale[1] == 'h' || locale[1] == 'H');
    return p == NULL ? "" : chinese ? p->zh : p->en;
}

const char *pr_place_url(const char *provider, int32_t topic)
{
    const place *p = place_find(provider, topic);
    return p == NULL ? "" : p->url;
}

const char *payroute_reason_topic(int32_t reason)
{
    int32_t topic = pr_topic_of(reason);
    return topic == PR_TOPIC_NONE ? "" : pr_topic_name(topic);
}

const char *payroute_reason_place(const char *provider, int32_t reason, const char *locale)
{
    return pr_place_name(provider, pr_topic_of(reason), locale);
}

const char *payroute_reason_place_url(const char *provider, int32_t reason)
{
    return pr_place_url(provider, pr_topic_of(reason));
}
