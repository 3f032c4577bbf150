// Stripe's SDK for one account of the sandbox.
import Stripe from 'stripe';

export const VERSION = '2025-03-31.basil'; // the version that the adapter pins

export function sdkOf(channel, port, more = {}) {
  return new Stripe(channel.credentials[0].secret_key, {
    apiVersion: VERSION,
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: 5000,
    ...more,
  });
}
