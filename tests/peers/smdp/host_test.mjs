// The whole host against the Node SM-DP+: what the adapter sends is judged by the document
// of ES2+, and notifications come in the other of the standard's two spellings.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EID, eventually, startPeer } from './rig.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };
let world;

before(async () => {
  world = await World.open((tls) => startPeer(tls, ['--stock', 'P1=10', '--stock', 'P2=1']));
});

after(() => world?.close());

test('an order ends Released at the carrier, and nothing it sent was out of line', LIMIT, async () => {
  const placed = await world.order({ profile_type: 'P1' });
  assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
  const profile = await world.carrier.profile(placed.iccid);
  assert.equal(profile.state, 'Released');
  assert.equal(profile.eid, EID);
  const lines = await world.carrier.ledger();
  assert.deepEqual(lines.filter((l) => l.kind === 'refused'), []);
  assert.deepEqual(lines.filter((l) => l.kind === 'request').map((l) => l.function), [
    'downloadOrder', 'confirmOrder', 'releaseProfile',
  ]);
});

test('notifications lead to Installed, however the carrier spells them', LIMIT, async () => {
  const placed = await world.order({ profile_type: 'P1' });
  const { matchingId } = await world.carrier.profile(placed.iccid);
  const { status } = await world.carrier.control('POST', `/sandbox/devices/${EID}/install`, {
    activation_code: `1$smdp.peer.example$${matchingId}`,
  });
  assert.equal(status, 202);
  await eventually(async () => (await world.ask('GET', `/v1/profiles/${placed.iccid}`)).state === 'Installed');
  const told = (await world.carrier.ledger()).filter((l) => l.kind === 'notification');
  assert.ok(told.every((l) => l.result === 204), JSON.stringify(told));
});

test('a refusal carries the carrier\'s code and a sentence to act on', LIMIT, async () => {
  const placed = await world.order({ profile_type: 'P9' });
  assert.equal(placed.state, 'failed');
  const { problem } = placed.steps[0];
  assert.equal(problem.code, 'profile_type_unknown');
  assert.equal(problem.carrier_code, '8.2.5/3.9');
  assert.ok(problem.message.length > 20);
});

test('an empty stock is told by its name', LIMIT, async () => {
  assert.equal((await world.order({ profile_type: 'P2' })).state, 'completed');
  const placed = await world.order({ profile_type: 'P2' });
  assert.equal(placed.steps[0].problem.code, 'stock_empty');
});

test('an ICCID of the client\'s own choice is the one that is taken', LIMIT, async () => {
  const free = (await world.carrier.call('downloadOrder', { profileType: 'P1' })).json.iccid;
  await world.carrier.call('cancelOrder', { iccid: free, finalProfileStatusIndicator: 'Available' });
  const placed = await world.order({ iccid: free });
  assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
  assert.equal(placed.iccid, free);
  assert.equal((await world.carrier.profile(free)).state, 'Released');
});

test('an ICCID that is taken is refused, and no other one is ordered', LIMIT, async () => {
  const taken = (await world.carrier.call('downloadOrder', { profileType: 'P1' })).json.iccid;
  const had = (await world.carrier.ledger()).filter((l) => l.kind === 'state').length;
  const placed = await world.order({ iccid: taken });
  assert.equal(placed.state, 'failed');
  assert.match(placed.steps[0].problem.carrier_code, /^8\.2\.1\/(1\.2|3\.3)$/);
  assert.equal((await world.carrier.ledger()).filter((l) => l.kind === 'state').length, had);
});
