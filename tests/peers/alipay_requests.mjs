// Requests of ours to Alipay: the SDK, asked for the same call at the same second, must send the same parameters
// with the same signature, in the same place, and must accept the sandbox's answer.
import assert from 'node:assert/strict';
import { atTime, msOf, sdkOf } from './alipay_kit.mjs';
import { BUDGET_MS, generator, pairsOf, queryOf, sorted, tally, test } from './kit.mjs';

const PUBLIC = ['app_id', 'charset', 'format', 'method', 'sign', 'sign_type', 'timestamp', 'version'];

function partsOf(entry) {
  const query = Object.fromEntries(pairsOf(queryOf(entry.url)));
  const body = Object.fromEntries(pairsOf(entry.body.toString()));
  return { query, body, all: { ...query, ...body } };
}

// What a shop would hand to the SDK, known from the call and not from our bytes.
async function sameCall(w, method, bizContent, more = {}) {
  const proxy = w.proxies['ali-main'];
  const ours = proxy.last();
  const { query, body, all } = partsOf(ours);
  assert.equal(query.method, method);
  assert.equal(ours.method, 'POST');
  assert.match(ours.headers['content-type'], /^application\/x-www-form-urlencoded;\s*charset=utf-8$/i);
  const reply = JSON.parse(ours.reply.body.toString());
  const sdk = sdkOf(w.box.channel('ali-main'), proxy.port);
  const params = { format: 'JSON', ...more, bizContent };
  proxy.replay(ours);
  const answer = await atTime(msOf(query.timestamp), () => sdk.exec(method, params, { validateSign: true }));
  const theirs = partsOf(proxy.last());
  assert.notEqual(proxy.last(), ours);
  assert.deepEqual(sorted(Object.entries(all)), sorted(Object.entries(theirs.all)));
  assert.deepEqual(Object.keys(query).sort(), Object.keys(theirs.query).sort());
  assert.deepEqual(Object.keys(body), Object.keys(theirs.body));
  assert.deepEqual(answer, reply[`${method.replaceAll('.', '_')}_response`]);
  for (const name of PUBLIC) assert.ok(query[name], name);
  return { query, biz: JSON.parse(body.biz_content), answer };
}

function lastOf(w, method) {
  const { seen } = w.proxies['ali-main'];
  for (let i = seen.length - 1; i >= 0; i -= 1) {
    if (partsOf(seen[i]).query.method === method) return seen[i];
  }
  return null;
}

async function sameAsLast(w, method, bizContent, more) {
  const entry = lastOf(w, method);
  assert.ok(entry, `no ${method} was sent`);
  w.proxies['ali-main'].seen.push(entry);
  return sameCall(w, method, bizContent, more);
}

async function create(w, order, more = {}) {
  const spec = {
    order_id: order,
    amount_minor: 1250,
    currency: 'CNY',
    method: 'alipay',
    flow: 'qr',
    channel: 'ali-main',
    subject: '两杯咖啡 + 100% "cream" @home',
    ...more,
  };
  const done = await w.lib.call('create', { spec: JSON.stringify(spec), budget_ms: BUDGET_MS });
  assert.equal(done.rc, 0, JSON.stringify(done));
  return done;
}

async function throughTheEngine(w) {
  const notify_url = w.box.channel('ali-main').notify_url;
  let number = '';
  let paid;
  await test("alipay: precreate is the SDK's own, byte for byte before encoding", async () => {
    paid = await create(w, 'peer-a1');
    const { biz_content } = partsOf(lastOf(w, 'alipay.trade.precreate')).body;
    const sent = JSON.parse(biz_content);
    number = sent.out_trade_no;
    const { biz } = await sameAsLast(
      w,
      'alipay.trade.precreate',
      {
        out_trade_no: number,
        total_amount: '12.50',
        subject: '两杯咖啡 + 100% "cream" @home',
        product_code: 'QR_CODE_OFFLINE',
        time_expire: sent.time_expire,
        passback_params: sent.passback_params,
      },
      { notify_url },
    );
    assert.match(biz.time_expire, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.ok(msOf(biz.time_expire) > w.now);
  });
  await test("alipay: the SDK's plain call differs by the optional format alone", async () => {
    const ours = partsOf(lastOf(w, 'alipay.trade.precreate'));
    const sdk = sdkOf(w.box.channel('ali-main'), 1);
    const line = atTime(msOf(ours.query.timestamp), () =>
      sdk.sdkExecute(
        'alipay.trade.precreate',
        {
          notify_url,
          bizContent: JSON.parse(ours.body.biz_content),
        },
        { bizContentAutoSnakeCase: false },
      ),
    );
    const { sign, ...theirs } = Object.fromEntries(pairsOf(line));
    const { sign: other, format, ...rest } = ours.all;
    assert.equal(format, 'JSON');
    assert.notEqual(sign, other);
    assert.deepEqual(sorted(Object.entries(rest)), sorted(Object.entries(theirs)));
  });
  await test('alipay: query', async () => {
    await w.box.post('/_customer', { reference: number, act: 'pay', account: 'ali-main' });
    await w.pass(60_000);
    await w.lib.call('sweep', { budget_ms: BUDGET_MS });
    await sameAsLast(w, 'alipay.trade.query', { out_trade_no: number });
  });
  await test('alipay: refund', async () => {
    await w.lib.call('refund', { id: paid.id, caller_id: 'r0', amount_minor: 101, budget_ms: BUDGET_MS });
    const sent = JSON.parse(partsOf(lastOf(w, 'alipay.trade.refund')).body.biz_content);
    const { answer } = await sameAsLast(w, 'alipay.trade.refund', {
      out_trade_no: number,
      refund_amount: '1.01',
      out_request_no: sent.out_request_no,
    });
    assert.equal(answer.fund_change, 'Y');
  });
  await test('alipay: refund whose answer was lost, and its query', async () => {
    w.proxies['ali-main'].seen.length = 0;
    await w.box.post('/_fault', { account: 'ali-main', operation: 'refund', fault: 'drop_after' });
    await w.lib.call('refund', { id: paid.id, caller_id: 'r1', amount_minor: 350, budget_ms: BUDGET_MS });
    await w.box.post('/_fault', { clear: true });
    const sent = JSON.parse(partsOf(lastOf(w, 'alipay.trade.refund')).body.biz_content);
    for (let i = 0; i < 5 && !lastOf(w, 'alipay.trade.fastpay.refund.query'); i += 1) {
      await w.pass(60_000);
      await w.lib.call('sweep', { budget_ms: BUDGET_MS });
    }
    await sameAsLast(w, 'alipay.trade.fastpay.refund.query', {
      out_trade_no: number,
      out_request_no: sent.out_request_no,
    });
    assert.ok(sent.out_request_no.startsWith(number));
  });
  await test('alipay: close', async () => {
    const made = await create(w, 'peer-a2');
    const open = JSON.parse(partsOf(lastOf(w, 'alipay.trade.precreate')).body.biz_content).out_trade_no;
    await w.box.post('/_customer', { reference: open, act: 'scan', account: 'ali-main' });
    await w.lib.call('cancel', { id: made.id, budget_ms: BUDGET_MS });
    await sameAsLast(w, 'alipay.trade.close', { out_trade_no: open });
  });
}

// ---- requests straight from the adapter ----
const CASES = {
  query: ['alipay.trade.query', (v) => ({ out_trade_no: v.reference })],
  close: ['alipay.trade.close', (v) => ({ out_trade_no: v.reference })],
  void: ['alipay.trade.cancel', (v) => ({ out_trade_no: v.reference })],
  refund: [
    'alipay.trade.refund',
    (v) => ({
      out_trade_no: v.reference,
      refund_amount: v.yuan,
      out_request_no: v.key,
    }),
  ],
  refund_query: [
    'alipay.trade.fastpay.refund.query',
    (v) => ({
      out_trade_no: v.reference,
      out_request_no: v.key,
    }),
  ],
};

const SUBJECTS = [
  'plain',
  '中文标题',
  'emoji 🧋 and ümlaut',
  '@starts with at',
  '+plus+',
  'a%20b%',
  '"quoted" \\back',
  "it's; <b>",
  'tab\there',
  ' leading and trailing ',
  '{"json":true}',
  '#?:,!$()*[]',
  'x'.repeat(200),
  '汉'.repeat(85),
  '\u2028\u00a0',
];

function vectorAt(pick, i) {
  const minor = [1, 10, 99, 100, 101, 1250, 100_000_00, 10_000_000_000][pick(8)];
  const reference = `PEER${String(i).padStart(4, '0')}ABCDEFGHJKMNPQRST`;
  return {
    minor,
    reference,
    key: `${reference}R${i % 10}`,
    yuan: `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`,
    now_ms: 1_700_000_000_000 + pick(1_000_000_000),
    subject: SUBJECTS[i % SUBJECTS.length],
  };
}

function compareSigned(sdk, method, params, ours, ms) {
  const line = atTime(ms, () => sdk.sdkExecute(method, params, { bizContentAutoSnakeCase: false }));
  assert.deepEqual(sorted(ours), sorted(pairsOf(line)));
  tally.vectors += 1;
}

async function buildOf(w, args) {
  const built = await w.lib.call(args.page ? 'page' : 'build', {
    channel: 'ali-main',
    method: 'alipay',
    currency: 'CNY',
    ...args,
  });
  assert.equal(built.rc, 0, JSON.stringify(built));
  return [...pairsOf(queryOf(built.url)), ...pairsOf(built.body)];
}

async function straight(w) {
  const sdk = sdkOf(w.box.channel('ali-main'), 1);
  const pick = generator(20260101);
  for (const [operation, [method, bizOf]] of Object.entries(CASES)) {
    await test(`alipay: ${method} signed as the SDK signs it`, async () => {
      for (let i = 0; i < 8; i += 1) {
        const v = vectorAt(pick, i);
        const ours = await buildOf(w, {
          operation,
          flow: 'qr',
          reference: v.reference,
          key: v.key,
          amount_minor: v.minor,
          now_ms: v.now_ms,
        });
        compareSigned(sdk, method, { format: 'JSON', bizContent: bizOf(v) }, ours, v.now_ms);
      }
    });
  }
  const channel = w.box.channel('ali-main');
  const pages = [
    ['qr', 'alipay.trade.precreate', 'QR_CODE_OFFLINE'],
    ['redirect', 'alipay.trade.page.pay', 'FAST_INSTANT_TRADE_PAY'],
    ['wap', 'alipay.trade.wap.pay', 'QUICK_WAP_WAY'],
  ];
  for (const [flow, method, product_code] of pages) {
    await test(`alipay: ${method} signed as the SDK signs it`, async () => {
      for (let i = 0; i < SUBJECTS.length; i += 1) {
        const v = vectorAt(pick, i);
        const ours = await buildOf(w, {
          operation: 'create',
          page: flow !== 'qr',
          step: 1,
          flow,
          reference: v.reference,
          key: v.reference,
          amount_minor: v.minor,
          now_ms: v.now_ms,
          subject: v.subject,
          order_hash: 'ab12cd34',
          expire_ms: v.now_ms + 900_000,
          return_url: 'https://shop.example/back?a=1&b=%20+%E8%BF%94',
        });
        const stamp = new Date(v.now_ms + 900_000 + 8 * 3_600_000).toISOString();
        const bizContent = {
          out_trade_no: v.reference,
          total_amount: v.yuan,
          subject: v.subject.replace('\t', ' '),
          product_code,
          time_expire: stamp.slice(0, 19).replace('T', ' '),
          passback_params: 'ab12cd34',
        };
        const params = { format: 'JSON', notify_url: channel.notify_url, bizContent };
        if (flow !== 'qr') params.return_url = 'https://shop.example/back?a=1&b=%20+%E8%BF%94';
        compareSigned(sdk, method, params, ours, v.now_ms);
      }
    });
  }
  await test("alipay: the page's address has the shape of pageExecute's", async () => {
    const v = vectorAt(pick, 1);
    const built = await w.lib.call('page', {
      channel: 'ali-main',
      method: 'alipay',
      currency: 'CNY',
      flow: 'redirect',
      operation: 'create',
      reference: v.reference,
      key: v.reference,
      amount_minor: 100,
      now_ms: v.now_ms,
    });
    const ours = Object.fromEntries(pairsOf(queryOf(built.url)));
    const page = atTime(v.now_ms, () =>
      sdk.pageExecute('alipay.trade.page.pay', 'GET', {
        format: 'JSON',
        notify_url: channel.notify_url,
        return_url: channel.return_url,
        biz_content: JSON.parse(ours.biz_content),
      }),
    );
    const { alipay_sdk, sign, ...theirs } = Object.fromEntries(pairsOf(queryOf(page)));
    const { sign: other, ...rest } = ours;
    assert.ok(alipay_sdk && sign && other);
    assert.deepEqual(sorted(Object.entries(rest)), sorted(Object.entries(theirs)));
  });
}

export async function alipayRequests(w) {
  await throughTheEngine(w);
  await straight(w);
}
