// Adapters that are not what they should be: what they may not do is not done, and the
// others do not notice.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { summary, until, World } from './world.mjs';

const rogueManifest = readFileSync(new URL('rogue.yaml', import.meta.url), 'utf8');

let world;
let heard;
let listener;

async function prepare(made) {
  heard = [];
  listener = http.createServer((request, response) => {
    heard.push(request.url);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  made.signAdapter('rogue', {}, rogueManifest);
  made.write('adapters.d/rogue.yaml', `endpoints:
  - name: api
    url: http://127.0.0.1:${listener.address().port}
`);
  // The same adapter under two more names, each with one thing wrong.
  made.write('manifests/changed.yaml', `${made.read('manifests/rogue.yaml')}# one line more\n`);
  made.write('manifests/changed.yaml.minisig', made.read('manifests/rogue.yaml.minisig'));
  made.write('manifests/unsigned.yaml', made.read('manifests/rogue.yaml'));
}

before(async () => {
  world = await World.open({
    prepare,
    limits: { limits: { cpu_ms: 200, wall_ms: 1000 } },
    settings: {
      'cell.deaths': 4,
      'cell.deaths_window_ms': 1000,
      'cell.backoff_ms': 10,
      'cell.backoff_most_ms': 500,
      'engine.attempts': 6,
    },
  });
});
after(async () => {
  await world?.close();
  listener?.close();
});

const completes = (members) => world.placeOrder(members, { headers: { Prefer: 'wait=10' } });
const forRogue = { carrier: 'rogue', profile_type: undefined, device: undefined };
const sms = (text) => completes({
  ...forRogue, type: 'sms.send', msisdn: '+959790000001', text,
});
const suspension = (reason, waitS = 20) => world.placeOrder({
  ...forRogue,
  type: 'line.suspend',
  msisdn: `+9597900${Math.floor(Math.random() * 9e4 + 1e4)}`,
  extra: { reason },
}, { headers: { Prefer: `wait=${waitS}` } });

test('An adapter whose signature does not hold is shown with the reason, and the others serve', async () => {
  const { items } = await world.get('/v1/adapters');
  const shown = Object.fromEntries(items.map((each) => [each.name, each.health]));
  assert.equal(shown.atom.ready, true);
  assert.equal(shown.rogue.ready, true);
  for (const name of ['changed', 'unsigned']) {
    assert.equal(shown[name]?.ready, false, `${name} must be shown and not be ready`);
    assert.match(shown[name].reason, /sign/);
  }
  assert.equal((await world.ask('GET', '/health/adapters/changed')).status, 503);
  assert.equal((await completes()).json.state, 'completed');
});

test('A carrier whose adapter was refused gets no order', async () => {
  const { status, json } = await world.placeOrder({ carrier: 'changed' });
  assert.equal(status, 422);
  assert.match(json.detail, /changed/);
});

test('What the manifest allows is done', async () => {
  assert.equal((await sms('somebody')).json.state, 'completed');
  assert.deepEqual(heard.splice(0), ['/allowed/x']);
});

test('A dry run changes nothing, whatever the adapter would like', async () => {
  const sync = (extra) => completes({ ...forRogue, type: 'device.sync', extra: { device_id: 'a', ...extra } });
  assert.equal((await sync({ dry_run: false })).json.state, 'completed');
  assert.deepEqual(heard.splice(0), ['/allowed/x']);
  const { json } = await sync({ dry_run: true });
  assert.equal(json.problem.code, 'adapter_violation');
  assert.match(json.problem.message, /a dry run may only ask exchanges that are safe/);
  assert.deepEqual(heard, []);
});

for (const [wish, words] of [
  ['endpoint', /no endpoint "elsewhere"/],
  ['path', /\/allowed\/.*found "\/forbidden"/],
  ['dots', /without tricks/],
  ['host', /without tricks/],
]) {
  test(`An adapter that asks for another ${wish} fails its order, is audited, and sends nothing`, async () => {
    const { json } = await sms(wish);
    assert.equal(json.state, 'failed');
    assert.equal(json.problem.code, 'adapter_violation');
    assert.match(json.problem.message, words);
    assert.deepEqual(heard, []);
    const { items } = await world.get(`/v1/audit?resource=order/${json.id}&outcome=denied`);
    assert.equal(items.length, 1);
    assert.equal(items[0].subject, 'adapter:rogue');
    assert.match(items[0].reason, words);
  });
}

test('A cell that is killed in mid-order comes back, and the order has one effect', async () => {
  await world.fault({ function: 'downloadOrder', fault: 'slow', ms: 300 });
  await world.fault({ function: 'confirmOrder', fault: 'slow', ms: 300 });
  const from = await world.ledgerEnd();
  const waiting = completes();
  for (const name of ['downloadOrder', 'confirmOrder']) {
    await until(`${name} to be asked`, async () =>
      (await world.ledger(from)).some((line) => line.function === name));
    for (const pid of world.cells()) process.kill(pid, 'SIGKILL');
  }
  const { json } = await waiting;
  assert.equal(json.state, 'completed');
  assert.deepEqual(summary(await world.ledger(from)), {
    downloadOrder: '1 asked, 1 done',
    confirmOrder: '1 asked, 1 done',
    releaseProfile: '1 asked, 1 done',
  });
});

test('A path or method that is none costs the cell, and nothing is sent', async () => {
  for (const wish of ['url', 'method']) {
    const { json } = await sms(wish);
    assert.equal(json.state, 'held');
    assert.deepEqual(heard, []);
  }
});

test('An adapter that dies in every try is unhealthy, and the others go on', async () => {
  const { json } = await suspension('crash', 1);
  assert.equal(json.state, 'pending');
  const { health } = await world.get('/v1/adapters/rogue');
  assert.deepEqual([health.ready, health.healthy], [false, false]);
  assert.match(health.reason, /killed by signal 6/);
  assert.equal((await world.get('/v1/adapters/atom')).health.healthy, true);
  assert.equal((await completes()).json.state, 'completed');
  await until('the order to be held', async () =>
    /given up after 6 attempts/.test((await world.get(`/v1/orders/${json.id}`)).held_for));
  await until('the adapter to be well again', async () =>
    (await world.get('/v1/adapters/rogue')).health.healthy);
  assert.equal((await suspension('nothing')).json.state, 'completed');
});

test('Orders beside one that kills their adapter are done all the same', async () => {
  const words = ['nothing', 'nothing', 'crash', 'nothing', 'nothing', 'crash', 'nothing'];
  const replies = await Promise.all(words.map((word) => suspension(word)));
  const states = replies.map((reply) => reply.json.state);
  assert.deepEqual(states, words.map((word) => (word === 'crash' ? 'held' : 'completed')));
});

test('An adapter that computes for ever is stopped, its order held, and the next one done', async () => {
  const hanging = suspension('hang');
  assert.equal((await completes()).json.state, 'completed');
  assert.equal((await hanging).json.state, 'held');
  assert.equal((await suspension('nothing')).json.state, 'completed');
});
