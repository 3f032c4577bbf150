// Alipay's SDK for one channel of the sandbox, and a clock that stands while it signs.
import './node18.mjs';
import { AlipaySdk } from 'alipay-sdk';

export function sdkOf(channel, port) {
  const [credential] = channel.credentials;
  return new AlipaySdk({
    appId: credential.app_id,
    privateKey: credential.private_key,
    keyType: 'PKCS1',
    alipayPublicKey: credential.alipay_public_key,
    gateway: `http://127.0.0.1:${port}/gateway.do`,
    camelcase: false,
    timeout: 5000,
  });
}

// The SDK asks the clock while it signs, before its first await.
export function atTime(ms, act) {
  const Real = globalThis.Date;
  globalThis.Date = class extends Real {
    constructor(...args) {
      super(...(args.length ? args : [ms]));
    }
    static now() {
      return ms;
    }
  };
  try {
    return act();
  } finally {
    globalThis.Date = Real;
  }
}

export function msOf(timestamp) {
  return Date.parse(`${timestamp.replace(' ', 'T')}+08:00`);
}
