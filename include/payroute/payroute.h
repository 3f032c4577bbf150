/* The whole pure library. What stores and sends (libpayroute-host) has its own header, host.h,
   and is not part of it. */
#ifndef PAYROUTE_PAYROUTE_H
#define PAYROUTE_PAYROUTE_H

#include <payroute/base.h>
#include <payroute/catalog.h>
#include <payroute/json.h>
#include <payroute/health.h>
#include <payroute/keyring.h>
#include <payroute/network.h>
#include <payroute/payment.h>
#include <payroute/probe.h>
#include <payroute/registry.h>
#include <payroute/route.h>
#include <payroute/rows.h>

#endif
