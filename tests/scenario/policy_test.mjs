// An operator edits a policy, signs it and lets it decide, with orders coming in; or it is
// not taken, and the one before goes on deciding.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from './world.mjs';

const noOrders = (name, text) => (name === 'rbac.lua'
  ? text.replace('"order.create", "order.cancel", "order.resolve", "profile.reveal"', '"order.cancel"')
  : text);

let world;
before(async () => {
  world = await World.open({
    keys: { clerk: ['acme', 'operator'], watcher: ['acme', 'viewer'] },
    prepare: (fresh) => fresh.signPolicy(5),
  });
});
after(() => world?.close());

const reload = (as) => world.ask('POST', '/v1/policies/policy/reload', { as });
const revision = async () => (await world.get('/v1/policies/policy')).revision;
const order = (options) => world.placeOrder({}, options);
const decidedBy = async () => {
  const { items } = await world.get('/v1/audit?action=order.create&limit=1');
  return items[0].policy_revision;
};

test('A newer revision decides without a restart, and each record tells which one did', async () => {
  assert.equal((await order({ as: 'clerk' })).status, 202);
  assert.equal(await decidedBy(), 5);
  world.signPolicy(6, noOrders);
  const { status, json } = await reload();
  assert.equal(status, 200, JSON.stringify(json));
  assert.equal(json.revision, 6);
  assert.equal((await order({ as: 'clerk' })).status, 403);
  assert.equal(await decidedBy(), 6);
});

test('The way back is a higher revision with the older text', async () => {
  world.signPolicy(7);
  assert.equal((await reload()).status, 200);
  assert.equal((await order({ as: 'clerk' })).status, 202);
});

test('The same files again are well, and change nothing', async () => {
  const { status, json } = await reload();
  assert.equal(status, 200);
  assert.equal(json.revision, 7);
});

test('A reload is in the audit, and a viewer may not ask for one', async () => {
  assert.equal((await reload('watcher')).status, 403);
  const { items } = await world.get('/v1/audit?action=policy.reload');
  assert.deepEqual(items.map((each) => `${each.subject} ${each.outcome}`), [
    'key:watcher denied', 'key:demo done', 'key:demo done', 'key:demo done',
  ]);
});

const edited = (wanted, from, to) => (name, text) => (name === wanted ? text.replace(from, to) : text);

// What is wrong, what is done to the policy, and what the refusal says.
const wrongs = [
  ['older than the one that decides', () => world.signPolicy(6), /revision/],
  ['other than the one of its revision', () => world.signPolicy(7, noOrders), /higher revision/],
  ['no Lua', () => world.signPolicy(8, edited('rbac.lua', /^local ROLES = /m, 'local ROLES == ')),
    /rbac\.lua:\d+/],
  ['without route', () => world.signPolicy(8, edited('routing.lua', /\nfunction route\(/, '\nfunction rout(')),
    /authorize and route/],
  ['a loop when it is loaded', () => world.signPolicy(8, edited('routing.lua', /$/, '\nwhile true do end\n')),
    /./],
  ['changed after it was signed', () => {
    world.signPolicy(8);
    world.write('policies/rbac.lua', `${world.read('policies/rbac.lua')}-- one line more\n`);
  }, /rbac\.lua/],
  ['without a signature', () => {
    world.signPolicy(8);
    world.write('policies/policy.yaml.minisig', '');
  }, /sign/],
];
for (const [what, spoil, words] of wrongs) {
  test(`A policy that is ${what} is refused, and the old one goes on`, async () => {
    spoil();
    const { status, json } = await reload();
    assert.equal(status, 409, JSON.stringify(json));
    assert.match(json.detail, words);
    assert.match(json.detail, /old revision stays/);
    assert.equal(await revision(), 7);
    assert.equal((await order({ as: 'clerk' })).status, 202);
  });
}

test('What was refused is not recorded: the good revision of the same number is taken', async () => {
  world.signPolicy(8);
  assert.equal((await reload()).status, 200);
  assert.equal(await revision(), 8);
});

test('Of two reloads at once one is told that the other is under way, or both are well', async () => {
  world.signPolicy(9);
  const replies = await Promise.all([reload(), reload(), reload()]);
  const statuses = replies.map((reply) => reply.status);
  assert.ok(statuses.includes(200), JSON.stringify(statuses));
  for (const { status, json } of replies) {
    if (status !== 200) assert.match(json.detail, /under way/);
  }
  assert.equal(await revision(), 9);
});

test('A hundred orders through five reloads are accepted, and every revision is a whole one', async () => {
  const waiting = [];
  for (let i = 0; i < 5; i += 1) {
    for (let j = 0; j < 20; j += 1) waiting.push(order({ as: 'clerk' }));
    world.signPolicy(10 + i);
    assert.equal((await reload()).status, 200);
  }
  const statuses = (await Promise.all(waiting)).map((reply) => reply.status);
  assert.deepEqual([...new Set(statuses)], [202]);
  assert.equal(await revision(), 14);
  assert.equal(world.cells('esim-policy-cel').length, 4);
});

test('A restart goes on with the revision that decided, and takes no older one', async () => {
  await world.end('SIGTERM');
  await world.start();
  assert.equal(await revision(), 14);
  world.signPolicy(13);
  await world.end('SIGTERM');
  await assert.rejects(world.start(), /revision/);
  world.signPolicy(14);
  await world.start();
});
