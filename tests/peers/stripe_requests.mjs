// Requests of ours to Stripe beside those of the SDK, both caught on the wire: method, path, every nested
// parameter, and the headers that count.
import assert from 'node:assert/strict';
import { BUDGET_MS, generator, pairsOf, queryOf, sorted, tally, test } from './kit.mjs';
import { sdkOf, VERSION } from './stripe_kit.mjs';

const HEADERS = ['authorization', 'stripe-version', 'idempotency-key', 'content-type'];

function shapeOf(entry) {
  const [path] = entry.url.split('?');
  const headers = Object.fromEntries(HEADERS.map((name) => [name, entry.headers[name] ?? null]));
  if (/^stripe-node-retry-/.test(headers['idempotency-key'])) headers['idempotency-key'] = null; // its own, for its retries
  const body = entry.body.toString();
  if (!body) headers['content-type'] = null; // the SDK names a type even where there is no body
  return {
    method: entry.method,
    path,
    query: sorted(pairsOf(queryOf(entry.url))),
    body: sorted(pairsOf(body)),
    headers,
  };
}

// `theirs` makes the SDK's call; it is answered with the very bytes that answered ours.
async function sameAs(w, ours, theirs) {
  const proxy = w.proxies['card-main'];
  proxy.replay(ours);
  const answer = await theirs(sdkOf(w.box.channel('card-main'), proxy.port)).catch((problem) => problem);
  assert.notEqual(proxy.last(), ours);
  assert.deepEqual(shapeOf(ours), shapeOf(proxy.last()));
  return answer;
}

function lastOf(w, pattern) {
  const found = w.proxies['card-main'].seen
    .filter((entry) => pattern.test(`${entry.method} ${entry.url}`))
    .pop();
  assert.ok(found, `nothing like ${pattern} was sent`);
  return found;
}

async function create(w, order, more = {}) {
  const spec = {
    order_id: order,
    amount_minor: 1999,
    currency: 'USD',
    method: 'card',
    flow: 'token',
    channel: 'card-main',
    instrument: 'pm_card_visa',
    subject: 'Kaffee & Kuchen = 100% / 蛋糕',
    ...more,
  };
  const done = await w.lib.call('create', { spec: JSON.stringify(spec), budget_ms: 2 * BUDGET_MS });
  assert.equal(done.rc, 0, JSON.stringify(done));
  return done;
}

const metaOf = (entry) => Object.fromEntries(pairsOf(entry.body.toString()));
const intentOf = (entry) => entry.url.split('/')[3].split('?')[0];

async function throughTheEngine(w) {
  let held;
  await test('stripe: prepare is paymentIntents.create', async () => {
    held = await create(w, 'peer-s1', { hold: true });
    const ours = lastOf(w, /^POST \/v1\/payment_intents$/);
    const said = metaOf(ours);
    const intent = await sameAs(w, ours, (stripe) =>
      stripe.paymentIntents.create(
        {
          amount: 1999,
          currency: 'usd',
          confirm: false,
          capture_method: 'manual',
          payment_method_types: ['card'],
          description: 'Kaffee & Kuchen = 100% / 蛋糕',
          metadata: { reference: said['metadata[reference]'], order_hash: said['metadata[order_hash]'] },
        },
        { idempotencyKey: ours.headers['idempotency-key'] },
      ),
    );
    assert.equal(intent.object, 'payment_intent');
    assert.equal(intent.amount, 1999);
    assert.match(said['metadata[reference]'], /^[A-Z0-9]{26}$/);
  });
  await test('stripe: confirm is paymentIntents.confirm', async () => {
    const ours = lastOf(w, /\/confirm$/);
    const intent = await sameAs(w, ours, (stripe) =>
      stripe.paymentIntents.confirm(
        intentOf(ours),
        {
          payment_method: 'pm_card_visa',
          return_url: w.box.channel('card-main').return_url,
          expand: ['latest_charge'],
        },
        { idempotencyKey: ours.headers['idempotency-key'] },
      ),
    );
    assert.equal(intent.status, 'requires_capture');
    assert.equal(intent.amount_capturable, 1999);
    assert.equal(intent.latest_charge.object, 'charge');
  });
  await test('stripe: capture is paymentIntents.capture', async () => {
    const done = await w.lib.call('capture', {
      id: held.id,
      caller_id: 'c1',
      amount_minor: 1500,
      budget_ms: BUDGET_MS,
    });
    assert.equal(done.rc, 0, JSON.stringify(done));
    const ours = lastOf(w, /\/capture$/);
    const intent = await sameAs(w, ours, (stripe) =>
      stripe.paymentIntents.capture(
        intentOf(ours),
        {
          amount_to_capture: 1500,
        },
        { idempotencyKey: ours.headers['idempotency-key'] },
      ),
    );
    assert.equal(intent.amount_received, 1500);
  });
  await test('stripe: refund is refunds.create', async () => {
    const done = await w.lib.call('refund', {
      id: held.id,
      caller_id: 'r1',
      amount_minor: 700,
      budget_ms: BUDGET_MS,
    });
    assert.equal(done.rc, 0, JSON.stringify(done));
    const ours = lastOf(w, /^POST \/v1\/refunds$/);
    const said = metaOf(ours);
    const refund = await sameAs(w, ours, (stripe) =>
      stripe.refunds.create(
        {
          payment_intent: said.payment_intent,
          amount: 700,
          metadata: { key: ours.headers['idempotency-key'], reference: said['metadata[reference]'] },
        },
        { idempotencyKey: ours.headers['idempotency-key'] },
      ),
    );
    assert.equal(refund.object, 'refund');
    assert.equal(refund.amount, 700);
  });
  await test('stripe: query is paymentIntents.retrieve', async () => {
    await w.box.post('/_fault', { account: 'card-main', operation: 'confirm', fault: 'drop_after' });
    await create(w, 'peer-s2');
    await w.box.post('/_fault', { clear: true });
    await w.pass(60_000);
    await w.lib.call('sweep', { budget_ms: 2 * BUDGET_MS });
    const ours = lastOf(w, /^GET \/v1\/payment_intents\//);
    const intent = await sameAs(w, ours, (stripe) =>
      stripe.paymentIntents.retrieve(intentOf(ours), {
        expand: ['latest_charge'],
      }),
    );
    assert.equal(intent.status, 'succeeded');
  });
  await test('stripe: a decline reads the same, and cancel is paymentIntents.cancel', async () => {
    const done = await create(w, 'peer-s3', { instrument: 'pm_card_visa_chargeDeclinedInsufficientFunds' });
    const confirm = lastOf(w, /\/confirm$/);
    const error = await sameAs(w, confirm, (stripe) =>
      stripe.paymentIntents.confirm(
        intentOf(confirm),
        {
          payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds',
          return_url: w.box.channel('card-main').return_url,
          expand: ['latest_charge'],
        },
        { idempotencyKey: confirm.headers['idempotency-key'] },
      ),
    );
    assert.equal(error.type, 'StripeCardError');
    assert.equal(error.decline_code, 'insufficient_funds');
    assert.ok(JSON.stringify(done.result).includes(error.decline_code));
    await w.lib.call('sweep', { budget_ms: BUDGET_MS });
    const ours = lastOf(w, /\/cancel$/);
    const intent = await sameAs(w, ours, (stripe) =>
      stripe.paymentIntents.cancel(intentOf(ours), {
        cancellation_reason: 'abandoned',
      }),
    );
    assert.equal(intent.status, 'canceled');
  });
  await test('stripe: a lost refund is looked for as refunds.list does', async () => {
    await w.box.post('/_fault', { account: 'card-main', operation: 'refund', fault: 'drop_after' });
    await w.lib.call('refund', { id: held.id, caller_id: 'r2', amount_minor: 100, budget_ms: BUDGET_MS });
    await w.box.post('/_fault', { clear: true });
    for (let i = 0; i < 5 && !w.proxies['card-main'].seen.some((e) => /refunds\?/.test(e.url)); i += 1) {
      await w.pass(60_000);
      await w.lib.call('sweep', { budget_ms: BUDGET_MS });
    }
    const ours = lastOf(w, /^GET \/v1\/refunds\?/);
    const list = await sameAs(w, ours, (stripe) =>
      stripe.refunds.list({
        limit: 100,
        payment_intent: Object.fromEntries(pairsOf(queryOf(ours.url))).payment_intent,
      }),
    );
    assert.equal(list.data.length, 2);
  });
}

// ---- requests straight from the adapter ----
const SUBJECTS = [
  'plain',
  '中文',
  'a=b&c=d',
  '+plus+ 100%',
  '[nested][0]',
  '"q" \\ / ;',
  '@at',
  'é🧋',
  'x'.repeat(500),
  "o'k (1)*!~",
];
// Minor units of ISO 4217 against Stripe's own, from its page on currencies.
const MONEY = [
  ['USD', 1999, 1999],
  ['EUR', 50, 50],
  ['JPY', 500, 500],
  ['KWD', 1230, 1230],
  ['ISK', 15, 1500],
  ['CNY', 100, 100],
];

async function straight(w) {
  const proxy = w.proxies['card-main'];
  const stripe = sdkOf(w.box.channel('card-main'), proxy.port);
  const pick = generator(7);
  const reply = {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"id":"pi_1","object":"x"}'),
  };
  const compare = async (args, theirs) => {
    const built = await w.lib.call('build', {
      channel: 'card-main',
      method: 'card',
      flow: 'token',
      now_ms: w.now,
      ...args,
    });
    assert.equal(built.rc, 0, JSON.stringify(built));
    proxy.replays.push(reply);
    await theirs();
    const headers = Object.fromEntries(
      built.headers
        .trim()
        .split('\r\n')
        .map((line) => {
          const at = line.indexOf(': ');
          return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
        }),
    );
    const ours = {
      method: built.method,
      url: built.url.replace(/^http:\/\/[^/]*/, ''),
      headers,
      body: Buffer.from(built.body),
    };
    assert.deepEqual(shapeOf(ours), shapeOf(proxy.last()));
    tally.vectors += 1;
  };
  await test('stripe: create, with names and amounts of every kind', async () => {
    for (const [i, description] of SUBJECTS.entries()) {
      for (const [currency, minor, amount] of MONEY) {
        const reference = `PEER${String(i).padStart(4, '0')}${currency}ABCDEFGHJKM`;
        const customer = ['cus_123', 'shop-77', ''][pick(3)];
        const hold = pick(2) === 1;
        const metadata = { reference, order_hash: 'ab12' };
        if (customer === 'shop-77') metadata.customer = customer;
        await compare(
          {
            operation: 'create',
            step: 1,
            reference,
            key: reference,
            currency,
            amount_minor: minor,
            customer,
            instrument: 'pm_card_visa',
            subject: description,
            order_hash: 'ab12',
            hold,
          },
          () =>
            stripe.paymentIntents.create(
              {
                amount,
                currency: currency.toLowerCase(),
                confirm: false,
                capture_method: hold ? 'manual' : 'automatic',
                payment_method_types: ['card'],
                description,
                metadata,
                ...(customer === 'cus_123' ? { customer } : {}),
              },
              { idempotencyKey: reference },
            ),
        );
      }
    }
  });
  await test('stripe: refund and capture, with amounts of every kind', async () => {
    for (const [currency, minor, amount] of MONEY) {
      const common = {
        reference: 'PEERREF',
        key: 'PEERREFR0',
        currency,
        amount_minor: minor,
        provider_id: 'pi_1',
      };
      await compare({ operation: 'refund', ...common }, () =>
        stripe.refunds.create(
          {
            payment_intent: 'pi_1',
            amount,
            metadata: { key: 'PEERREFR0', reference: 'PEERREF' },
          },
          { idempotencyKey: 'PEERREFR0' },
        ),
      );
      await compare({ operation: 'capture', ...common }, () =>
        stripe.paymentIntents.capture(
          'pi_1',
          {
            amount_to_capture: amount,
          },
          { idempotencyKey: 'PEERREFR0' },
        ),
      );
    }
  });
  await test('stripe: a method that redirects', async () => {
    for (const [method, type] of [
      ['alipay', 'alipay'],
      ['wechat', 'wechat_pay'],
    ]) {
      const options =
        type === 'wechat_pay' ? { payment_method_options: { wechat_pay: { client: 'web' } } } : {};
      await compare(
        {
          operation: 'create',
          step: 2,
          method,
          flow: 'redirect',
          reference: 'PEERREF',
          key: 'PEERREFS2',
          currency: 'CNY',
          amount_minor: 100,
          provider_id: 'pi_1',
          return_url: 'https://shop.example/r?a=1&b=2',
        },
        () =>
          stripe.paymentIntents.confirm(
            'pi_1',
            {
              payment_method_data: { type },
              ...options,
              return_url: 'https://shop.example/r?a=1&b=2',
              expand: ['latest_charge'],
            },
            { idempotencyKey: 'PEERREFS2' },
          ),
      );
    }
  });
  await test('stripe: lookups of a refund', async () => {
    await compare(
      { operation: 'refund_query', provider_id: 'pi_1', action_id: 're_9', key: 'K', reference: 'R' },
      () => stripe.refunds.retrieve('re_9'),
    );
    await compare({ operation: 'refund_query', provider_id: 'pi_1', key: 'K', reference: 'R' }, () =>
      stripe.refunds.list({ limit: 100, payment_intent: 'pi_1' }),
    );
  });
  await test("stripe: the pinned version is a version of this SDK's kind", async () => {
    assert.equal(proxy.last().headers['stripe-version'], VERSION);
    assert.match(VERSION, /^\d{4}-\d\d-\d\d\.[a-z]+$/);
  });
}

export async function stripeRequests(w) {
  await throughTheEngine(w);
  await straight(w);
}
