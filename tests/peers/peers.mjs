// The providers' own SDKs as a second reader: adapters and sandbox were written here from the same documents,
// so that a misreading shared by both would look like agreement.
import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startLibrary, startProxy, startSandbox, tally, temporaryFolder, START_MS } from './kit.mjs';
import { alipayNotices } from './alipay_notices.mjs';
import { alipayRequests } from './alipay_requests.mjs';
import { alipaySandbox } from './alipay_sandbox.mjs';
import { command } from './command.mjs';
import { stripeNotices } from './stripe_notices.mjs';
import { stripeRequests } from './stripe_requests.mjs';
import { stripeSandbox } from './stripe_sandbox.mjs';

const versionOf = (name) => createRequire(import.meta.url)(`./node_modules/${name}/package.json`).version;

// The library's configuration: the sandbox's, with a proxy in front of each account.
async function world() {
  const folder = temporaryFolder();
  const box = await startSandbox(folder.path);
  const lib = await startLibrary();
  const proxies = {};
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  for (const channel of box.config.channels) {
    const direct = new URL(channel.base_url);
    const proxy = await startProxy(Number(direct.port));
    proxies[channel.id] = proxy;
    proxy.direct = Number(direct.port);
    const path = channel.provider === 'alipay' ? '/gateway.do' : '';
    channel.base_url = `http://127.0.0.1:${proxy.port}${path}`;
    channel.timeouts = { connect_ms: 500, money_ms: 2000, query_ms: 2000 };
    if (channel.provider === 'alipay') {
      channel.methods[0].flows = ['qr', 'redirect', 'wap'];
      channel.credentials.push({
        ...channel.credentials[0],
        version: 'peer',
        alipay_public_key: pair.publicKey,
      });
    }
  }
  /* Without health the sweep asks nothing of its own between the requests that are compared. */
  const options = { store: 'memory:peers', health: false, clock: { base_ms: START_MS, rate: 0 } };
  const opened = await lib.call('open', {
    config: JSON.stringify(box.config),
    options: JSON.stringify(options),
  });
  if (opened.rc !== 0) throw new Error(`the library does not open: ${opened.name} ${opened.why}`);
  const w = { box, lib, proxies, now: START_MS, alipayKey: pair.privateKey, folder: folder.path };
  w.configFile = join(folder.path, 'peers.json');
  w.pass = async (ms) => {
    w.now += ms;
    await lib.call('step', { ms });
    await box.post('/_clock', { now_ms: w.now });
  };
  w.stop = () => {
    lib.stop();
    box.stop();
    Object.values(proxies).forEach((proxy) => proxy.stop());
    folder.remove();
  };
  return w;
}

const w = await world();
console.log(
  `node ${process.version}, stripe ${versionOf('stripe')}, alipay-sdk ${versionOf('alipay-sdk')}\n`,
);
try {
  for (const part of [
    alipayRequests,
    alipayNotices,
    alipaySandbox,
    stripeRequests,
    stripeNotices,
    stripeSandbox,
    command,
  ]) {
    await part(w);
  }
} finally {
  w.stop();
}
console.log(`\n${tally.vectors} vectors; stricter than the SDK, by policy:`);
for (const [reason, count] of tally.reasons) console.log(`  ${String(count).padStart(4)}  ${reason}`);
console.log('laxer than the SDK, in writing only (signed by the holder of the secret all the same):');
for (const [reason, count] of tally.laxer) console.log(`  ${String(count).padStart(4)}  ${reason}`);
console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
