// One order from HTTP to a code that a phone can scan, and who gets to see what of it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { EID, summary, until, World } from './world.mjs';

const CONFIRMATION_CODE = 'CANARY-5309-CONFIRM';

let world;
let order;
before(async () => {
  world = await World.open({
    keys: {
      clerk: ['acme', 'operator'], watcher: ['acme', 'viewer'], auditor: ['acme', 'auditor'],
    },
    settings: { 'log.level': 'debug' },
  });
});
after(() => world?.close());

test('A client that waits is given the completed order in one answer', async () => {
  const reply = await world.placeOrder({ confirmation_code: CONFIRMATION_CODE, external_id: 'crm-7' }, {
    key: 'first', headers: { Prefer: 'wait=10' },
  });
  order = reply.json;
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('preference-applied'), 'wait=10');
  assert.equal(reply.headers.get('etag'), `"v${order.version}"`);
  assert.equal(order.state, 'completed');
  assert.equal(order.eid, EID);
  assert.deepEqual(order.steps.map((step) => [step.capability, step.state, step.attempts]), [
    ['profile.order', 'done', 1], ['profile.confirm', 'done', 1], ['profile.release', 'done', 1],
  ]);
});

test('A client that does not wait is told where to look', async () => {
  const reply = await world.placeOrder({}, { key: 'second' });
  assert.equal(reply.status, 202);
  assert.equal(reply.headers.get('location'), `/v1/orders/${reply.json.id}`);
  await until('the order to complete', async () =>
    (await world.get(reply.headers.get('location'))).state === 'completed');
});

test('The events tell the states of order and profile in order', async () => {
  const events = (await world.events()).filter((each) =>
    each.subject === `order/${order.id}` || each.subject === `profile/${order.iccid}`);
  assert.deepEqual(events.map((each) => `${each.type} ${each.data.state}`), [
    'order.state acknowledged', 'order.state inProgress', 'profile.state Linked',
    'profile.state Confirmed', 'profile.state Released', 'order.state completed',
  ]);
  assert.equal(new Set(events.map((each) => each.traceparent.split('-')[1])).size, 1);
});

test('The carrier carried out each function once and holds what we say it holds', async () => {
  const all = await world.ledger();
  const ids = new Set(all.filter((line) => line.iccid === order.iccid)
    .map((line) => line.by ?? line.call_id));
  assert.deepEqual(summary(all.filter((line) => ids.has(line.by ?? line.call_id))), {
    downloadOrder: '1 asked, 1 done',
    confirmOrder: '1 asked, 1 done',
    releaseProfile: '1 asked, 1 done',
  });
  const ours = await world.get(`/v1/profiles/${order.iccid}`);
  const theirs = await world.carriersProfile(order.iccid);
  assert.equal(ours.state, 'Released');
  assert.equal(theirs.state, 'Released');
  assert.equal(theirs.eid, EID);
  assert.equal(theirs.hasConfirmationCode, true);
});

test('The activation code is the one that the carrier waits for', async () => {
  const { matchingId } = await world.carriersProfile(order.iccid);
  assert.equal(await world.revealCode(order.iccid), `1$smdp.sandbox.example$${matchingId}$$1`);
});

test('Each look at an activation code is in the audit, with who looked', async () => {
  await world.revealCode(order.iccid, 'clerk');
  const { items } = await world.get('/v1/audit?action=profile.reveal&limit=1');
  assert.equal(items[0].subject, 'key:clerk');
  assert.equal(items[0].resource, `profile/${order.iccid}`);
  assert.equal(items[0].outcome, 'done');
});

test('Whoever may not see an activation code is refused, and that too is in the audit', async () => {
  for (const path of ['activation-code', 'qr']) {
    const reply = await world.ask('GET', `/v1/profiles/${order.iccid}/${path}`, { as: 'watcher' });
    assert.equal(reply.status, 403);
    assert.equal(reply.json.code, 'denied');
  }
  const { items } = await world.get('/v1/audit?action=profile.reveal&outcome=denied');
  assert.deepEqual(items.map((each) => each.subject), ['key:watcher', 'key:watcher']);
});

test('The QR code, read by another program, is the activation code', async () => {
  const { bytes } = await world.ask('GET', `/v1/profiles/${order.iccid}/qr`, {
    headers: { Accept: 'image/png' },
  });
  const read = execFileSync('zbarimg', ['--raw', '-q', '--nodbus', '-'], {
    input: bytes, encoding: 'utf8',
  });
  assert.equal(read.trim(), `LPA:${await world.revealCode(order.iccid)}`);
});

test('Whoever may only look is refused an order, and no carrier hears of it', async () => {
  const before = (await world.ledger()).length;
  assert.equal((await world.placeOrder({}, { as: 'watcher' })).status, 403);
  assert.equal((await world.placeOrder({}, { as: 'auditor' })).status, 403);
  assert.equal((await world.ask('GET', '/v1/orders', { as: null })).status, 401);
  assert.equal((await world.ledger()).length, before);
});

test('A key used fifty times at once gives one order and fifty equal answers', async () => {
  const from = await world.ledgerEnd();
  const replies = await Promise.all(Array.from({ length: 50 }, () =>
    world.placeOrder({}, { key: 'fifty', headers: { Prefer: 'wait=10' } })));
  assert.deepEqual([...new Set(replies.map((reply) => reply.status))], [200]);
  assert.equal(new Set(replies.map((reply) => JSON.stringify(reply.json))).size, 1);
  assert.equal(replies.filter((reply) => !reply.headers.get('idempotent-replayed')).length, 1);
  assert.deepEqual(summary(await world.ledger(from)), {
    downloadOrder: '1 asked, 1 done',
    confirmOrder: '1 asked, 1 done',
    releaseProfile: '1 asked, 1 done',
  });
});

test('A key used for something else is refused and nothing is done', async () => {
  const from = await world.ledgerEnd();
  assert.equal((await world.placeOrder({ plan: 'silver' }, { key: 'fifty' })).status, 422);
  const { status } = await world.ask('POST', '/v1/orders', { body: { type: 'profile.provision' } });
  assert.equal(status, 400);
  assert.deepEqual(await world.ledger(from), []);
});

test('Fifty orders at once are fifty profiles', async () => {
  const replies = await Promise.all(Array.from({ length: 50 }, () =>
    world.placeOrder({}, { headers: { Prefer: 'wait=10' } })));
  assert.deepEqual([...new Set(replies.map((reply) => reply.json.state))], ['completed']);
  assert.equal(new Set(replies.map((reply) => reply.json.iccid)).size, 50);
});

test('The audit is a chain, and it holds', async () => {
  const verdict = await world.get('/v1/audit/verify', 'auditor');
  assert.equal(verdict.ok, true);
  assert.ok(verdict.checked > 20);
});

function* filesBelow(dir) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else if (statSync(path).isFile()) yield path;
  }
}

test('The secrets of an order are nowhere in the clear', async () => {
  const { matchingId } = await world.carriersProfile(order.iccid);
  const secrets = [matchingId, CONFIRMATION_CODE, world.keys.admin];
  const places = new Map();
  for (const path of [...filesBelow(world.path('data')), world.path('host.log')]) {
    places.set(path, readFileSync(path, 'latin1'));
  }
  for (const path of ['/metrics', '/v1/events?limit=500', '/v1/audit?limit=500', '/v1/orders?limit=500',
    `/v1/orders/${order.id}`, `/v1/profiles/${order.iccid}`, '/v1/adapters', '/v1/keys']) {
    const { status, bytes } = await world.ask('GET', path);
    assert.equal(status, 200);
    places.set(path, bytes.toString('latin1'));
  }
  assert.ok([...places].some(([, text]) => text.includes(order.iccid)), 'nothing was looked at');
  for (const [place, text] of places) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} is in ${place}`);
  }
});
