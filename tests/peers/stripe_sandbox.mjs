// The SDK as a shop on the sandbox: its own error classes, retries and lists must work with what the sandbox says.
import assert from 'node:assert/strict';
import { test } from './kit.mjs';
import { sdkOf } from './stripe_kit.mjs';

const RETURN = 'https://shop.example/return';

async function money(w, stripe, customer) {
  const pay = (payment_method, more = {}) =>
    stripe.paymentIntents.create({
      amount: 1200,
      currency: 'usd',
      confirm: true,
      payment_method,
      return_url: RETURN,
      ...more,
    });
  await test('sandbox by stripe: create and confirm in one, retrieve with the charge', async () => {
    const made = await pay('pm_card_visa', { metadata: { reference: 'SDKS1' } });
    assert.deepEqual([made.status, made.amount_received], ['succeeded', 1200]);
    const read = await stripe.paymentIntents.retrieve(made.id, { expand: ['latest_charge'] });
    assert.deepEqual(
      [read.latest_charge.object, read.latest_charge.amount, read.metadata.reference],
      ['charge', 1200, 'SDKS1'],
    );
    assert.match(made.lastResponse.requestId, /^req_/);
  });
  await test('sandbox by stripe: a decline is a StripeCardError, and the container lives on', async () => {
    const made = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      payment_method_types: ['card'],
    });
    const error = await stripe.paymentIntents
      .confirm(made.id, { payment_method: 'pm_card_visa_chargeDeclinedInsufficientFunds' })
      .catch((problem) => problem);
    assert.deepEqual(
      [error.type, error.statusCode, error.code, error.decline_code],
      ['StripeCardError', 402, 'card_declined', 'insufficient_funds'],
    );
    assert.deepEqual(
      [error.payment_intent.id, error.payment_intent.status],
      [made.id, 'requires_payment_method'],
    );
    assert.equal(
      (await stripe.paymentIntents.confirm(made.id, { payment_method: 'pm_card_visa' })).status,
      'succeeded',
    );
  });
  await test('sandbox by stripe: authentication, and its failure', async () => {
    const made = await pay('pm_card_authenticationRequired', { metadata: { reference: 'SDKS3' } });
    assert.equal(made.status, 'requires_action');
    assert.match(made.next_action.redirect_to_url.url, /^http/);
    assert.equal(made.next_action.redirect_to_url.return_url, RETURN);
    await customer('SDKS3', 'authenticate');
    assert.equal((await stripe.paymentIntents.retrieve(made.id)).status, 'succeeded');
    const second = await pay('pm_card_authenticationRequired', { metadata: { reference: 'SDKS4' } });
    await customer('SDKS4', 'decline');
    const failed = await stripe.paymentIntents.retrieve(second.id);
    assert.deepEqual(
      [failed.status, failed.last_payment_error.code],
      ['requires_payment_method', 'payment_intent_authentication_failure'],
    );
  });
  await test('sandbox by stripe: hold, capture a part, cancel another', async () => {
    const hold = () => pay('pm_card_visa', { capture_method: 'manual' });
    const first = await hold();
    assert.deepEqual([first.status, first.amount_capturable], ['requires_capture', 1200]);
    const taken = await stripe.paymentIntents.capture(first.id, { amount_to_capture: 700 });
    assert.deepEqual([taken.status, taken.amount_received, taken.amount_capturable], ['succeeded', 700, 0]);
    const second = await hold();
    const gone = await stripe.paymentIntents.cancel(second.id, { cancellation_reason: 'abandoned' });
    assert.deepEqual([gone.status, gone.cancellation_reason], ['canceled', 'abandoned']);
    await assert.rejects(stripe.paymentIntents.cancel(first.id), {
      code: 'payment_intent_unexpected_state',
      statusCode: 400,
    });
  });
  await test('sandbox by stripe: refund, the list, too much', async () => {
    const made = await pay('pm_card_visa');
    const part = await stripe.refunds.create({
      payment_intent: made.id,
      amount: 200,
      metadata: { key: 'R1' },
    });
    assert.deepEqual([part.object, part.status, part.amount], ['refund', 'succeeded', 200]);
    const rest = await stripe.refunds.create({ payment_intent: made.id });
    assert.equal(rest.amount, 1000);
    const error = await stripe.refunds.create({ payment_intent: made.id }).catch((problem) => problem);
    assert.deepEqual([error.type, error.code], ['StripeInvalidRequestError', 'charge_already_refunded']);
    const all = [];
    for await (const refund of stripe.refunds.list({ payment_intent: made.id, limit: 1 }))
      all.push(refund.id);
    assert.deepEqual(all.sort(), [part.id, rest.id].sort());
    assert.equal((await stripe.refunds.retrieve(part.id)).metadata.key, 'R1');
  });
}

async function keys(w, stripe, port) {
  const create = (amount, key, one = stripe) =>
    one.paymentIntents.create({ amount, currency: 'usd' }, { idempotencyKey: key });
  await test('sandbox by stripe: a key is replayed, refused with other parameters, forgotten after a day', async () => {
    const first = await create(900, 'sdk-key-1');
    const again = await create(900, 'sdk-key-1');
    assert.equal(again.id, first.id);
    assert.equal(again.lastResponse.idempotencyKey, 'sdk-key-1');
    assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
    await assert.rejects(create(901, 'sdk-key-1'), { type: 'StripeIdempotencyError' });
    await w.pass(86_400_000);
    assert.notEqual((await create(900, 'sdk-key-1')).id, first.id);
  });
  await test("sandbox by stripe: the SDK's own retry after a lost answer charges once", async () => {
    const patient = sdkOf(w.box.channel('card-backup'), port, { maxNetworkRetries: 2 });
    await w.box.post('/_fault', { account: 'card-backup', operation: 'create', fault: 'drop_after' });
    const made = await patient.paymentIntents.create({
      amount: 1300,
      currency: 'usd',
      confirm: true,
      payment_method: 'pm_card_visa',
      return_url: RETURN,
      metadata: { reference: 'SDKS9' },
    });
    assert.equal(made.status, 'succeeded');
    const { accounts } = await w.box.get('/_books');
    const mine = accounts['card-backup'].orders.filter((order) => order.reference === 'SDKS9');
    assert.equal(mine.length, 1, JSON.stringify(mine));
    await w.box.post('/_fault', {
      account: 'card-backup',
      operation: 'create',
      fault: 'status_before',
      status: 503,
      should_retry: 'true',
    });
    assert.match((await create(1400, 'sdk-key-2', patient)).id, /^pi_/);
  });
  await test('sandbox by stripe: Stripe-Should-Retry: false stops the SDK', async () => {
    const patient = sdkOf(w.box.channel('card-backup'), port, { maxNetworkRetries: 2 });
    const asked = async () => (await w.box.get('/_books')).accounts['card-backup'].requests.create;
    const before = await asked();
    await w.box.post('/_fault', {
      account: 'card-backup',
      operation: 'create',
      fault: 'status_before',
      status: 503,
      should_retry: 'false',
      times: 3,
    });
    await assert.rejects(create(1500, 'sdk-key-3', patient), { statusCode: 503 });
    assert.equal(await asked(), before + 1);
    await w.box.post('/_fault', { clear: true });
  });
}

async function refusals(w, stripe, port) {
  const channel = w.box.channel('card-backup');
  await test("sandbox by stripe: refusals become the SDK's classes", async () => {
    const other = structuredClone(channel);
    other.credentials[0].secret_key = 'sk_test_wrong';
    await assert.rejects(sdkOf(other, port).paymentIntents.retrieve('pi_1'), {
      type: 'StripeAuthenticationError',
      statusCode: 401,
    });
    await assert.rejects(stripe.paymentIntents.retrieve('pi_none'), {
      type: 'StripeInvalidRequestError',
      statusCode: 404,
      code: 'resource_missing',
      param: 'intent',
    });
    await assert.rejects(stripe.paymentIntents.create({ amount: 100, currency: 'usd', nonsense: 1 }), {
      type: 'StripeInvalidRequestError',
      code: 'parameter_unknown',
      param: 'nonsense',
    });
    await assert.rejects(stripe.paymentIntents.create({ currency: 'usd' }), {
      code: 'parameter_missing',
      param: 'amount',
    });
    await assert.rejects(
      stripe.paymentIntents.create({
        amount: 100,
        currency: 'usd',
        confirm: true,
        payment_method: 'pm_none',
      }),
      { code: 'resource_missing', param: 'payment_method' },
    );
    await w.box.post('/_fault', { account: 'card-backup', operation: 'create', fault: 'system_error' });
    await assert.rejects(stripe.paymentIntents.create({ amount: 100, currency: 'usd' }), {
      type: 'StripeAPIError',
      statusCode: 500,
    });
    await w.box.post('/_limit', { account: 'card-backup', max: 1, window_ms: 1000 });
    await stripe.paymentIntents.create({ amount: 100, currency: 'usd' });
    await assert.rejects(stripe.paymentIntents.create({ amount: 100, currency: 'usd' }), {
      type: 'StripeRateLimitError',
      statusCode: 429,
    });
    await w.box.post('/_limit', { account: 'card-backup', max: 0, window_ms: 0 });
  });
  await test("sandbox by stripe: the SDK's own newest version is served too", async () => {
    await w.pass(2000);
    const newest = sdkOf(channel, port, { apiVersion: undefined });
    const made = await newest.paymentIntents.create({
      amount: 100,
      currency: 'usd',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      confirm: true,
      payment_method: 'pm_card_visa',
    });
    assert.equal(made.status, 'succeeded');
    assert.match(made.lastResponse.apiVersion, /^20\d\d-/);
  });
  await test('sandbox by stripe: every webhook of it is authentic to the SDK', async () => {
    const notes = await w.box.get('/_outbox?account=card-backup');
    const { webhook_secret } = channel.credentials[0];
    assert.ok(notes.length >= 10, `${notes.length}`);
    for (const note of notes) {
      const event = stripe.webhooks.constructEvent(
        note.body,
        note.headers['Stripe-Signature'],
        webhook_secret,
        300,
        undefined,
        w.now,
      );
      assert.deepEqual(
        [event.object, event.type, event.data.object.object],
        [
          'event',
          note.kind,
          note.kind.startsWith('payment_intent')
            ? 'payment_intent'
            : note.kind.startsWith('refund')
              ? 'refund'
              : 'charge',
        ],
      );
    }
  });
}

export async function stripeSandbox(w) {
  const { direct } = w.proxies['card-backup'];
  const stripe = sdkOf(w.box.channel('card-backup'), direct);
  const customer = (reference, act) => w.box.post('/_customer', { account: 'card-backup', reference, act });
  await money(w, stripe, customer);
  await keys(w, stripe, direct);
  await refusals(w, stripe, direct);
}
