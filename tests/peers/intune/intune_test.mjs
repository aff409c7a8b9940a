// Orders for devices, over HTTP, through the whole host, to a Graph that is judged by its
// own document and to a token endpoint of npm's. What is shown: each kind of order comes
// to its end, nothing is made twice, and every message is as Graph's document says.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import { CODE, ICCID, LIMIT, Rig } from './rig.mjs';

let rig;
let graph;

before(async () => {
  rig = await Rig.open({ settings: { list_eid: true } });
  graph = rig.graph;
});
after(() => rig.close());

beforeEach(() => {
  for (const map of [graph.devices, graph.groups, graph.pools, graph.scripts]) map.clear();
  graph.calls.length = 0;
  graph.refused.length = 0;
  graph.faults.length = 0;
  graph.states = ['notEvaluated', 'installing', 'installed'];
});

// Whatever a test is about, Graph understood every request.
const understood = () => assert.deepEqual(graph.refused, []);

test('a code reaches one device through a pool and a group of its own', LIMIT, async () => {
  const device = graph.addDevice({});
  graph.addDevice({});
  const order = await rig.assign(device);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  understood();
  const [[poolId, pool]] = graph.pools;
  const [[groupId, group]] = graph.groups;
  assert.deepEqual(order.result, {
    assignment_id: pool.assignments[0].id,
    state: 'Installed',
    targeting: 'device',
    group_id: groupId,
    pool_id: poolId,
  });
  assert.deepEqual(pool.codes, [{
    integratedCircuitCardIdentifier: ICCID,
    matchingIdentifier: 'CANARY-5521',
    smdpPlusServerAddress: 'smdp.example.com',
  }]);
  assert.deepEqual([...group.members], [device.objectId]);
  assert.equal(graph.count('createPool', 201), 1);
  assert.equal(graph.count('createGroup', 201), 1);
});

test('a device that fails leaves its group, and the order says why', LIMIT, async () => {
  const device = graph.addDevice({});
  graph.states = ['installing', 'failed'];
  const order = await rig.assign(device);
  assert.equal(order.state, 'failed');
  assert.equal(order.problem.code, 'install_failed');
  assert.equal(order.problem.carrier_code, 'failed');
  assert.equal([...graph.groups.values()][0].members.size, 0);
  understood();
});

test('a group of several devices is used as it is, and the chance is told', LIMIT, async () => {
  const [one, other] = [graph.addDevice({}), graph.addDevice({})];
  const group = { id: 'g-1', displayName: 'Staff', members: new Set([one.objectId, other.objectId]) };
  graph.groups.set('g-1', group);
  const order = await rig.assign(other, { group: 'g-1' });
  assert.equal(order.state, 'completed', JSON.stringify(order));
  // Intune took the first of the group, not the one that was meant.
  assert.equal(order.result.targeting, 'other_device');
  assert.equal(graph.groups.size, 1);
  understood();
});

// Effects are lost in each of these, or may be; afterwards there is one of each.
for (const fault of [
  { operation: 'createGroup', drop: 'after' },
  { operation: 'createGroup', drop: 'before' },
  { operation: 'createPool', drop: 'after' },
  { operation: 'createPool', drop: 'before' },
  { operation: 'createPool', status: 504, effect: true },
  { operation: 'addMember', drop: 'after' },
  { operation: 'assignPool', drop: 'after' },
  { operation: 'assignPool', status: 500, effect: true },
  { operation: 'listStates', status: 503 },
  { operation: 'getDevice', drop: 'before' },
]) {
  const how = fault.drop ? `a cut ${fault.drop} the effect` : `status ${fault.status}`;
  test(`one pool and one group stay one: ${fault.operation}, ${how}`, LIMIT, async () => {
    const device = graph.addDevice({});
    graph.states = ['installed'];
    graph.fault(fault);
    const order = await rig.assign(device);
    assert.equal(order.state, 'completed', JSON.stringify(order));
    assert.equal(graph.pools.size, 1);
    assert.equal(graph.groups.size, 1);
    assert.equal(order.result.targeting, 'device');
    understood();
  });
}

test('throttling is waited out, with Retry-After and without', LIMIT, async () => {
  const device = graph.addDevice({});
  graph.states = ['installed'];
  graph.fault({ operation: 'createPool', status: 429, headers: { 'Retry-After': '1' } });
  graph.fault({ operation: 'createPool', status: 429 });
  graph.fault({ operation: 'assignPool', status: 503, headers: { 'Retry-After': '1' } });
  const order = await rig.assign(device);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(graph.count('createPool', 201), 1);
});

test('a missing permission after something was done waits for a person', LIMIT, async () => {
  const device = graph.addDevice({});
  graph.states = ['installed'];
  graph.fault({ operation: 'assignPool', status: 403, code: 'Forbidden' });
  const held = await rig.assign(device);
  assert.equal(held.state, 'held');
  const { problem } = held.steps[0];
  assert.equal(problem.code, 'permission_missing');
  assert.match(problem.message, /DeviceManagementConfiguration\.ReadWrite\.All/);
  assert.match(problem.carrier_code, /^Forbidden\/[0-9a-f-]{36}$/);
  const { status } = await rig.world.ask('POST', `/v1/orders/${held.id}/resolve`, {
    body: { resolution: 'not_done' },
    headers: { 'Idempotency-Key': `r-${held.id}`, 'If-Match': `"v${held.version}"` },
  });
  assert.equal(status, 202);
  const order = await rig.ended(held.id);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(graph.pools.size, 1);
});

test('devices come in pages, with EIDs from batches', LIMIT, async () => {
  const eid = '89001012012341234012345678901224';
  for (let i = 0; i < 5; i += 1) graph.addDevice({ eid: i === 3 ? eid : undefined });
  graph.addDevice({ lastSyncDateTime: '2025-01-01T00:00:00Z' });
  graph.fault({ operation: 'getHardware', status: 429, headers: { 'Retry-After': '1' }, times: 2 });
  const order = await rig.run('device.list', { since: '2026-01-01T00:00:00Z' });
  assert.equal(order.state, 'completed', JSON.stringify(order));
  const { devices, cursor, at } = order.result;
  assert.deepEqual(devices.map((d) => d.device_id), [...graph.devices.keys()].slice(0, 5));
  assert.equal(devices[3].eid, eid);
  assert.equal(devices[0].eid, undefined);
  assert.equal(cursor, undefined);
  assert.ok(Date.parse(at) > Date.parse('2026-01-01'));
  understood();
});

test('a list goes on with the cursor of the order before', LIMIT, async () => {
  for (let i = 0; i < 5; i += 1) graph.addDevice({});
  const first = await rig.run('device.list', { limit: 2 });
  assert.equal(first.result.devices.length, 2);
  const second = await rig.run('device.list', { cursor: first.result.cursor });
  assert.equal(second.result.devices.length, 3);
  assert.equal(second.result.cursor, undefined);
  understood();
});

test('a link to another host ends the list, and no token goes there', LIMIT, async () => {
  for (let i = 0; i < 3; i += 1) graph.addDevice({});
  graph.linkRoot = 'http://127.0.0.1:9';
  const order = await rig.run('device.list');
  graph.linkRoot = undefined;
  assert.equal(order.state, 'failed');
  assert.equal(order.problem.code, 'next_link_elsewhere');
});

test('compliance comes in one batch', LIMIT, async () => {
  const device = graph.addDevice({
    complianceState: 'noncompliant', policies: [{ displayName: 'Disk', state: 'nonCompliant' }],
  });
  const order = await rig.run('device.compliance', { device_id: device.id });
  assert.deepEqual(order.result, {
    compliance: 'noncompliant', at: device.lastSyncDateTime, policies: [{ name: 'Disk', state: 'nonCompliant' }],
  });
  assert.equal(graph.count('batchV1'), 1);
  const unknown = await rig.run('device.compliance', { device_id: 'nobody' });
  assert.equal(unknown.problem.code, 'device_unknown');
  understood();
});

test('an activation is followed on the device', LIMIT, async () => {
  const device = graph.addDevice({});
  const extra = { device_id: device.id, carrier_url: 'https://carrier.example/odsa' };
  const order = await rig.run('device.activate', extra);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.deepEqual(order.result, { state: 'done' });
  assert.equal(graph.count('activateEsim', 204), 1);
  understood();
});

for (const drop of ['before', 'after']) {
  test(`an activation is begun once, whatever is lost: a cut ${drop} the effect`, LIMIT, async () => {
    const device = graph.addDevice({});
    graph.fault({ operation: 'activateEsim', drop });
    const extra = { device_id: device.id, carrier_url: 'https://carrier.example/odsa' };
    const order = await rig.run('device.activate', extra);
    assert.equal(order.state, 'completed', JSON.stringify(order));
    assert.equal(device.deviceActionResults.length, 1);
  });
}

test('a message is sent once; when its answer is lost, a person decides', LIMIT, async () => {
  const device = graph.addDevice({});
  const extra = { device_id: device.id, title: 'Your eSIM', text: 'It is ready.' };
  const sent = await rig.run('device.notify', extra);
  assert.deepEqual(sent.result, { state: 'sent' });
  graph.fault({ operation: 'notify', drop: 'after' });
  const lost = await rig.run('device.notify', extra);
  assert.equal(lost.state, 'held');
  assert.equal(graph.count('notify'), 2);
  understood();
});

test('a script is uploaded, assigned and followed', LIMIT, async () => {
  const device = graph.addDevice({});
  graph.groups.set('g-1', { id: 'g-1', displayName: 'Staff', members: new Set([device.objectId]) });
  graph.fault({ operation: 'createScript', drop: 'after' });
  const content = '# \u00e9\nWrite-Output "ready"\n'.repeat(2000);
  const order = await rig.run('script.deploy', { name: 'eSIM status', content, group: 'g-1' });
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(graph.scripts.size, 1);
  const [script] = graph.scripts.values();
  assert.equal(Buffer.from(script.scriptContent, 'base64').toString('utf8'), content);
  assert.deepEqual(order.result, {
    script_id: script.id, state: 'success', succeeded: 1, failed: 0,
  });
  understood();
});

test('an order that lacks something is refused before any call', LIMIT, async () => {
  const { status, json } = await rig.world.ask('POST', '/v1/orders', {
    headers: { 'Idempotency-Key': 'lacking' }, body: { type: 'device.assign', carrier: 'intune' },
  });
  assert.equal(status, 422);
  assert.deepEqual(json.errors.map((e) => e.pointer), ['/extra/device_id', '/iccid']);
  assert.equal(graph.calls.length, 0);
});

test('one token serves them all, and each request has an id of its own', LIMIT, async () => {
  const device = graph.addDevice({});
  await rig.run('device.compliance', { device_id: device.id });
  await rig.run('device.compliance', { device_id: device.id });
  assert.equal(rig.login.requests.length, 1);
  const ids = graph.calls.filter((c) => c.operation === 'batchV1').map((c) => c.requestId);
  assert.equal(new Set(ids).size, 2);
  assert.match(ids[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
});

// Promise 12 of reliability: nowhere but in ciphertext.
test('codes, secrets and tokens are in no log, no answer, no store', LIMIT, async () => {
  const token = graph.calls.find((c) => c.token)?.token;
  const { bytes } = await rig.world.ask('GET', '/v1/events?limit=500');
  const texts = [bytes.toString('utf8'), rig.world.read('host.log')];
  for (const name of readdirSync(rig.world.path('data'))) {
    texts.push(readFileSync(rig.world.path(`data/${name}`)).toString('latin1'));
  }
  for (const canary of ['CANARY', CODE, 'a secret & more', ...(token ? [token] : [])]) {
    assert.ok(texts.every((text) => !text.includes(canary)), `${canary.slice(0, 6)} leaks`);
  }
});
