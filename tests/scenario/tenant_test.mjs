// Two tenants of one host, one of them with a carrier's endpoint of its own: nothing of
// one is ever seen, reached or sent by the other.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { summary, until, World } from './world.mjs';

const WAIT = { Prefer: 'wait=10' };

let world;
let own; // globex's carrier
let acme;
let globex;

async function prepare(made) {
  own = await made.startOtherSandbox(['G1=50'], '8996');
  made.write('adapters.d/atom.yaml', `${made.read('adapters.d/atom.yaml')}
tenants:
  - tenant: globex
    settings:
      requester_id: 1.3.6.1.4.1.999
    endpoints:
      - name: es2plus
        url: https://${own.address}
`);
  mkdirSync(made.path('secrets/atom/globex'), { recursive: true });
  for (const [name, file] of [['es2.cert', 'client.pem'], ['es2.key', 'client.key'], ['es2.ca', 'ca.pem']]) {
    copyFileSync(made.path(`tls/${file}`), made.path(`secrets/atom/globex/${name}`));
  }
}

before(async () => {
  world = await World.open({
    prepare,
    keys: { globex: ['globex', 'admin'], root: ['default', 'superadmin'] },
    limits: { breaker: { failures: 2, window_ms: 60000, open_ms: 300, probes: 1 } },
  });
});
after(() => world?.close());

test('Each tenant orders at its own carrier, with its own name there', async () => {
  const replies = await Promise.all([
    ...Array.from({ length: 5 }, () => world.placeOrder({}, { headers: WAIT })),
    ...Array.from({ length: 5 }, () =>
      world.placeOrder({ profile_type: 'G1' }, { as: 'globex', headers: WAIT })),
  ]);
  assert.deepEqual([...new Set(replies.map((reply) => reply.json.state))], ['completed']);
  acme = replies[0].json;
  globex = replies[9].json;
  for (const [carrier, requester] of [[world.sandbox, '1.3.6.1.4.1.53535'], [own, '1.3.6.1.4.1.999']]) {
    const ledger = await world.ledger(0, carrier);
    assert.equal(summary(ledger).downloadOrder, '5 asked, 5 done');
    const names = ledger.filter((line) => line.kind === 'request').map((line) => line.requester);
    assert.deepEqual([...new Set(names)], [requester]);
  }
});

test('One tenant\'s key is no other tenant\'s key', async () => {
  const [one, other] = await Promise.all([
    world.placeOrder({}, { key: 'same', headers: WAIT }),
    world.placeOrder({ profile_type: 'G1' }, { key: 'same', as: 'globex', headers: WAIT }),
  ]);
  assert.notEqual(one.json.id, other.json.id);
  assert.deepEqual([one.json.state, other.json.state], ['completed', 'completed']);
});

test('Lists, events and audit of one tenant hold nothing of the other', async () => {
  for (const path of ['/v1/orders?limit=500', '/v1/profiles?limit=500', '/v1/events?limit=500',
    '/v1/audit?limit=500', '/v1/keys']) {
    const text = (await world.ask('GET', path, { as: 'globex' })).bytes.toString('utf8');
    assert.ok(!text.includes(acme.id) && !text.includes(acme.iccid) && !text.includes('acme'), path);
    assert.ok(path === '/v1/keys' || text.includes(globex.id) || text.includes(globex.iccid), path);
  }
});

test('Another tenant\'s order and profile answer exactly like none at all', async () => {
  const nobodys = '01900000-0000-7000-8000-000000000000';
  const pairs = [
    ['GET', `/v1/orders/${acme.id}`, `/v1/orders/${nobodys}`],
    ['POST', `/v1/orders/${acme.id}/cancel`, `/v1/orders/${nobodys}/cancel`],
    ['POST', `/v1/orders/${acme.id}/resolve`, `/v1/orders/${nobodys}/resolve`,
      { resolution: 'give_up' }],
    ...['', '/qr', '/activation-code'].map((part) =>
      ['GET', `/v1/profiles/${acme.iccid}${part}`, `/v1/profiles/8995099999999999996${part}`]),
  ];
  // What names the request itself is all that may differ.
  const shape = ({ status, json }, path) => JSON.stringify({ status, ...json, request_id: '' })
    .replaceAll(path.split('/')[3], 'ID');
  for (const [method, theirs, none, body] of pairs) {
    const [found, missing] = await Promise.all([theirs, none].map((path) =>
      world.ask(method, path, { as: 'globex', body })));
    assert.equal(found.status, 404, theirs);
    assert.equal(shape(found, theirs), shape(missing, none));
  }
  assert.equal((await world.get(`/v1/orders/${acme.id}`)).state, 'completed');
});

test('A tenant whose carrier is down waits alone', async () => {
  await own.stop();
  const replies = await Promise.all(Array.from({ length: 4 }, () =>
    world.placeOrder({ profile_type: 'G1' }, { as: 'globex' })));
  // Held: its request may have left on a connection that was being closed.
  for (const { json } of replies) {
    await until('globex to wait', async () =>
      /pending|held/.test((await world.get(`/v1/orders/${json.id}`, 'globex')).state));
  }
  const { json } = await world.placeOrder({}, { headers: WAIT });
  assert.equal(json.state, 'completed');
});

test('One chain of audit holds for all', async () => {
  assert.equal((await world.get('/v1/audit/verify', 'root')).ok, true);
});
