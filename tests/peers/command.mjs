// The command `payroute` in the shop's place: what the SDKs sign is taken, what they would refuse is refused, and
// the answer on standard output is the one that the provider expects.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSign } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sdkOf as alipayOf } from './alipay_kit.mjs';
import { B, START_MS, test } from './kit.mjs';
import { sdkOf as stripeOf } from './stripe_kit.mjs';

async function run(w, args, input = '') {
  const child = spawn(
    join(B, 'payroute'),
    [
      ...args,
      '--config',
      w.configFile,
      '--store',
      `sqlite:${join(w.folder, 'shop.db')}`,
      '--clock',
      String(w.now),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: {} },
  );
  let out = '';
  let err = '';
  child.stdout.on('data', (part) => (out += part));
  child.stderr.on('data', (part) => (err += part));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
}

const notify = (w, channel, headers, body) =>
  run(
    w,
    [
      'notify',
      channel,
      '--ack-only',
      ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ],
    body,
  );

async function stripePart(w) {
  const channel = w.box.channel('card-main');
  const stripe = stripeOf(channel, 1);
  const secret = channel.credentials[0].webhook_secret;
  const payload = JSON.stringify({
    id: 'evt_command',
    object: 'event',
    livemode: false,
    type: 'payment_intent.succeeded',
    data: {
      object: {
        id: 'pi_command',
        object: 'payment_intent',
        amount: 100,
        amount_received: 100,
        currency: 'usd',
        status: 'succeeded',
        latest_charge: 'ch_command',
        metadata: { reference: 'PEERCOMMAND' },
      },
    },
  });
  const header = (timestamp, key = secret) => ({
    'Stripe-Signature': stripe.webhooks.generateTestHeaderString({ payload, secret: key, timestamp }),
  });
  const now = Math.floor(w.now / 1000);
  await test('command: a webhook signed by stripe is taken, forged and old ones are refused', async () => {
    assert.deepEqual(await notify(w, 'card-main', header(now), payload), { code: 0, out: '', err: '' });
    for (const bad of [header(now, 'whsec_x'), header(now - 301), header(now + 301), {}]) {
      const said = await notify(w, 'card-main', bad, payload);
      assert.deepEqual([said.code, said.out], [3, ''], said.err);
      assert.ok(!said.err.includes(secret));
    }
  });
}

async function alipayPart(w) {
  const channel = w.box.channel('ali-main');
  const sdk = alipayOf(channel, w.proxies['ali-main'].direct);
  const form = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
  let number = '';
  await test('command: pay, and alipay-sdk finds the trade', async () => {
    const made = await run(w, [
      'pay',
      '--order',
      'peer-command',
      '--amount-minor',
      '450',
      '--currency',
      'CNY',
      '--method',
      'alipay',
      '--flow',
      'qr',
      '--channel',
      'ali-main',
      '--subject',
      '命令行',
      '--json',
    ]);
    assert.equal(made.code, 0, made.err);
    number = JSON.parse(made.out).attempts[0].reference;
    await w.box.post('/_customer', { account: 'ali-main', reference: number, act: 'pay' });
    const found = await sdk.exec(
      'alipay.trade.query',
      { bizContent: { out_trade_no: number } },
      { validateSign: true },
    );
    assert.deepEqual([found.trade_status, found.total_amount], ['TRADE_SUCCESS', '4.50']);
  });
  await test('command: the notification of it, and one that a stranger wrote', async () => {
    const [note] = (await w.box.get(`/_outbox?account=ali-main&reference=${number}`)).slice(-1);
    assert.ok(sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(note.body))));
    const forged = await notify(w, 'ali-main', form, note.body.replace('4.50', '4.51'));
    assert.deepEqual([forged.code, forged.out], [3, 'fail'], forged.err);
    assert.deepEqual(await notify(w, 'ali-main', form, note.body), { code: 0, out: 'success', err: '' });
    const shown = await run(w, ['show', '--order', 'peer-command', '--json']);
    assert.equal(JSON.parse(shown.out).status, 'paid', shown.out);
  });
  await test("command: a notification signed here for the SDK's eyes", async () => {
    const fields = {
      app_id: channel.credentials[0].app_id,
      notify_id: 'peercommand',
      notify_type: 'trade_status_sync',
      out_trade_no: 'PEERCOMMAND',
      seller_id: channel.credentials[0].seller_id,
      subject: '@+&=/ 商品',
      total_amount: '1.00',
      trade_no: '2026010122001400009999',
      trade_status: 'TRADE_SUCCESS',
    };
    const text = Object.keys(fields)
      .sort()
      .map((name) => `${name}=${fields[name]}`)
      .join('&');
    const sign = createSign('RSA-SHA256').update(text).sign(w.alipayKey, 'base64');
    const said = await notify(
      w,
      'ali-main',
      form,
      new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString(),
    );
    assert.deepEqual([said.code, said.out], [0, 'success'], said.err);
  });
}

export async function command(w) {
  writeFileSync(w.configFile, JSON.stringify(w.box.config), { mode: 0o600 });
  assert.ok(w.now >= START_MS);
  await alipayPart(w); // the first pay makes the store
  await stripePart(w);
}
