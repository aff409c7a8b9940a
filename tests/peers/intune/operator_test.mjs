// What whoever runs the host gets to see and may rely on: Graph's own words to quote to
// its support, patience where Graph asks for it, no token for strangers, roots that are
// settings, and waiting that outlives the host.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';

import { build } from '../../scenario/world.mjs';
import { CODE, LIMIT, Rig, until } from './rig.mjs';

const run = promisify(execFile);
let rig;
let graph;
before(async () => {
  rig = await Rig.open();
  graph = rig.graph;
});
after(() => rig.close());
beforeEach(() => {
  for (const map of [graph.devices, graph.groups, graph.pools, graph.scripts, graph.configs]) map.clear();
  graph.calls.length = 0;
});

async function listen(answer) {
  const server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

const REQUEST_ID = '2f0c6c1e-1111-4222-8333-444455556666';

test('Graph\'s code and request-id reach order, step, esimctl and event; its words do not', LIMIT, async () => {
  const device = graph.addDevice({});
  graph.fault({ operation: 'notify', status: 403, code: 'Forbidden', requestId: REQUEST_ID });
  const order = await rig.run('device.notify', { device_id: device.id, title: 't', text: 'x' });
  assert.equal(order.state, 'failed');
  for (const problem of [order.problem, order.steps[0].problem]) {
    assert.equal(problem.code, 'permission_missing');
    assert.equal(problem.carrier_code, `Forbidden/${REQUEST_ID}`);
    assert.match(problem.message, /DeviceManagementManagedDevices\.ReadWrite\.All/);
  }
  const { stdout } = await run(join(build, 'esimctl'), ['order', 'get', order.id, '-o', 'yaml'], {
    env: { ...process.env, ESIM_URL: `http://${rig.world.http}`, ESIM_TOKEN_FILE: rig.world.path('key') },
  });
  assert.ok(stdout.includes(REQUEST_ID) && stdout.includes('permission_missing'));
  assert.ok(!JSON.stringify(order).includes('CANARY'));
});

test('429 and 503 are waited out as long as Graph says, or longer each time', LIMIT, async () => {
  graph.states = ['installed'];
  const waits = (operation) => {
    const at = graph.calls.filter((call) => call.operation === operation).map((call) => call.at);
    return at.slice(1).map((each, i) => each - at[i]);
  };
  graph.fault({ operation: 'createPool', status: 429, headers: { 'Retry-After': '2' } });
  graph.fault({ operation: 'assignPool', status: 429, times: 2 });
  graph.fault({ operation: 'listStates', status: 503, headers: { 'Retry-After': '2' } });
  graph.fault({ operation: 'listPools', status: 504 });
  const order = await rig.assign(graph.addDevice({}));
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.ok(waits('createPool')[0] >= 2000, waits('createPool'));
  const [first, second] = waits('assignPool');
  assert.ok(first >= 1000 && second >= 2000, `${first} ${second}`); // throttle_s, doubled.
  assert.ok(waits('listStates')[0] >= 2000, waits('listStates'));
});

// A list that may have pages, and an order that reads it.
for (const [list, place] of [
  ['devices', () => rig.run('device.list')],
  ['pools', (device) => rig.assign(device)],
  ['scripts', () => rig.run('script.deploy', { name: 'n', content: 'exit 0', group: 'staff' })],
  ['configs', () => rig.run('config.deploy', { name: 'n', settings: [{ uri: './x', value: 1 }], group: 'staff' })],
]) {
  test(`a link from the ${list} to another host is not followed`, LIMIT, async () => {
    const strangers = [];
    const stranger = await listen((request, response) => {
      strangers.push(request.headers);
      response.end('{"value":[]}');
    });
    const device = graph.addDevice({});
    for (let i = 0; i < 3; i += 1) {
      graph.addDevice({});
      graph.pools.set(`p${i}`, { id: `p${i}`, displayName: `other ${i}`, codes: [] });
      graph.scripts.set(`s${i}`, { id: `s${i}`, displayName: `other ${i}`, description: '' });
      graph.configs.set(`c${i}`, { id: `c${i}`, displayName: `other ${i}`, description: '' });
    }
    graph.linkRoot = stranger.url;
    const order = await place(device);
    graph.linkRoot = undefined;
    stranger.server.close();
    assert.equal(order.steps[0].problem.code, 'next_link_elsewhere', JSON.stringify(order));
    // Pools are read after a group was made: somebody has to look.
    assert.equal(order.state, list === 'pools' ? 'held' : 'failed');
    assert.deepEqual(strangers, []);
  });
}

test('the roots of v1.0 and beta are settings', LIMIT, async () => {
  const seen = [];
  const strip = async (target) => {
    const { server, url } = await listen((request, response) => {
      seen.push(request.url);
      const onward = http.request(target + request.url.replace(/^\/cloud\/(one|two)/, (_, which) =>
        ({ one: '/v1.0', two: '/beta' }[which])), { method: request.method, headers: request.headers }, (reply) => {
        response.writeHead(reply.statusCode, reply.headers);
        reply.pipe(response);
      });
      request.pipe(onward);
    });
    return { url, stop: () => { server.closeAllConnections(); server.close(); } };
  };
  const other = await Rig.open({
    between: strip, settings: { v1_path: '/cloud/one', beta_path: '/cloud/two' },
  });
  try {
    other.graph.addDevice({ id: 'a' });
    const order = await other.run('device.read', { device_id: 'a' });
    assert.equal(order.state, 'completed', JSON.stringify(order));
  } finally {
    await other.close();
  }
  assert.deepEqual(seen.map((path) => path.split('?')[0]), [
    '/cloud/one/deviceManagement/managedDevices/a', '/cloud/two/deviceManagement/managedDevices/a',
  ]);
});

for (const [state, code] of [
  ['failed', 'activation_failed'], ['canceled', 'activation_cancelled'], ['notSupported', 'not_supported'],
]) {
  test(`an activation that ends as ${state} says so`, LIMIT, async () => {
    graph.actions = ['pending', state];
    const order = await rig.run('device.activate', {
      device_id: graph.addDevice({}).id, carrier_url: 'https://carrier.example',
    });
    assert.equal(order.state, 'failed');
    assert.equal(order.problem.code, code);
  });
}

// Each wait is in the store: the host may come and go as often as it likes.
test('what is followed for long goes on through a kill, a stop and another kill', LIMIT, async () => {
  const { world } = rig;
  graph.states = ['notEvaluated', ...Array(5).fill('installing'), 'installed'];
  graph.actions = [...Array(6).fill('active'), 'done'];
  graph.runs = [...Array(6).fill('pending'), 'success'];
  const device = graph.addDevice({});
  graph.groups.set('staff', { id: 'staff', displayName: 'Staff', members: new Set([device.objectId]) });
  const ids = await Promise.all([
    rig.place('device.assign', { device_id: device.id, activation_code: CODE }, { iccid: '8995060000000000018' }),
    rig.place('device.activate', { device_id: device.id, carrier_url: 'https://carrier.example' }),
    rig.place('script.deploy', { name: 'n', content: 'exit 0', group: 'staff' }),
  ]);
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL']) {
    const looks = () => ['listStates', 'listRuns', 'getDevice'].map((name) => graph.count(name));
    const before = looks();
    await until('a look at each', () => looks().every((count, i) => count > before[i]));
    await world.end(signal);
    await world.start();
  }
  for (const id of ids) {
    const order = await rig.ended(id);
    assert.equal(order.state, 'completed', JSON.stringify(order));
  }
  for (const name of ['createGroup', 'createPool', 'assignPool', 'activateEsim', 'createScript', 'assignScript']) {
    assert.equal(graph.count(name), 1, name);
  }
});
