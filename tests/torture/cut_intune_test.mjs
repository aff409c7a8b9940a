// The connection to Graph cut inside whatever changes something. What is made once is
// looked for by its name before it is made again; of a message that may have been sent a
// person decides.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Rig } from '../peers/intune/rig.mjs';
import { cutEverywhere, LIMIT, PATIENT } from './cut_everywhere.mjs';
import { CutProxy } from './cut_proxy.mjs';

let rig;
let graph;
let proxy;
let assignments = 0;

before(async () => {
  rig = await Rig.open({
    settings: { follow_hours: 0, tries: 100 },
    limits: PATIENT,
    between: async (url) => {
      proxy = await CutProxy.open(new URL(url).host);
      return { url: `http://${proxy.address}`, stop: () => proxy.close() };
    },
  });
  graph = rig.graph;
  graph.pageSize = 100;
  graph.addDevice({ id: 'shared' });
  graph.groups.set('staff', { id: 'staff', displayName: 'Staff', members: new Set() });
});
after(() => rig.close());

// ---- orders, with what they are about ----

async function assign() {
  const device = graph.addDevice({});
  assignments += 1;
  const order = await rig.run('device.assign', {
    device_id: device.id, activation_code: `1$smdp.example.com$CODE-${assignments}`,
  }, { iccid: `89950600000000${String(10000 + assignments)}` });
  return { ...order, device };
}

const about = (type, extra) => async () => {
  const device = graph.addDevice({});
  return { ...await rig.run(type, { device_id: device.id, ...extra }), device };
};
const activate = about('device.activate', { carrier_url: 'https://carrier.example/odsa' });
const notify = about('device.notify', { title: 'eSIM', text: 'Ready.' });
const config = () => rig.run('config.deploy', {
  name: 'one', settings: [{ uri: './Test', value: 1 }], group: 'staff',
});
const script = () => rig.run('script.deploy', { name: 'one', content: 'exit 0', group: 'staff' });

// ---- what must be so at the end ----

const named = (map, name) => [...map.values()].filter(({ displayName }) => displayName === name);

// One group with the device alone in it, one pool with its code for that group.
function judgeAssign(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  const [groups, pools] = [graph.groups, graph.pools].map((map) => named(map, `esimd-${order.id}`));
  assert.deepEqual([groups.length, pools.length], [1, 1]);
  assert.deepEqual([...groups[0].members], [order.device.objectId]);
  assert.deepEqual(pools[0].assignments.map(({ target }) => target.groupId), [groups[0].id]);
  // Those after it need not page through them.
  graph.groups.delete(groups[0].id);
  graph.pools.delete(pools[0].id);
  graph.devices.delete(order.device.id);
}

function judgeActivate(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(order.device.deviceActionResults.length, 1);
}

function judgeScript(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  const ours = [...graph.scripts.values()].filter(({ description }) => description === `esimd-${order.id}`);
  assert.equal(ours.length, 1);
  assert.deepEqual(ours[0].targets, ['staff']);
  graph.scripts.delete(ours[0].id);
}

function judgeConfig(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  const ours = [...graph.configs.values()].filter(({ description }) => description === `esimd-${order.id}`);
  assert.equal(ours.length, 1);
  assert.deepEqual(ours[0].assignments.map(({ target }) => target.groupId), ['staff']);
  graph.configs.delete(ours[0].id);
}

// Completed is sent once; held is sent once or not at all, and ends as a person says.
async function judgeNotify(order) {
  await proxy.quiet();
  const sent = graph.calls.filter(({ path, effect }) => effect && path.includes(`${order.device.id}/`));
  assert.equal(sent.length <= 1, true, 'a message was sent again');
  if (order.state === 'completed') {
    assert.equal(sent.length, 1);
    return;
  }
  assert.equal(order.state, 'held', JSON.stringify(order));
  assert.match(order.held_for, /decide|person/);
  const { status } = await rig.world.ask('POST', `/v1/orders/${order.id}/resolve`, {
    body: { resolution: 'done', result: { state: 'sent' } },
    headers: { 'Idempotency-Key': order.id, 'If-Match': `"v${order.version}"` },
  });
  assert.equal(status, 202);
}

const devices = '/beta/deviceManagement/managedDevices';
const pools = '/beta/deviceManagement/embeddedSIMActivationCodePools';
const scripts = '/beta/deviceManagement/deviceManagementScripts';
const configs = '/v1.0/deviceManagement/deviceConfigurations';

describe('cut after every byte', { concurrency: true }, () => {
  for (const [name, path, order, judge] of [
    ['the making of a group', '/v1.0/groups', assign, judgeAssign],
    ['a member', '/v1.0/groups/\\S+/members/\\$ref', assign, judgeAssign],
    ['the making of a pool', pools, assign, judgeAssign],
    ['a pool\'s assignment', `${pools}/\\S+/assign`, assign, judgeAssign],
    ['an activation', `${devices}/\\S+/activateDeviceEsim`, activate, judgeActivate],
    ['a message', `${devices}/\\S+/sendCustomNotificationToCompanyPortal`, notify, judgeNotify],
    ['a script', scripts, script, judgeScript],
    ['a script\'s assignment', `${scripts}/\\S+/assign`, script, judgeScript],
    ['a configuration profile', configs, config, judgeConfig],
    ['a profile\'s assignment', `${configs}/\\S+/assign`, config, judgeConfig],
  ]) {
    test(name, LIMIT, async (told) => {
      const { points, cuts: made, states } = await cutEverywhere(proxy, {
        on: new RegExp(`^POST ${path} HTTP`), order, judge, atOnce: 8, sample: 4,
      });
      told.diagnostic(`${made} of ${points} cuts: ${JSON.stringify(states)}`);
    });
  }
});

test('Graph understood every whole request', () => {
  assert.deepEqual(graph.refused, []);
});
