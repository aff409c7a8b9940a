// The sandbox's Graph was written apart from the one in graph.mjs. The same orders end the
// same way there, and every message in both directions is as graph.yaml says.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { CODE, ICCID, LIMIT, Rig } from './rig.mjs';

let rig;
let devices;
let seen;

before(async () => {
  rig = await Rig.open({
    sandbox: ['--devices', '25', '--install-ms', '300', '--client', 'with-secret=a secret & more'],
    settings: { list_eid: true, page_size: 10 },
  });
  devices = (await rig.run('device.list')).result.devices;
});
after(() => rig.close());

beforeEach(async () => {
  await rig.control('DELETE', '/sandbox/faults');
  seen = (await rig.ledger()).at(-1).seq;
});

// What took effect since the test began, by name.
async function effects() {
  const counts = {};
  for (const line of await rig.ledger()) {
    if (line.seq > seen && line.effect && line.function !== 'batch') counts[line.function] = (counts[line.function] ?? 0) + 1;
  }
  return counts;
}

const assign = (device) => rig.run('device.assign', { device_id: device.device_id, activation_code: CODE }, { iccid: ICCID });

test('a list comes whole, in pages and with EIDs', LIMIT, async () => {
  assert.equal(devices.length, 25);
  for (const { eid } of devices) {
    assert.match(eid, /^\d{32}$/);
    assert.equal(BigInt(eid) % 97n, 1n);
  }
  const none = await rig.run('device.list', { since: '2096-01-01T00:00:00Z' });
  assert.deepEqual(none.result.devices, []);
});

test('an assignment makes one group, one pool, one member', LIMIT, async () => {
  const order = await assign(devices[0]);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(order.result.state, 'Installed');
  assert.deepEqual(await effects(), {
    createGroup: 1, addMember: 1, createPool: 1, assignPool: 1,
  });
});

test('a device that fails leaves its group', LIMIT, async () => {
  await rig.control('POST', `/sandbox/devices/${devices[1].device_id}`, { outcome: 'failed' });
  const order = await assign(devices[1]);
  assert.equal(order.problem.code, 'install_failed');
  assert.equal((await effects()).removeMember, 1);
});

for (const [group, pool] of [['drop_before', 'drop_after'], ['5xx', 'garbage'], ['half_reply', 'throttle']]) {
  test(`one stays one: the group's making ends in ${group}, the pool's in ${pool}`, LIMIT, async () => {
    await rig.control('POST', '/sandbox/faults', { function: 'createGroup', fault: group, ms: 1000 });
    await rig.control('POST', '/sandbox/faults', { function: 'createPool', fault: pool, ms: 1000 });
    const order = await assign(devices[2]);
    assert.equal(order.state, 'completed', JSON.stringify(order));
    const { createGroup, createPool } = await effects();
    assert.deepEqual({ createGroup, createPool }, { createGroup: 1, createPool: 1 });
  });
}

test('an activation, a script, a message, compliance', LIMIT, async () => {
  const { device_id } = devices[3];
  const { group_id } = (await assign(devices[3])).result;
  const orders = await Promise.all([
    rig.run('device.activate', { device_id, carrier_url: 'https://carrier.example' }),
    rig.run('script.deploy', { name: 'one', content: 'exit 0', group: group_id }),
    rig.run('device.notify', { device_id, title: 'eSIM', text: 'Ready.' }),
    rig.run('device.compliance', { device_id }),
  ]);
  assert.deepEqual(orders.map(({ state }) => state), Array(4).fill('completed'));
  assert.deepEqual(orders[1].result.succeeded, 1);
  assert.equal(orders[3].result.compliance, 'compliant');
});

test('a device is read and reports, a group changes, a profile is deployed, a device retires', LIMIT, async () => {
  const { device_id } = devices[4];
  const read = await rig.run('device.read', { device_id });
  assert.equal(read.result.devices[0].eid, devices[4].eid);
  const made = await rig.run('group.change', { name: 'Pilots', add: [device_id, devices[5].device_id] });
  const { group_id } = made.result;
  const orders = [
    await rig.run('device.sync', { device_id }),
    await rig.run('group.change', { group: group_id, add: [device_id], remove: [devices[5].device_id] }),
    await rig.run('config.deploy', {
      name: 'Policy', group: group_id, settings: [{ uri: './Vendor/Test', value: 1 }, { uri: './Vendor/Flag', value: false }],
    }),
    await rig.run('device.retire', { device_id }),
  ];
  assert.deepEqual(orders.map(({ state }) => state), Array(4).fill('completed'), JSON.stringify(orders));
  assert.equal(orders[2].result.state, 'assigned');
  assert.deepEqual(await effects(), {
    createGroup: 1, addMember: 2, removeMember: 1, syncDevice: 1, createConfig: 1, assignConfig: 1, retireDevice: 1,
  });
});

test('a token endpoint that refuses is believed', LIMIT, async () => {
  const reply = await fetch(`http://${rig.sandbox.address}/contoso/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', client_id: 'with-secret', client_secret: 'wrong', scope: 's',
    }),
  });
  assert.equal(reply.status, 401);
  assert.deepEqual(await reply.json(), { error: 'invalid_client' });
});

test('what the document does not allow is refused and named', LIMIT, async () => {
  const token = await fetch(`http://${rig.sandbox.address}/contoso/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', client_id: 'with-secret', client_secret: 'a secret & more', scope: 's',
    }),
  }).then((r) => r.json());
  const headers = { Authorization: `Bearer ${token.access_token}`, 'Content-Type': 'application/json' };
  for (const [path, body] of [
    ['/v1.0/groups', { displayName: 'x' }],
    ['/v1.0/groups', {
      displayName: 'x', mailNickname: 'x', mailEnabled: 'no', securityEnabled: true,
    }],
    ['/beta/deviceManagement/embeddedSIMActivationCodePools', { displayName: 'x', activationCodes: [], more: 1 }],
    ['/v1.0/$batch', { requests: [] }],
  ]) {
    const reply = await fetch(`http://${rig.sandbox.address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(reply.status, 400, path);
    const { error } = await reply.json();
    assert.equal(error.code, 'BadRequest');
  }
  const members = (await rig.ledger()).filter(({ kind, seq }) => kind === 'refused' && seq > seen).map(({ member }) => member);
  assert.deepEqual(members, ['mailNickname', 'mailEnabled', '@odata.type']);
  const unknown = await fetch(`http://${rig.sandbox.address}/v1.0/groups/x`, { headers: {} });
  assert.equal(unknown.status, 401);
});

// Noise on demand is noise; everything else was judged in both directions.
test('every message was as the document says', LIMIT, async () => {
  assert.deepEqual(rig.graph.violations, []);
  for (const name of ['listDevices', 'batchBeta', 'batchV1', 'createPool', 'listStates', 'removeMember', 'createScript']) {
    assert.ok(rig.graph.seen.get(name) > 0, `${name} was never asked`);
  }
});
