// The whole daemon against the sandbox's Mytel carrier, over TLS: what it does, what its
// ledger shows, and that nothing is done twice, whatever goes wrong. The sandbox was written
// apart from the adapter.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { EID, summary, top, until, World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const manifest = (revision) => readFileSync(join(top, 'manifests/mytel.yaml'), 'utf8')
  .replace(/answer_ms: \d+/, 'answer_ms: 1500')
  .replace(/^revision: \d+$/m, `revision: ${revision}`);

let world;
let from;
let numbers = 0;
const fresh = () => `+9597700${String(numbers += 1).padStart(5, '0')}`;

before(async () => {
  world = await World.open({
    side: 'mytel', sandbox: ['--answer-s', '1'], prepare: (made) => made.signAdapter('mytel', {}, manifest(1)),
  });
});
after(() => world?.close());

const wait = { Prefer: 'wait=20' };
const provision = async () => (await world.placeOrder({}, { headers: wait })).json;
const line = async (type, msisdn, members) => (
  await world.ask('POST', '/v1/orders', {
    headers: { 'Idempotency-Key': `k-${Math.random()}`, ...wait },
    body: { type, carrier: 'mytel', plan: 'gold', msisdn, ...members },
  })).json;
const story = async () => summary(await world.ledger(from));
const logins = async () => (await world.ledger(from)).filter(({ kind }) => kind === 'login').length;
const done = (order) => assert.equal(order.state, 'completed', JSON.stringify(order));

const whole = {
  PROFILE_ORDER: '1 asked, 1 done', PROFILE_CONFIRM: '1 asked, 1 done', PROFILE_RELEASE: '1 asked, 1 done',
};

async function begin() {
  await world.control('DELETE', '/sandbox/faults');
  from = await world.ledgerEnd();
}

describe('a carrier that does as it should', () => {
  before(begin);

  test('An order ends in an activation code that the carrier knows, and a device installs it', LIMIT, async () => {
    const order = await provision();
    done(order);
    assert.deepEqual(await story(), whole);
    const code = await world.revealCode(order.iccid);
    const { matchingId, state } = await world.carriersProfile(order.iccid);
    assert.equal(state, 'Released');
    assert.equal(code, `1$smdp.sandbox.example$${matchingId}`);
    assert.deepEqual((await world.ledger(from)).filter(({ kind }) => kind === 'plan')
      .map(({ iccid, plan }) => ({ iccid, plan })), [{ iccid: order.iccid, plan: order.plan }]);
    await world.install(EID, code);
    await until('the host to hear of it', async () => (
      (await world.get(`/v1/profiles/${order.iccid}`)).state === 'Installed'));
  });

  test('A line lives and dies, and its usage is read on the way', LIMIT, async () => {
    const msisdn = fresh();
    for (const [type, state] of [
      ['line.activate', 'ACTIVE'], ['line.suspend', 'SUSPENDED'], ['line.resume', 'ACTIVE'],
    ]) {
      const order = await line(type, msisdn);
      done(order);
      assert.equal(order.result.line_state, state);
    }
    const usage = await line('usage.read', msisdn, {
      extra: { from: '2026-01-01T00:00:00Z', to: '2026-05-01T00:00:00Z' },
    });
    done(usage);
    assert.ok(usage.result.records.length >= 100, JSON.stringify(usage.result).slice(0, 300));
    done(await line('line.terminate', msisdn));
    assert.deepEqual(JSON.parse(await world.control('GET', '/sandbox/lines')), { [msisdn.slice(1)]: 'DELETED' });
  });

  test('What the carrier refuses is refused with its words', LIMIT, async () => {
    const order = await line('line.suspend', fresh());
    assert.equal(order.state, 'failed');
    assert.equal(order.steps[0].problem.code, 'state_wrong');
  });
});

// What goes wrong with a request, and how often it is asked until it is known to be done.
const wrongs = [
  { fault: 'drop_before' }, { fault: 'drop_after' }, { fault: 'half_reply' }, { fault: 'garbage' },
  { fault: 'throttle', ms: 50 }, { fault: '5xx', effect: true }, { fault: 'slow', ms: 1200 },
  { fault: 'drop_after', count: 3 },
];
describe('a carrier that goes wrong', () => {
  for (const wrong of wrongs) {
    test(`Each is done once, though ${JSON.stringify(wrong)} hits every operation`, LIMIT, async () => {
      await begin();
      const msisdn = fresh();
      for (const name of [...Object.keys(whole), 'LINE_ACTIVATE']) await world.fault({ function: name, ...wrong });
      const [order, activation] = await Promise.all([provision(), line('line.activate', msisdn)]);
      done(order);
      done(activation);
      const seen = await story();
      for (const name of [...Object.keys(whole), 'LINE_ACTIVATE']) assert.match(seen[name], /, 1 done$/, name);
    });
  }

  test('A refusal is not asked again', LIMIT, async () => {
    await begin();
    await world.fault({ function: 'PROFILE_ORDER', fault: 'refuse', subject: '0x0304' });
    const order = await provision();
    assert.equal(order.state, 'failed');
    assert.equal(order.steps[0].problem.code, 'stock_empty');
    assert.deepEqual(await story(), { PROFILE_ORDER: '1 asked, 0 done' });
  });

  test('A connection that is cut is made again, and what was asked on it is done once', LIMIT, async () => {
    await begin();
    await world.fault({ function: 'LINE_ACTIVATE', fault: 'slow', ms: 700, count: 20 });
    const all = Array.from({ length: 20 }, () => line('line.activate', fresh()));
    await until('all to be asked', async () => /^20 asked/.test((await story()).LINE_ACTIVATE ?? ''));
    await world.control('DELETE', '/sandbox/links');
    (await Promise.all(all)).forEach(done);
    assert.match((await story()).LINE_ACTIVATE, /, 20 done$/);
    assert.equal(await logins(), 1);
  });
});

describe('an adapter that goes while the session is up', () => {
  const underWay = async () => {
    await begin();
    await world.fault({ function: 'LINE_ACTIVATE', fault: 'slow', ms: 700, count: 20 });
    const all = Array.from({ length: 20 }, () => line('line.activate', fresh()));
    await until('all to be asked', async () => /^20 asked/.test((await story()).LINE_ACTIVATE ?? ''));
    return all;
  };
  const finished = async (all) => {
    (await Promise.all(all)).forEach(done);
    assert.match((await story()).LINE_ACTIVATE, /, 20 done$/);
  };

  test('Its cell is killed: it goes on with the same connection', LIMIT, async () => {
    const all = await underWay();
    for (const pid of world.cells()) process.kill(pid, 'SIGKILL');
    await finished(all);
    assert.equal(await logins(), 0);
  });

  test('A newer one takes its place', LIMIT, async () => {
    const all = await underWay();
    world.signAdapter('mytel', {}, manifest(2));
    const { status, json } = await world.ask('POST', '/v1/adapters/mytel/reload');
    assert.equal(status, 200, JSON.stringify(json));
    await finished(all);
    assert.equal((await world.get('/v1/adapters/mytel')).revision, 2);
    done(await line('line.activate', fresh()));
  });

  test('The host is killed: each order is done, once', LIMIT, async () => {
    await begin();
    await world.fault({ function: 'LINE_ACTIVATE', fault: 'slow', ms: 500, count: 10 });
    const placed = await Promise.all(Array.from({ length: 10 }, async () => (
      (await world.ask('POST', '/v1/orders', {
        headers: { 'Idempotency-Key': `k-${Math.random()}` },
        body: { type: 'line.activate', carrier: 'mytel', plan: 'gold', msisdn: fresh() },
      })).json.id)));
    await until('all to be asked', async () => /^10 asked/.test((await story()).LINE_ACTIVATE ?? ''));
    await world.end('SIGKILL');
    await world.start();
    for (const id of placed) {
      await until(`the end of ${id}`, async () => (await world.get(`/v1/orders/${id}`)).state === 'completed');
    }
    assert.match((await story()).LINE_ACTIVATE, /, 10 done$/);
  });
});

test('The carrier saw nothing that its protocol forbids', async () => {
  const all = await world.ledger();
  assert.deepEqual(all.filter(({ kind }) => kind === 'refused' || kind === 'closed'), []);
  assert.ok(!world.read('host.log').includes('a-secret-of'));
});
