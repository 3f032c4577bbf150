// The SDK as a shop on the sandbox: if it were misread here as it is in our adapter, the SDK would not be served.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { atTime, sdkOf } from './alipay_kit.mjs';
import { exchange, test } from './kit.mjs';

export async function alipaySandbox(w) {
  const channel = w.box.channel('ali-backup');
  const sdk = sdkOf(channel, w.proxies['ali-backup'].direct);
  const ask = (method, bizContent, more = {}) =>
    sdk.exec(
      method,
      { notify_url: channel.notify_url, ...more, bizContent },
      {
        validateSign: true,
      },
    );
  const customer = (reference, act) => w.box.post('/_customer', { account: 'ali-backup', reference, act });
  const offer = (out_trade_no, total_amount) =>
    ask('alipay.trade.precreate', { out_trade_no, total_amount, subject: 'SDK 商品' });
  const refused = (answer, sub_code) => assert.deepEqual([answer.code, answer.sub_code], ['40004', sub_code]);

  await test('sandbox by alipay-sdk: offer, look, scan, pay, look', async () => {
    const made = await offer('SDK1', '8.88');
    assert.equal(made.code, '10000');
    assert.match(made.qr_code, /^https:\/\//);
    refused(await ask('alipay.trade.query', { out_trade_no: 'SDK1' }), 'ACQ.TRADE_NOT_EXIST');
    await customer('SDK1', 'scan');
    assert.equal((await ask('alipay.trade.query', { out_trade_no: 'SDK1' })).trade_status, 'WAIT_BUYER_PAY');
    await customer('SDK1', 'pay');
    const paid = await ask('alipay.trade.query', { out_trade_no: 'SDK1' });
    assert.deepEqual([paid.trade_status, paid.total_amount], ['TRADE_SUCCESS', '8.88']);
    assert.equal((await ask('alipay.trade.query', { trade_no: paid.trade_no })).out_trade_no, 'SDK1');
  });
  await test('sandbox by alipay-sdk: refund in parts, the same again, too much', async () => {
    const part = (out_request_no, refund_amount) =>
      ask('alipay.trade.refund', { out_trade_no: 'SDK1', out_request_no, refund_amount });
    const first = await part('SDK1-R1', '3.00');
    assert.deepEqual([first.code, first.fund_change, first.refund_fee], ['10000', 'Y', '3.00']);
    const again = await part('SDK1-R1', '3.00');
    assert.deepEqual([again.code, again.fund_change, again.refund_fee], ['10000', 'N', '3.00']);
    const second = await part('SDK1-R2', '5.00');
    assert.deepEqual([second.fund_change, second.refund_fee], ['Y', '8.00']);
    const much = await part('SDK1-R3', '0.89');
    assert.equal(much.code, '40004');
    const asked = await ask('alipay.trade.fastpay.refund.query', {
      out_trade_no: 'SDK1',
      out_request_no: 'SDK1-R1',
    });
    assert.deepEqual([asked.refund_status, asked.refund_amount], ['REFUND_SUCCESS', '3.00']);
    const none = await ask('alipay.trade.fastpay.refund.query', {
      out_trade_no: 'SDK1',
      out_request_no: 'SDK1-R9',
    });
    assert.equal(none.refund_status, undefined);
  });
  await test('sandbox by alipay-sdk: close before, after and without a scan', async () => {
    await offer('SDK2', '1.00');
    refused(await ask('alipay.trade.close', { out_trade_no: 'SDK2' }), 'ACQ.TRADE_NOT_EXIST');
    await customer('SDK2', 'scan');
    assert.equal((await ask('alipay.trade.close', { out_trade_no: 'SDK2' })).code, '10000');
    assert.equal((await ask('alipay.trade.query', { out_trade_no: 'SDK2' })).trade_status, 'TRADE_CLOSED');
    refused(await ask('alipay.trade.close', { out_trade_no: 'SDK1' }), 'ACQ.TRADE_STATUS_ERROR');
  });
  await test('sandbox by alipay-sdk: cancel gives the money back', async () => {
    await offer('SDK3', '2.00');
    await customer('SDK3', 'pay');
    const gone = await ask('alipay.trade.cancel', { out_trade_no: 'SDK3' });
    assert.deepEqual([gone.code, gone.action, gone.retry_flag], ['10000', 'refund', 'N']);
    assert.equal((await ask('alipay.trade.query', { out_trade_no: 'SDK3' })).trade_status, 'TRADE_CLOSED');
  });
  const pages = [
    ['alipay.trade.page.pay', 'SDK4', 'FAST_INSTANT_TRADE_PAY'],
    ['alipay.trade.wap.pay', 'SDK5', 'QUICK_WAP_WAY'],
  ];
  for (const [method, out_trade_no, product_code] of pages) {
    await test(`sandbox by alipay-sdk: ${method} is opened and paid`, async () => {
      const url = sdk.pageExecute(method, 'GET', {
        returnUrl: channel.return_url,
        notifyUrl: channel.notify_url,
        bizContent: { out_trade_no, total_amount: '5.00', subject: '页面', product_code },
      });
      const { pathname, search, port } = new URL(url);
      const page = await exchange(Number(port), 'GET', pathname + search, {});
      assert.ok(page.status === 200 || page.status === 302, `${page.status}`);
      await w.box.post('/_customer', { account: 'ali-backup', url, act: 'pay' });
      const paid = await ask('alipay.trade.query', { out_trade_no });
      assert.deepEqual([paid.trade_status, paid.total_amount], ['TRADE_SUCCESS', '5.00']);
    });
  }
  await test('sandbox by alipay-sdk: another key, another app and an unknown method are refused', async () => {
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const stranger = structuredClone(channel);
    stranger.credentials[0].private_key = pair.privateKey;
    const port = w.proxies['ali-backup'].direct;
    const query = (one) => one.exec('alipay.trade.query', { bizContent: { out_trade_no: 'SDK1' } });
    assert.equal((await query(sdkOf(stranger, port))).sub_code, 'isv.invalid-signature');
    stranger.credentials[0] = { ...channel.credentials[0], app_id: '2021000000000009' };
    assert.equal((await query(sdkOf(stranger, port))).sub_code, 'isv.invalid-app-id');
    const unsigned = await sdk.exec('alipay.trade.nothing', { bizContent: {} }); // an error before the app is known
    assert.equal(unsigned.sub_code, 'isv.invalid-method');
  });
  await test('sandbox by alipay-sdk: a spoilt signature of an answer is noticed by the SDK', async () => {
    await w.box.post('/_fault', { account: 'ali-backup', operation: 'query', fault: 'bad_signature' });
    await assert.rejects(ask('alipay.trade.query', { out_trade_no: 'SDK1' }), /验签失败/);
    assert.equal((await ask('alipay.trade.query', { out_trade_no: 'SDK1' })).code, '10000');
  });
  await test('sandbox by alipay-sdk: an old request is as good as a new one to the books', async () => {
    await atTime(Date.now() - 60_000, () => offer('SDK6', '1.00'));
    const books = await w.box.get('/_books');
    const mine = JSON.stringify(books);
    for (const order of ['SDK1', 'SDK4', 'SDK6']) assert.ok(mine.includes(`"${order}"`), order);
    assert.ok(!/"double":[1-9]/.test(mine), mine);
  });
  await test('sandbox by alipay-sdk: every notification of it is authentic to the SDK', async () => {
    const notes = (await w.box.get('/_outbox?account=ali-backup')).filter((note) =>
      note.reference.startsWith('SDK'),
    );
    assert.ok(notes.length >= 6, `${notes.length}`);
    for (const note of notes)
      assert.ok(sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(note.body))), note.kind);
  });
}
