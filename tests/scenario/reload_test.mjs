// An adapter is swapped at noon on a busy day, and nothing happens; or it is not swapped,
// and nothing happens either.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { summary, top, until, World } from './world.mjs';

const manifest = readFileSync(join(top, 'manifests/atom.yaml'), 'utf8');
const revised = (number) => manifest.replace(/^revision: \d+$/m, `revision: ${number}`);

let world;
before(async () => { world = await World.open({ keys: { watcher: ['acme', 'viewer'] } }); });
after(() => world?.close());

const reload = (as) => world.ask('POST', '/v1/adapters/atom/reload', { as });
const revision = async () => (await world.get('/v1/adapters/atom')).revision;

async function serves() {
  const { json } = await world.placeOrder({}, { headers: { Prefer: 'wait=10' } });
  return json.state === 'completed';
}

test('A newer revision is taken, and is then the one that serves', async () => {
  world.signAdapter('atom', {}, revised(2));
  const { status, json } = await reload();
  assert.equal(status, 200, JSON.stringify(json));
  assert.equal(json.state, 'active');
  assert.equal(await revision(), 2);
  assert.ok(await serves());
});

test('A reload is in the audit, and a viewer may not ask for one', async () => {
  assert.equal((await reload('watcher')).status, 403);
  const { items } = await world.get('/v1/audit?action=adapter.reload');
  assert.deepEqual(items.map((each) => `${each.subject} ${each.outcome}`), [
    'key:watcher denied', 'key:demo done',
  ]);
});

// What is wrong, what is done to the manifest, and what the refusal says.
const wrongs = [
  ['older than the one that ran', () => world.signAdapter('atom', {}, revised(1)), /revision/],
  ['expired', () => world.signAdapter('atom', {}, revised(3)
    .replace('"@NOT_BEFORE@"', '"2020-01-01T00:00:00Z"')
    .replace('"@EXPIRES@"', '"2020-02-01T00:00:00Z"')), /expire/],
  ['changed after it was signed', () => {
    world.signAdapter('atom', {}, revised(3));
    world.write('manifests/atom.yaml', `${world.read('manifests/atom.yaml')}# one line more\n`);
  }, /sign/],
  ['about another object', () => {
    world.signAdapter('atom', {}, revised(3));
    world.write('adapters/atom.so', Buffer.concat([
      readFileSync(world.path('adapters/atom.so')), Buffer.from('x')]));
  }, /atom\.so/],
  ['without a signature', () => {
    world.signAdapter('atom', {}, revised(3));
    world.write('manifests/atom.yaml.minisig', '');
  }, /sign/],
];
for (const [what, spoil, words] of wrongs) {
  test(`A manifest that is ${what} is refused, and the old one goes on`, async () => {
    spoil();
    const { status, json } = await reload();
    assert.equal(status, 409);
    assert.match(json.detail, words);
    assert.equal(await revision(), 2);
    assert.ok(await serves());
  });
}

test('A configuration that does not fit is refused, and the old one goes on', async () => {
  world.signAdapter('atom', {}, revised(3));
  const good = world.read('adapters.d/atom.yaml');
  world.write('adapters.d/atom.yaml', good.replace('https://127.0.0.1', 'https://192.0.2.1'));
  const { status, json } = await reload();
  world.write('adapters.d/atom.yaml', good);
  assert.equal(status, 409);
  assert.match(json.detail, /192\.0\.2\.1/);
  assert.ok(await serves());
});

test('A carrier that nobody had is served as soon as its manifest is there', async () => {
  const heard = [];
  const carrier = http.createServer((request, response) => {
    heard.push(request.url);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(carrier, 'listening');
  const load = () => world.ask('POST', '/v1/adapters/rogue/reload');
  const order = () => world.placeOrder({
    type: 'sms.send', carrier: 'rogue', msisdn: '+959790000001', text: 'a message',
    profile_type: undefined, device: undefined,
  }, { headers: { Prefer: 'wait=10' } });
  try {
    assert.equal((await load()).status, 404);
    assert.equal((await order()).status, 422);
    world.signAdapter('rogue', {}, readFileSync(new URL('rogue.yaml', import.meta.url), 'utf8'));
    world.write('adapters.d/rogue.yaml', `endpoints:
  - name: api
    url: http://127.0.0.1:${carrier.address().port}
`);
    const { status, json } = await load();
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal((await order()).json.state, 'completed');
    assert.deepEqual(heard, ['/allowed/x']);
    assert.ok(await serves());
  } finally {
    carrier.close();
  }
});

test('Thirty orders through ten reloads are completed, each function carried out once', async () => {
  const from = await world.ledgerEnd();
  await world.fault({ function: '*', fault: 'slow', ms: 40, count: 0 });
  const waiting = [];
  for (let i = 0; i < 10; i += 1) {
    for (let j = 0; j < 3; j += 1) {
      waiting.push(world.placeOrder({}, { headers: { Prefer: 'wait=20' } }));
    }
    world.signAdapter('atom', {}, revised(10 + i));
    assert.equal((await reload()).status, 200);
  }
  const states = (await Promise.all(waiting)).map((reply) => reply.json.state);
  assert.deepEqual([...new Set(states)], ['completed']);
  assert.equal(await revision(), 19);
  assert.deepEqual(summary(await world.ledger(from)), {
    downloadOrder: '30 asked, 30 done',
    confirmOrder: '30 asked, 30 done',
    releaseProfile: '30 asked, 30 done',
  });
  await until('the old cells to end', () => world.cells().length === 2);
});
