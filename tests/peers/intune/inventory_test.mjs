// The devices of an Intune tenant, kept by the host: a whole list brings additions and
// removals, a later one what has synchronised since, an unfinished one goes on where it
// broke off; and a person finds a device by what is written on it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { build } from '../../scenario/world.mjs';
import { LIMIT, Rig } from './rig.mjs';

const run = promisify(execFile);
const EID = '89001012012341234012345678901224';
let rig;
let graph;

before(async () => {
  rig = await Rig.open({
    settings: { list_eid: true, page_size: 2 }, keys: { globex: ['globex', 'admin'] },
  });
  graph = rig.graph;
  for (const [id, members] of Object.entries({
    a: { deviceName: 'PC-1', userPrincipalName: 'ana@example.com', serialNumber: 'SN-100' },
    b: { deviceName: 'PC-2', userPrincipalName: 'ben@example.com', serialNumber: 'SN-200', eid: EID },
    c: { deviceName: 'Tablet', userPrincipalName: 'ana@example.com', serialNumber: 'SN-300' },
  })) graph.addDevice({ id, ...members });
});
after(() => rig.close());

async function list(extra) {
  const order = await rig.run('device.list', extra);
  assert.equal(order.state, 'completed', JSON.stringify(order));
  return order.result;
}

const known = async (query = '', as = 'admin') => {
  const { items } = await rig.world.get(`/v1/devices${query}`, as);
  return items.map(({ device_id: id }) => id);
};

const esimctl = (...args) => run(join(build, 'esimctl'), args, {
  env: { ...process.env, ESIM_URL: `http://${rig.world.http}`, ESIM_TOKEN_FILE: rig.world.path('key') },
});

test('a whole list fills the inventory, and says where the next begins', LIMIT, async () => {
  const { at } = await list();
  const page = await rig.world.get('/v1/devices');
  assert.deepEqual(page.items.map(({ device_id: id, name }) => [id, name]), [
    ['a', 'PC-1'], ['b', 'PC-2'], ['c', 'Tablet'],
  ]);
  assert.deepEqual(page.lists, [{ carrier: 'intune', since: at }]);
  const events = (await rig.world.events()).filter(({ type }) => type === 'device.added');
  assert.deepEqual(events.map(({ subject }) => subject), ['device/a', 'device/b', 'device/c']);
});

test('a device is found by name, user, serial number or EID', LIMIT, async () => {
  assert.deepEqual(await known('?q=pc-2'), ['b']);
  assert.deepEqual(await known('?q=ana%40example.com'), ['a', 'c']);
  assert.deepEqual(await known('?q=sn-300'), ['c']);
  assert.deepEqual(await known(`?q=${EID}`), ['b']);
  assert.deepEqual(await known('?q=nobody'), []);
  assert.deepEqual(await known('?carrier=other'), []);
  const one = await rig.world.get('/v1/devices/b');
  assert.equal(one.eid, EID);
  assert.equal(one.serial, 'SN-200');
});

test('another tenant sees none of them, and they are not found there', LIMIT, async () => {
  assert.deepEqual(await known('', 'globex'), []);
  const page = await rig.world.get('/v1/devices', 'globex');
  assert.deepEqual(page.lists, []);
  const [theirs, none] = await Promise.all(['a', 'x'].map((id) =>
    rig.world.ask('GET', `/v1/devices/${id}`, { as: 'globex' })));
  assert.equal(theirs.status, 404);
  assert.equal(theirs.json.code, none.json.code);
});

test('what has synchronised since then changes, and nothing goes', LIMIT, async () => {
  const [{ since }] = (await rig.world.get('/v1/devices')).lists;
  Object.assign(graph.devices.get('a'), { complianceState: 'noncompliant', lastSyncDateTime: '2096-01-01T00:00:00Z' });
  graph.devices.delete('c');
  const { devices } = await list({ since });
  assert.deepEqual(devices.map(({ device_id: id }) => id), ['a']);
  assert.equal((await rig.world.get('/v1/devices/a')).compliance, 'noncompliant');
  assert.deepEqual(await known(), ['a', 'b', 'c']);
});

test('a list that broke off goes on, and only its end removes', LIMIT, async () => {
  graph.addDevice({ id: 'd' });
  const { cursor } = await list({ limit: 1 });
  assert.deepEqual((await rig.world.get('/v1/devices')).lists[0].cursor, cursor);
  assert.deepEqual(await known(), ['a', 'b', 'c']);
  await list({ cursor });
  assert.deepEqual(await known(), ['a', 'b', 'd']);
  assert.equal((await rig.world.get('/v1/devices')).lists[0].cursor, undefined);
  const gone = (await rig.world.events()).filter(({ type }) => type === 'device.removed');
  assert.deepEqual(gone.map(({ subject }) => subject), ['device/c']);
});

test('esimctl asks for them all, and for what is new', LIMIT, async () => {
  graph.devices.delete('d');
  const { stderr } = await esimctl('device', 'sync', '--carrier', 'intune', '--whole');
  assert.match(stderr, /^2 devices told$/m);
  const { stdout } = await esimctl('device', 'list', '-q', 'PC', '-o', 'json');
  assert.deepEqual(JSON.parse(stdout).map(({ device_id: id }) => id), ['a', 'b']);
  const again = await esimctl('device', 'sync', '--carrier', 'intune');
  assert.match(again.stderr, /^1 devices told$/m);
  assert.match((await esimctl('device', 'get', 'b')).stdout, /SN-200/);
  const order = await esimctl('order', 'create', '--type', 'device.compliance', '--carrier', 'intune',
    '--extra', '{"device_id":"a"}', '--wait', '10s', '-o', 'json');
  assert.equal(JSON.parse(order.stdout).result.compliance, 'noncompliant');
});
