// The whole host against the sandbox, with each function failing in each way. What the
// order says must agree with what the ledger says was done, and nothing is done twice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startSandbox } from './rig.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };
let world;

before(async () => {
  world = await World.open((tls) => startSandbox(tls, ['--stock', 'P1=1000']));
});

after(() => world?.close());

// fault, then how the order ends when it hits downloadOrder, confirmOrder, releaseProfile.
// The first two are of class once: what may have been done is held, never sent again.
const rows = [
  ['refuse', 'failed', 'failed', 'failed'],
  ['5xx', 'held', 'held', 'completed'],
  ['throttle', 'completed', 'completed', 'completed'],
  ['drop_before', 'held', 'held', 'completed'],
  ['drop_after', 'held', 'held', 'completed'],
  ['half_reply', 'held', 'held', 'completed'],
  ['garbage', 'held', 'held', 'completed'],
  ['slow', 'completed', 'completed', 'completed'],
];
const functions = ['downloadOrder', 'confirmOrder', 'releaseProfile'];

// The effects of one order: "function from>to", in order.
const effects = (lines) => lines.filter((l) => l.kind === 'state')
  .map((l) => `${l.by.split(':')[1]} ${l.from}>${l.to}`);

for (const [fault, ...ends] of rows) {
  test(`${fault}: the order's end agrees with the ledger`, LIMIT, async () => {
    for (const [i, name] of functions.entries()) {
      await world.carrier.control('POST', '/sandbox/faults', { function: name, fault, ms: 20 });
      const seen = (await world.carrier.ledger()).length;
      const placed = await world.order({ profile_type: 'P1' });
      assert.equal(placed.state, ends[i], `${name}: ${JSON.stringify(placed.steps)}`);
      const lines = (await world.carrier.ledger()).slice(seen);
      const done = effects(lines);
      assert.equal(new Set(done).size, done.length, `${name} twice: ${done}`);
      const sent = lines.filter((l) => l.kind === 'request' && l.function === name);
      if (placed.state === 'held') {
        assert.equal(sent.length, 1, `${name} was sent again`);
        const { problem } = placed.steps[i];
        assert.match(problem.message, /Ask the carrier what it did under the call id/);
        assert.ok(problem.message.includes(sent[0].call_id));
      }
      if (placed.state === 'completed') {
        assert.equal((await world.carrier.profile(placed.iccid)).state, 'Released');
      }
      if (placed.state === 'failed' && i > 0) {
        assert.equal((await world.carrier.profile(placed.iccid)).state, 'Available');
      }
    }
    assert.deepEqual((await world.carrier.control('GET', '/sandbox/faults')).json, []);
  });
}

test('after all of it, each profile at the carrier belongs to one order', LIMIT, async () => {
  const lines = await world.carrier.ledger();
  const orders = lines.filter((l) => l.kind === 'state' && l.from === 'Available');
  const calls = orders.map((l) => l.by);
  assert.equal(new Set(calls).size, calls.length);
  assert.deepEqual(lines.filter((l) => l.unknown), [], 'members that the standard lacks');
});
