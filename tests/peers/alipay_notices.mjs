// Alipay's notifications: those of the sandbox and hundreds made here, read by the SDK and by the library.
import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { sdkOf } from './alipay_kit.mjs';
import { generator, sameVerdict, test } from './kit.mjs';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
const VALUES = [
  '',
  'plain',
  '@at the start',
  '+plus+',
  'a&b=c',
  '/slash/',
  '\\back\\slash',
  '中文标题',
  '🧋',
  'é ü ñ',
  ' spaces ',
  '%41%20',
  '100%',
  '"quoted"',
  "'single'",
  '[{"amount":"12.50","fundChannel":"ALIPAYACCOUNT"}]',
  'line\nbreak',
  'tab\t',
  '<b>',
  '~!*()',
  '\u2028\ufeff',
  'x'.repeat(4000),
  '长'.repeat(3000),
  '=',
  '&',
  '?',
  '#',
];

function joined(fields) {
  return Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
}

function encoded(fields, plus) {
  return Object.entries(fields)
    .map(([name, value]) => {
      const text = encodeURIComponent(value);
      return `${encodeURIComponent(name)}=${plus ? text.replaceAll('%20', '+') : text}`;
    })
    .join('&');
}

class Maker {
  constructor(w) {
    const [first] = w.box.channel('ali-main').credentials;
    this.credential = first;
    this.key = w.alipayKey;
    this.pick = generator(42);
    this.count = 0;
  }

  fields(more = {}) {
    this.count += 1;
    const n = String(this.count).padStart(6, '0');
    return {
      notify_time: '2026-01-01 08:00:00',
      notify_type: 'trade_status_sync',
      notify_id: `peer${n}`,
      charset: 'utf-8',
      version: '1.0',
      app_id: this.credential.app_id,
      auth_app_id: this.credential.app_id,
      seller_id: this.credential.seller_id,
      trade_no: `2026010122001400000000${n}`,
      out_trade_no: `PEERNOTICE${n}`,
      trade_status: 'TRADE_SUCCESS',
      total_amount: '12.50',
      buyer_id: '2088000000000077',
      gmt_create: '2026-01-01 07:59:00',
      gmt_payment: '2026-01-01 08:00:00',
      ...more,
    };
  }

  sign(text, algorithm = 'RSA-SHA256') {
    return createSign(algorithm).update(text, 'utf8').sign(this.key, 'base64');
  }

  signed(fields, { type = 'RSA2', keep = false, algorithm, text } = {}) {
    const inside = keep ? { ...fields, sign_type: type } : fields;
    const sign = this.sign(text ?? joined(inside), algorithm);
    return { ...fields, ...(type ? { sign_type: type } : {}), sign };
  }

  random() {
    const more = {};
    for (let i = 0; i <= this.pick(5); i += 1) {
      const name = [
        'subject',
        'body',
        'fund_bill_list',
        'buyer_logon_id',
        'point_amount',
        'A',
        'a_b',
        'aB',
        'Zz9',
      ][this.pick(9)];
      more[name] = VALUES[this.pick(VALUES.length)];
    }
    return this.fields(more);
  }
}

function judge(w, sdk, vector) {
  const body = vector.body ?? encoded(vector.fields, vector.plus);
  const read = Object.fromEntries(new URLSearchParams(Buffer.from(body).toString()));
  let takes = false;
  try {
    takes = sdk.checkNotifySignV2(read);
  } catch {
    takes = false; // it throws on a sign_type that it does not know
  }
  return sameVerdict(w, { channel: 'ali-main', headers: FORM, ...vector, body }, takes);
}

async function ofTheSandbox(w) {
  const sdk = sdkOf(w.box.channel('ali-main'), 1);
  const notes = await w.box.get('/_outbox?account=ali-main');
  await test("alipay: the sandbox's notifications are authentic to the SDK and to the library", async () => {
    assert.ok(notes.length >= 4, `${notes.length} notifications`);
    for (const note of notes) {
      const read = Object.fromEntries(new URLSearchParams(note.body));
      // The older of the SDK's two checks decodes once more, and throws where a value holds a bare percent sign.
      if (!Object.values(read).some((value) => value.includes('%')))
        assert.ok(sdk.checkNotifySign(read), note.body);
      const said = await sameVerdict(
        w,
        { ...note, name: note.kind, takes: true },
        sdk.checkNotifySignV2(read),
      );
      assert.deepEqual([said.result.ack.status, said.result.ack.body], [200, 'success']);
    }
  });
  const policies = {
    bad_signature: {},
    wrong_amount: {},
    unknown_reference: {},
    paid: {},
    foreign_app: { policy: 'alipay: signed for another app', code: 'E_FOREIGN' },
    wrong_seller: { policy: 'alipay: signed for another seller', code: 'E_FOREIGN' },
  };
  for (const [kind, policy] of Object.entries(policies)) {
    await test(`alipay: the sandbox's forgery "${kind}"`, async () => {
      const note = await w.box.post('/_forge', { account: 'ali-main', reference: notes[0].reference, kind });
      await judge(w, sdk, { ...policy, name: kind, headers: note.headers, body: note.body });
    });
  }
}

async function honest(w, m, sdk) {
  await test('alipay: notifications with values of every kind', async () => {
    for (const value of VALUES) {
      for (const plus of [false, true]) {
        await judge(w, sdk, {
          name: `subject ${value.slice(0, 20)}`,
          plus,
          takes: true,
          fields: m.signed(m.fields({ subject: value })),
        });
      }
    }
    for (let i = 0; i < 80; i += 1) {
      const how = [{}, { keep: true }, { type: '' }][m.pick(3)];
      await judge(w, sdk, {
        name: `random ${i}`,
        plus: i % 2,
        takes: true,
        fields: m.signed(m.random(), how),
      });
    }
  });
}

const FORGERIES = {
  'a character changed': (m, f) => ({ ...f, total_amount: '12.51' }),
  'a field removed': (m, f) => ({ ...f, buyer_id: undefined }),
  'a field added': (m, f) => ({ ...f, refund_fee: '0.01' }),
  'an empty field added': (m, f) => ({ ...f, extra: '' }),
  'a name changed': (m, f) => ({ ...f, out_trade_no: undefined, out_trade_N0: f.out_trade_no }),
  'the values swapped': (m, f) => ({ ...f, trade_no: f.out_trade_no, out_trade_no: f.trade_no }),
  'no signature': (m, f) => ({ ...f, sign: undefined }),
  'an empty signature': (m, f) => ({ ...f, sign: '' }),
  'a cut signature': (m, f) => ({ ...f, sign: f.sign.slice(0, 300) }),
  'a signature of another text': (m, f) => ({ ...f, sign: m.sign('another') }),
  'a bit of the signature changed': (m, f) => ({
    ...f,
    sign: `${f.sign[0] === 'A' ? 'B' : 'A'}${f.sign.slice(1)}`,
  }),
  'an unknown sign_type': (m, f) => ({ ...f, sign_type: 'RSA3' }),
};

function present(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function forged(w, m, sdk) {
  for (const [name, spoil] of Object.entries(FORGERIES)) {
    await test(`alipay: refused by both: ${name}`, async () => {
      for (let i = 0; i < 6; i += 1) {
        const fields = present(spoil(m, m.signed(m.random(), { keep: i % 2 === 1 })));
        await judge(w, sdk, { name, takes: false, fields });
      }
    });
  }
  await test('alipay: refused by both: signed without its empty field, or over the encoded text', async () => {
    const { subject, ...rest } = m.fields({ subject: '' });
    await judge(w, sdk, {
      name: 'empty left out',
      takes: false,
      fields: m.signed({ ...rest, subject }, { text: joined(rest) }),
    });
    const fields = m.fields({ subject: 'a b' });
    await judge(w, sdk, {
      name: 'encoded',
      takes: false,
      fields: m.signed(fields, { text: encoded(fields) }),
    });
    const bytes = encoded(m.signed(m.fields({ subject: 'x' }))).replace('subject=x', 'subject=%FF');
    await judge(w, sdk, { name: 'no UTF-8', takes: false, body: bytes });
  });
}

async function strict(w, m, sdk) {
  const cases = [
    [
      'alipay: the algorithm is RSA2, whatever sign_type says',
      'E_SIGNATURE',
      () => ({ fields: m.signed(m.fields(), { type: 'RSA', algorithm: 'RSA-SHA1' }) }),
    ],
    [
      'alipay: a name given twice',
      'E_SCHEMA',
      () => ({ body: `subject=first&${encoded(m.signed(m.fields({ subject: 'last' })))}` }),
    ],
    [
      'alipay: signed for another app',
      'E_FOREIGN',
      () => ({ fields: m.signed(m.fields({ app_id: '2021000000000099' })) }),
    ],
    [
      'alipay: signed for another seller',
      'E_FOREIGN',
      () => ({ fields: m.signed(m.fields({ seller_id: '2088000000000099' })) }),
    ],
    [
      'alipay: a field that identifies is missing',
      'E_SCHEMA',
      () => ({ fields: m.signed(present(m.fields({ app_id: undefined }))) }),
    ],
    [
      'alipay: a field that identifies is missing',
      'E_SCHEMA',
      () => ({ fields: m.signed(present(m.fields({ seller_id: undefined }))) }),
    ],
    [
      'alipay: a field that identifies is missing',
      'E_SCHEMA',
      () => ({ fields: m.signed(present(m.fields({ out_trade_no: undefined }))) }),
    ],
    [
      'alipay: an amount that is none',
      'E_SCHEMA',
      () => ({ fields: m.signed(m.fields({ total_amount: '12.5.0' })) }),
    ],
    [
      'alipay: an amount that is none',
      'E_SCHEMA',
      () => ({ fields: m.signed(m.fields({ total_amount: '1e3' })) }),
    ],
    ['alipay: a NUL in a value', 'E_ENCODING', () => ({ fields: m.signed(m.fields({ subject: 'a\0b' })) })],
    [
      'alipay: more than 256 KiB',
      'E_LIMIT',
      () => ({ fields: m.signed(m.fields({ body: 'x'.repeat(270_000) })) }),
    ],
  ];
  for (const [policy, code, make] of cases) {
    await test(`${policy}: refused by the library alone`, () =>
      judge(w, sdk, { name: policy, policy, code, ...make() }));
  }
}

export async function alipayNotices(w) {
  await ofTheSandbox(w);
  const channel = structuredClone(w.box.channel('ali-main'));
  channel.credentials = [channel.credentials[1]]; // the key pair made for this run plays Alipay
  const sdk = sdkOf(channel, 1);
  const m = new Maker(w);
  await honest(w, m, sdk);
  await forged(w, m, sdk);
  await strict(w, m, sdk);
}
