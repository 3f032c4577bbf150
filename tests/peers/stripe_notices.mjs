// Stripe's webhooks: those of the sandbox, and vectors signed by the SDK's own helper, read by both.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { generator, sameVerdict, test } from './kit.mjs';
import { sdkOf } from './stripe_kit.mjs';

const TOLERANCE_S = 300;
const TEXTS = [
  'plain',
  '中文',
  '🧋 tea',
  'a "quoted" \\ text',
  '@at',
  '+ & = % /',
  '',
  'x'.repeat(5000),
  '\u2028\u00e9',
  'line\nbreak',
];

class Maker {
  constructor(w) {
    this.w = w;
    this.channel = w.box.channel('card-main');
    this.secret = this.channel.credentials[0].webhook_secret;
    this.stripe = sdkOf(this.channel, 1);
    this.pick = generator(99);
    this.count = 0;
  }

  intent(more = {}) {
    return {
      id: `pi_peer${this.count}`,
      object: 'payment_intent',
      amount: 1999,
      amount_capturable: 0,
      amount_received: 1999,
      capture_method: 'automatic_async',
      currency: 'usd',
      latest_charge: `ch_peer${this.count}`,
      livemode: false,
      metadata: { reference: `PEERHOOK${this.count}` },
      status: 'succeeded',
      description: TEXTS[this.pick(TEXTS.length)],
      ...more,
    };
  }

  event(more = {}) {
    this.count += 1;
    return {
      id: `evt_peer${this.count}`,
      object: 'event',
      api_version: '2025-03-31.basil',
      created: Math.floor(this.w.now / 1000),
      data: { object: this.intent() },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type: 'payment_intent.succeeded',
      ...more,
    };
  }

  header(payload, more = {}) {
    const timestamp = Math.floor(this.w.now / 1000);
    return this.stripe.webhooks.generateTestHeaderString({
      payload,
      secret: this.secret,
      timestamp,
      ...more,
    });
  }

  v1(payload, timestamp = Math.floor(this.w.now / 1000), secret = this.secret) {
    return createHmac('sha256', secret).update(`${timestamp}.`).update(payload).digest('hex');
  }

  async judge(vector) {
    const { header, payload } = vector;
    const bytes = Buffer.from(payload);
    let takes = true;
    try {
      this.stripe.webhooks.constructEvent(bytes, header, this.secret, TOLERANCE_S, undefined, this.w.now);
    } catch {
      takes = false;
    }
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    if (header !== null) headers['Stripe-Signature'] = header;
    return sameVerdict(this.w, { channel: 'card-main', headers, body: bytes, ...vector }, takes);
  }
}

async function ofTheSandbox(w, m) {
  const notes = await w.box.get('/_outbox?account=card-main');
  await test("stripe: the sandbox's webhooks are authentic to the SDK and to the library", async () => {
    assert.ok(notes.length >= 5, `${notes.length} webhooks`);
    for (const note of notes) {
      const header = note.headers['Stripe-Signature'];
      const event = m.stripe.webhooks.constructEvent(
        note.body,
        header,
        m.secret,
        TOLERANCE_S,
        undefined,
        w.now,
      );
      assert.equal(event.type, note.kind);
      await m.judge({ name: note.kind, payload: note.body, header, takes: true });
    }
  });
  const policies = {
    bad_signature: {},
    foreign_app: {},
    wrong_amount: {},
    wrong_currency: {},
    unknown_reference: {},
    old_timestamp: {},
    paid: {},
    future_timestamp: {
      policy: 'stripe: a time that lies ahead by more than the tolerance',
      code: 'E_EXPIRED',
    },
  };
  for (const [kind, policy] of Object.entries(policies)) {
    await test(`stripe: the sandbox's forgery "${kind}"`, async () => {
      const note = await w.box.post('/_forge', { account: 'card-main', reference: notes[0].reference, kind });
      await m.judge({ ...policy, name: kind, payload: note.body, header: note.headers['Stripe-Signature'] });
    });
  }
}

const TYPES = [
  'payment_intent.succeeded',
  'payment_intent.processing',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'payment_intent.created',
  'payment_intent.requires_action',
  'customer.created',
  'charge.succeeded',
  'payout.paid',
  'made.up',
];

async function honest(m) {
  await test('stripe: events of every type and text, signed by the SDK', async () => {
    for (let i = 0; i < 60; i += 1) {
      const type = TYPES[i % TYPES.length];
      const payload = JSON.stringify(
        m.event({ type, request: { id: TEXTS[m.pick(TEXTS.length)], idempotency_key: null } }),
        null,
        [0, 2, '\t'][i % 3],
      );
      await m.judge({ name: `${type} ${i}`, payload, header: m.header(payload), takes: true });
    }
  });
  await test('stripe: a header with more than one signature, in any order', async () => {
    const payload = JSON.stringify(m.event());
    const t = Math.floor(m.w.now / 1000);
    const good = m.v1(payload);
    const bad = m.v1('other');
    const headers = [
      `t=${t},v1=${good},v0=${bad}`,
      `t=${t},v1=${bad},v1=${good}`,
      `v1=${good},t=${t}`,
      `t=${t},v0=${bad},v1=${good},v2=xx`,
      `t=${t},v1=short,v1=${good}`,
      `t=${t},v1=${good},`,
      `,t=${t},v1=${good}`,
    ];
    for (const header of headers) await m.judge({ name: header, payload, header, takes: true });
  });
}

async function times(m) {
  const ahead = { policy: 'stripe: a time that lies ahead by more than the tolerance', code: 'E_EXPIRED' };
  const payload = JSON.stringify(m.event());
  const now = Math.floor(m.w.now / 1000);
  const at = (off, more) =>
    m.judge({ name: `${off} s`, payload, header: m.header(payload, { timestamp: now + off }), ...more });
  await test('stripe: times within the tolerance', async () => {
    for (const off of [0, -1, 1, -60, 60, -299, 299, -300, 300]) await at(off, { takes: true });
  });
  await test('stripe: times before the tolerance, refused by both', async () => {
    for (const off of [-301, -302, -3600, -86_400, -now + 1]) await at(off, { takes: false });
  });
  await test('stripe: times ahead of the tolerance, refused by the library alone', async () => {
    for (const off of [301, 302, 3600, 86_400, 10_000_000_000]) await at(off, ahead);
  });
  await test('stripe: the tolerance to the millisecond', async () => {
    await m.w.pass(999);
    await at(-299, { takes: true });
    await at(-300, {
      policy: 'stripe: the tolerance ends with the millisecond, not with the second',
      code: 'E_EXPIRED',
    });
    await m.w.pass(-999);
  });
}

async function forged(m) {
  const payload = JSON.stringify(m.event({ request: { id: 'é', idempotency_key: null } }));
  const t = Math.floor(m.w.now / 1000);
  const good = m.v1(payload);
  const vectors = {
    'another secret': { header: m.header(payload, { secret: 'whsec_another' }) },
    'another body': { header: m.header(payload), payload: payload.replace('1999', '1998') },
    'a line end added': { header: m.header(payload), payload: `${payload}\n` },
    'written anew': { header: m.header(payload), payload: JSON.stringify(JSON.parse(payload), null, 1) },
    'another time': { header: `t=${t - 1},v1=${good}` },
    'no header': { header: null },
    'an empty header': { header: '' },
    words: { header: 'hello' },
    'no time': { header: `v1=${good}` },
    'an empty time': { header: `t=,v1=${good}` },
    'no signature': { header: `t=${t}` },
    'an old scheme only': { header: `t=${t},v0=${good}` },
    'a cut signature': { header: `t=${t},v1=${good.slice(0, 62)}` },
    'a longer signature': { header: `t=${t},v1=${good}00` },
    'an empty signature': { header: `t=${t},v1=` },
    'a signature in capital digits': { header: `t=${t},v1=${good.toUpperCase()}` },
    'a time with a zero in front, signed so': { header: `t=0${t},v1=${m.v1(payload, `0${t}`)}` },
    semicolons: { header: `t=${t};v1=${good}` },
    'signed over the body alone': {
      header: `t=${t},v1=${createHmac('sha256', m.secret).update(payload).digest('hex')}`,
    },
  };
  for (const [name, vector] of Object.entries(vectors)) {
    await test(`stripe: refused by both: ${name}`, () => m.judge({ name, payload, takes: false, ...vector }));
  }
  await test('stripe: refused by both: no JSON, though signed', async () => {
    for (const text of ['{', 'null,', '{"id":"evt_1"', 'evt', '{"a":1}x', "{'a':1}"]) {
      await m.judge({ name: text, payload: text, header: m.header(text), takes: false });
    }
    const dirty = Buffer.from([
      ...Buffer.from('{"id":"evt_1","object":"event","type":"x","a":"'),
      0xff,
      0x22,
      0x7d,
    ]);
    await m.judge({ name: 'no UTF-8', payload: dirty, header: `t=${t},v1=${m.v1(dirty)}`, takes: false });
    const marked = Buffer.from(`\ufeff${payload}`);
    await m.judge({
      name: 'a byte order mark',
      payload: marked,
      header: `t=${t},v1=${m.v1(marked)}`,
      takes: false,
    });
    const thin = JSON.stringify({
      id: 'evt_thin',
      object: 'v2.core.event',
      type: 'v1.billing.meter.error_report_triggered',
    });
    await m.judge({ name: 'thin', payload: thin, header: m.header(thin), takes: false });
  });
}

async function strict(m) {
  const t = Math.floor(m.w.now / 1000);
  const text = JSON.stringify(m.event());
  const signed = (payload, policy, code) => ({ payload, header: m.header(payload), policy, code });
  const event = (more) => JSON.stringify(m.event(more));
  const cases = [
    signed(event({ livemode: true }), 'stripe: an event of live mode on a test key', 'E_FOREIGN'),
    signed(event({ account: 'acct_other' }), 'stripe: an event of a connected account', 'E_FOREIGN'),
    signed(text.replace('{', '{"id":"evt_first",'), 'stripe: a member given twice', 'E_JSON'),
    signed('{"id":"evt_1","type":"x"}', 'stripe: JSON that is no event', 'E_SCHEMA'),
    signed('[]', 'stripe: JSON that is no event', 'E_SCHEMA'),
    signed(event({ id: undefined }), 'stripe: JSON that is no event', 'E_SCHEMA'),
    signed(event({ data: { object: null } }), 'stripe: an event of ours without its object', 'E_SCHEMA'),
    signed(
      event({ data: { object: m.intent({ id: undefined }) } }),
      'stripe: an event of ours without its object',
      'E_SCHEMA',
    ),
    signed(`${'['.repeat(40)}${']'.repeat(40)}`, 'stripe: JSON nested deeper than 32', 'E_LIMIT'),
    signed(event({ x: 'y'.repeat(270_000) }), 'stripe: more than 256 KiB', 'E_LIMIT'),
    {
      payload: text,
      header: `t=${t},t=${t},v1=${m.v1(text)}`,
      policy: 'stripe: two times in the header',
      code: 'E_SIGNATURE',
    },
    {
      payload: text,
      header: `t=${t}x,v1=${m.v1(text)}`,
      policy: 'stripe: a time that is no number',
      code: 'E_SIGNATURE',
    },
  ];
  cases.push({
    payload: text,
    header: `t=0${t},v1=${m.v1(text)}`,
    policy: 'stripe: a time that was signed in other digits',
    code: 'E_SIGNATURE',
  });
  cases.push({
    payload: text,
    header: `t=${t},v1=${m.v1(text)}=junk`,
    policy: 'stripe: more behind a signature',
    code: 'E_SIGNATURE',
  });
  for (const vector of cases) {
    await test(`${vector.policy}: refused by the library alone`, () =>
      m.judge({ name: vector.policy, ...vector }));
  }
}

async function lax(m) {
  const t = Math.floor(m.w.now / 1000);
  const payload = JSON.stringify(m.event());
  const good = m.v1(payload);
  const cases = {
    "stripe: a space behind a comma of the header (Stripe's own Ruby library takes it too)": `t=${t}, v1=${good}`,
  };
  for (const [reason, header] of Object.entries(cases)) {
    await test(`${reason}: taken by the library alone`, () =>
      m.judge({ name: reason, payload, header, laxer: reason }));
  }
}

export async function stripeNotices(w) {
  const m = new Maker(w);
  await ofTheSandbox(w, m);
  await honest(m);
  await times(m);
  await forged(m);
  await strict(m);
  await lax(m);
}
