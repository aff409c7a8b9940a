// The same orders with prism as the judge between host and sandbox: a message that breaks
// the document is an error there, and the order would not end well.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { CODE, ICCID, LIMIT, Rig } from './rig.mjs';
import { startPrism } from './prism.mjs';

let rig;
before(async () => {
  rig = await Rig.open({
    sandbox: ['--devices', '12', '--install-ms', '300'],
    between: startPrism,
    settings: { page_size: 5, list_eid: true },
  });
});
after(() => rig.close());

test('every kind of order passes prism', LIMIT, async () => {
  const list = await rig.run('device.list', { since: '2026-01-01T00:00:00Z' });
  assert.equal(list.state, 'completed', JSON.stringify(list));
  const [{ device_id }] = list.result.devices;
  assert.equal(list.result.devices.length, 12);
  const assigned = await rig.run('device.assign', { device_id, activation_code: CODE }, { iccid: ICCID });
  assert.equal(assigned.state, 'completed', JSON.stringify(assigned));
  const orders = await Promise.all([
    rig.run('device.activate', { device_id, carrier_url: 'https://carrier.example/odsa' }),
    rig.run('device.compliance', { device_id }),
    rig.run('device.notify', { device_id, title: 'eSIM', text: 'Ready.' }),
    rig.run('script.deploy', { name: 'one', content: 'exit 0', group: assigned.result.group_id }),
  ]);
  assert.deepEqual(orders.map(({ state }) => state), Array(4).fill('completed'), JSON.stringify(orders));
  assert.deepEqual(rig.between.violations, []);
});

// A judge that never objects judges nothing.
test('prism objects to what the document does not allow', LIMIT, async () => {
  const reply = await fetch(`${rig.between.url}/v1.0/groups`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"displayName":"x"}',
  });
  assert.equal(reply.status, 422);
});
