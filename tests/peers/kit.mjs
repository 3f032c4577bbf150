// What the peer tests share: a count, the sandbox and the library as children, and a proxy in between that keeps
// every byte and can answer a second time what it heard before.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const B = process.env.B;
export const START_MS = 1_767_225_600_000; // 2026-01-01T00:00:00Z, where both clocks stand

export const BUDGET_MS = 2500; // one exchange, and no waiting for a clock that stands

// ---- counting ----
export const tally = { passed: 0, failed: 0, vectors: 0, reasons: new Map(), laxer: new Map() };

export async function test(name, body) {
  const before = tally.vectors;
  try {
    await body();
    tally.passed += 1;
    const more = tally.vectors - before;
    console.log(`ok    ${name}${more ? ` (${more} vectors)` : ''}`);
  } catch (problem) {
    tally.failed += 1;
    console.log(
      `FAIL  ${name}\n      ${String(problem.stack ?? problem)
        .split('\n')
        .slice(0, 25)
        .join('\n      ')}`,
    );
  }
}

// A difference is only allowed where this library is the stricter one, for a reason that is written down.
export function stricter(reason) {
  tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
}

// The other way round nothing may be taken that the secret's holder did not sign; these differ in writing only.
export function laxer(reason) {
  tally.laxer.set(reason, (tally.laxer.get(reason) ?? 0) + 1);
}

// Same numbers in every run: a vector that failed can be looked at again.
export function generator(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

// ---- plain HTTP ----
export function exchange(port, method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const req = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
      const parts = [];
      res.on('data', (part) => parts.push(part));
      res.on('end', () =>
        resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) }),
      );
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

// ---- the proxy: one port for an account ----
export async function startProxy(target) {
  const proxy = { seen: [], replays: [], port: 0 };
  const answer = async (req, res) => {
    const parts = [];
    for await (const part of req) parts.push(part);
    const body = Buffer.concat(parts);
    const entry = { method: req.method, url: req.url, headers: req.headers, raw: req.rawHeaders, body };
    proxy.seen.push(entry);
    const headers = { ...req.headers, host: `127.0.0.1:${target}`, connection: 'close' };
    delete headers['transfer-encoding'];
    headers['content-length'] = String(body.length);
    entry.reply = proxy.replays.shift() ?? (await exchange(target, req.method, req.url, headers, body));
    const out = { ...entry.reply.headers };
    delete out.connection;
    delete out['transfer-encoding'];
    out['content-length'] = String(entry.reply.body.length);
    res.writeHead(entry.reply.status, out).end(entry.reply.body);
  };
  const server = http.createServer((req, res) => {
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = server.address().port;
  proxy.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  // The next request is answered with what `entry` was answered with; the provider does not hear of it.
  proxy.replay = (entry) => proxy.replays.push(entry.reply);
  proxy.last = () => proxy.seen[proxy.seen.length - 1];
  return proxy;
}

// ---- children that speak lines ----
function child(program, args) {
  const process_ = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process_.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();
  return {
    process: process_,
    read: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${program} ended`);
      return JSON.parse(value);
    },
  };
}

export async function startSandbox(folder) {
  const box = child(join(B, 'payroute-sandbox'), [
    '--dir',
    folder,
    '--port',
    '0',
    '--clock',
    String(START_MS),
    '--stdin-exit',
  ]);
  const { port } = await box.read();
  const control = async (method, path, body) => {
    const reply = await exchange(port, method, path, {}, body ? JSON.stringify(body) : undefined);
    return JSON.parse(reply.body.toString());
  };
  const config = JSON.parse(readFileSync(join(folder, 'channels.json'), 'utf8'));
  return {
    port,
    config,
    channel: (id) => config.channels.find((channel) => channel.id === id),
    get: (path) => control('GET', path),
    post: (path, body) => control('POST', path, body),
    stop: () => box.process.stdin.end(),
  };
}

export async function startLibrary() {
  const lib = child(join(B, 'peers/lines'), []);
  let turn = Promise.resolve();
  const say = async (message) => {
    lib.process.stdin.write(`${JSON.stringify(message)}\n`);
    return lib.read();
  };
  return {
    call: (name, args = {}) => (turn = turn.then(() => say({ call: name, ...args }))),
    stop: () => lib.process.stdin.end(),
  };
}

export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'payroute-peers-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

// ---- forms ----
export function pairsOf(text) {
  return [...new URLSearchParams(text)];
}

export function queryOf(url) {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

export function sorted(pairs) {
  return [...pairs].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
}

// ---- verdicts on notifications ----
// Both read the same bytes. They must agree, or the vector names the policy by which the library refuses what the
// SDK takes, and the code it then answers with.
export async function sameVerdict(w, vector, sdkTakes) {
  const headers = Object.entries(vector.headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const ours = await w.lib.call('notify', {
    channel: vector.channel,
    headers,
    body_hex: Buffer.from(vector.body).toString('hex'),
  });
  const taken = ours.rc === 0;
  const about = `${vector.name}: SDK ${sdkTakes ? 'takes' : 'refuses'} it, library says ${ours.name}`;
  tally.vectors += 1;
  if (vector.policy) {
    if (!sdkTakes || ours.name !== vector.code) throw new Error(`${about}, expected ${vector.code}`);
    stricter(vector.policy);
  } else if (vector.laxer) {
    if (sdkTakes || !taken) throw new Error(about);
    laxer(vector.laxer);
  } else if (taken !== sdkTakes || (vector.takes !== undefined && vector.takes !== taken)) {
    throw new Error(about);
  }
  const { ack } = ours.result;
  if (taken !== (ack.status === 200)) throw new Error(`${about}, and answers ${ack.status} ${ack.body}`);
  return ours;
}
