// What an administrator does besides assigning: look at a device, have it report, retire
// it, change groups, deploy a configuration profile; and see beforehand what an order
// would do.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { CODE, ICCID, LIMIT, Rig } from './rig.mjs';

const EID = '89001012012341234012345678901224';
let rig;
let graph;

before(async () => {
  rig = await Rig.open({ settings: { follow_hours: 0 } });
  graph = rig.graph;
});
after(() => rig.close());

beforeEach(() => {
  for (const map of [graph.devices, graph.groups, graph.pools, graph.scripts, graph.configs]) map.clear();
  graph.calls.length = 0;
  graph.refused.length = 0;
});

const understood = () => assert.deepEqual(graph.refused, []);
const effects = () => graph.calls.filter(({ effect }) => effect).map(({ operation }) => operation);
const staff = (...members) => {
  graph.groups.set('g-1', { id: 'g-1', displayName: 'Staff', members: new Set(members) });
};

async function done(type, extra, members) {
  const order = await rig.run(type, extra, members);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  understood();
  return order.result;
}

// ---- one device ----

test('a device is read with its EID', LIMIT, async () => {
  graph.addDevice({ id: 'a', eid: EID, serialNumber: 'SN-1' });
  const { devices } = await done('device.read', { device_id: 'a' });
  assert.equal(devices.length, 1);
  assert.deepEqual([devices[0].device_id, devices[0].serial, devices[0].eid], ['a', 'SN-1', EID]);
  const unknown = await rig.run('device.read', { device_id: 'x' });
  assert.equal(unknown.problem.code, 'device_unknown');
});

test('a device reports, and is retired; both stand in the audit', LIMIT, async () => {
  const device = graph.addDevice({ id: 'a' });
  assert.deepEqual(await done('device.sync', { device_id: 'a' }), { state: 'requested' });
  assert.ok(device.lastSyncDateTime > '2026-01-02');
  assert.deepEqual(await done('device.retire', { device_id: 'a' }), { state: 'requested' });
  assert.equal(graph.devices.size, 0);
  assert.deepEqual(effects(), ['syncDevice', 'retireDevice']);
  const { items } = await rig.world.get('/v1/audit?limit=20');
  assert.ok(items.filter(({ action }) => action === 'order.create').length >= 2);
  const gone = await rig.run('device.retire', { device_id: 'a' });
  assert.equal(gone.problem.code, 'device_unknown');
});

// ---- groups ----

test('a group is made, filled and emptied, and a second time changes nothing', LIMIT, async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => graph.addDevice({ id }));
  const made = await done('group.change', { name: 'eSIM pilots', add: ['a', 'b'] });
  const [group] = graph.groups.values();
  assert.deepEqual(made, { group_id: group.id, state: 'done', added: 2, removed: 0 });
  assert.deepEqual([...group.members], [a.objectId, b.objectId]);
  for (let i = 0; i < 2; i += 1) {
    const changed = await done('group.change', { group: group.id, add: ['b', 'c'], remove: ['a'] });
    assert.deepEqual(changed, { group_id: group.id, state: 'done', added: 2, removed: 1 });
    assert.deepEqual([...group.members].sort(), [b.objectId, c.objectId].sort());
  }
  await done('group.change', { name: 'eSIM pilots' });
  assert.equal(graph.groups.size, 1);
});

for (const drop of ['before', 'after']) {
  test(`one group is made, when its making is cut ${drop} the effect`, LIMIT, async () => {
    graph.addDevice({ id: 'a' });
    graph.fault({ operation: 'createGroup', drop });
    graph.fault({ operation: 'addMember', drop });
    const { group_id: id } = await done('group.change', { name: 'Pilots', add: ['a'] });
    assert.equal(graph.groups.size, 1);
    assert.equal(graph.groups.get(id).members.size, 1);
  });
}

test('two groups of one name, an unknown group and an unknown device are said', LIMIT, async () => {
  graph.groups.set('g-1', { id: 'g-1', displayName: 'Twin', members: new Set() });
  graph.groups.set('g-2', { id: 'g-2', displayName: 'Twin', members: new Set() });
  for (const [extra, code] of [
    [{ name: 'Twin' }, 'group_ambiguous'],
    [{ group: 'g-3' }, 'group_unknown'],
    [{ group: 'g-1', add: ['nobody'] }, 'device_unknown'],
    [{}, 'input_wrong'],
    [{ group: 'g-1', name: 'Twin' }, 'input_wrong'],
    [{ group: 'g-1', add: ['a/b'] }, 'input_wrong'],
  ]) {
    const order = await rig.run('group.change', extra);
    assert.equal(order.state, 'failed', JSON.stringify(order));
    assert.equal(order.problem.code, code);
  }
});

// ---- configuration profiles ----

const SETTINGS = [
  { uri: './Device/Vendor/MSFT/eUICCs/Default/Policies/LocalUIEnabled', value: false },
  { uri: './Device/Vendor/MSFT/Test/Number', value: 7 },
  { uri: './Device/Vendor/MSFT/Test/Text', value: 'x' },
];

test('a configuration profile is made, assigned and read back', LIMIT, async () => {
  staff();
  graph.fault({ operation: 'createConfig', drop: 'after' });
  const result = await done('config.deploy', { name: 'eSIM policy', settings: SETTINGS, group: 'g-1' });
  assert.equal(graph.configs.size, 1);
  const [config] = graph.configs.values();
  assert.deepEqual(result, {
    config_id: config.id, state: 'assigned', assignment_id: `${config.id}_g-1`,
  });
  assert.deepEqual(config.omaSettings.map(({ omaUri: uri, value }) => ({ uri, value })), SETTINGS);
  assert.ok(graph.count('getConfig') > 0);
});

test('a profile that Intune shows otherwise is held', LIMIT, async () => {
  staff();
  const { assignConfig } = graph;
  graph.assignConfig = (call) => {
    const reply = assignConfig.call(graph, call);
    [...graph.configs.values()][0].omaSettings.pop();
    return reply;
  };
  const order = await rig.run('config.deploy', { name: 'eSIM policy', settings: SETTINGS, group: 'g-1' });
  delete graph.assignConfig;
  assert.equal(order.state, 'held');
  assert.equal(order.steps[0].problem.code, 'not_as_ordered');
});

// ---- dry runs ----

for (const [type, extra, members, would] of [
  ['device.assign', { device_id: 'a', activation_code: CODE }, { iccid: ICCID }, 4],
  ['device.assign', { device_id: 'a', activation_code: CODE, group: 'g-1' }, { iccid: ICCID }, 2],
  ['device.activate', { device_id: 'a', carrier_url: 'https://carrier.example' }, {}, 1],
  ['device.notify', { device_id: 'a', title: 't', text: 'x' }, {}, 1],
  ['device.sync', { device_id: 'a' }, {}, 1],
  ['device.retire', { device_id: 'a' }, {}, 1],
  ['group.change', { name: 'New', add: ['a'] }, {}, 2],
  ['group.change', { group: 'g-1', remove: ['a'] }, {}, 1],
  ['script.deploy', { name: 's', content: 'exit 0', group: 'g-1' }, {}, 2],
  ['config.deploy', { name: 'c', settings: SETTINGS, group: 'g-1' }, {}, 2],
]) {
  test(`a dry run of ${type} with ${Object.keys(extra)} changes nothing`, LIMIT, async () => {
    const device = graph.addDevice({ id: 'a' });
    staff(device.objectId);
    const result = await done(type, { ...extra, dry_run: true }, members);
    assert.equal(result.state, 'planned');
    assert.equal(result.would.length, would, result.would);
    assert.deepEqual(effects(), []);
    if (type === 'device.assign') assert.equal(result.targeting, 'device');
  });
}

test('a dry run finds what would be refused', LIMIT, async () => {
  const order = await rig.run('device.assign', { device_id: 'x', activation_code: CODE, dry_run: true }, { iccid: ICCID });
  assert.equal(order.problem.code, 'device_unknown');
});

// ---- the order API ----

test('input of a wrong kind is refused at its place, before any call', LIMIT, async () => {
  for (const [type, body, pointers] of [
    ['device.list', { extra: { limit: '5', since: 7, cursor: [] } }, ['/extra/cursor', '/extra/since', '/extra/limit']],
    ['device.assign', { extra: { device_id: 7, group: {} } }, ['/iccid', '/extra/device_id', '/extra/group']],
    ['device.activate', { extra: {} }, ['/extra/device_id', '/extra/carrier_url']],
    ['device.notify', { extra: { device_id: 'a' } }, ['/extra/title', '/extra/text']],
    ['device.sync', {}, ['/extra/device_id']],
    ['group.change', { extra: { name: 'x', add: 'a' } }, ['/extra/add']],
    ['script.deploy', { extra: { name: 'n', content: 1, group: 'g', devices_expected: 'all' } },
      ['/extra/content', '/extra/devices_expected']],
    ['config.deploy', { extra: { name: 'n', settings: {}, group: 'g' } }, ['/extra/settings']],
    ['device.retire', { extra: { device_id: 'a', dry_run: 'yes' } }, ['/extra/dry_run']],
    ['line.terminate', { msisdn: '+959790000001', extra: { dry_run: true } }, ['/extra/dry_run']],
    ['device.assign', { iccid: '123', extra: { device_id: 'a' } }, ['/iccid']],
  ]) {
    const { status, json } = await rig.world.ask('POST', '/v1/orders', {
      headers: { 'Idempotency-Key': `wrong-${Math.random()}` }, body: { type, carrier: 'intune', ...body },
    });
    assert.equal(status, 422, `${type} ${JSON.stringify(json)}`);
    assert.deepEqual(json.errors.map(({ pointer }) => pointer).sort(), pointers.sort(), type);
  }
  assert.equal(graph.calls.length, 0);
});
