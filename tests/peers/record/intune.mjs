// The host and a Graph that npm's openapi-backend judges (tests/peers/intune).

import { randomUUID } from 'node:crypto';

import { CODE, ICCID, Rig } from '../intune/rig.mjs';
import { HttpTap } from './http_tap.mjs';
import { record } from './recorder.mjs';

const SETTINGS = {
  list_eid: true, poll_s: 1, poll_most_s: 1, settle_s: 1, throttle_s: 1,
};

// A request's id is the step's random bytes, but for the six bits that say its version.
const reveal = ({ headers }) => ({ random: headers['client-request-id'].replaceAll('-', '') });

const stories = (world, graph) => {
  const assign = (device) => ({
    type: 'device.assign', iccid: ICCID, extra: { device_id: device.id, activation_code: CODE },
  });
  return [
    ['a code reaches one device through a pool and a group', (story) => {
      graph.states = ['installing', 'installed'];
      return story.order(world, assign(graph.addDevice({})));
    }],
    ['a device that fails leaves its group', (story) => {
      graph.states = ['failed'];
      return story.order(world, assign(graph.addDevice({})));
    }],
    ['a group whose making was lost is found', (story) => {
      graph.states = ['installed'];
      graph.fault({ operation: 'createGroup', drop: 'after' });
      return story.order(world, assign(graph.addDevice({})));
    }],
    ['devices come in pages, with EIDs from batches', (story) => {
      for (let i = 0; i < 3; i += 1) {
        graph.addDevice({ id: `dev-${i}`, ...(i === 1 && { eid: '89001012012341234012345678901224' }) });
      }
      graph.fault({ operation: 'getHardware', status: 429, headers: { 'Retry-After': '1' } });
      return story.order(world, { type: 'device.list', extra: { since: '2026-01-01T00:00:00Z' } });
    }],
    ['compliance comes in one batch', async (story) => {
      const device = graph.addDevice({
        complianceState: 'noncompliant', policies: [{ displayName: 'Disk', state: 'nonCompliant' }],
      });
      await story.order(world, { type: 'device.compliance', extra: { device_id: device.id } });
      await story.order(world, { type: 'device.compliance', extra: { device_id: 'nobody' } });
    }],
    ['an activation is throttled, then followed', (story) => {
      const device = graph.addDevice({});
      graph.actions = ['active', 'done'];
      graph.fault({ operation: 'activateEsim', status: 429, headers: { 'Retry-After': '1' } });
      const extra = { device_id: device.id, carrier_url: 'https://carrier.example/odsa' };
      return story.order(world, { type: 'device.activate', extra });
    }],
    ['a message whose answer was lost waits for a person', (story) => {
      graph.fault({ operation: 'notify', drop: 'after' });
      const extra = { device_id: graph.addDevice({}).id, title: 'Your eSIM', text: 'It is ready.' };
      return story.order(world, { type: 'device.notify', extra });
    }],
    ['a script needs a permission that is not there', (story) => {
      graph.groups.set('g-1', { id: 'g-1', displayName: 'Staff', members: new Set() });
      graph.fault({ operation: 'createScript', status: 403, code: 'Forbidden' });
      const extra = { name: 'eSIM status', content: 'Write-Output "ready"\n', group: 'g-1' };
      return story.order(world, { type: 'script.deploy', extra });
    }],
  ];
};

// One story knows nothing of the others' devices.
const alone = (graph, [name, tell]) => [name, (story) => {
  for (const map of [graph.devices, graph.groups, graph.pools, graph.scripts]) map.clear();
  return tell(story);
}];

export async function recordIntune() {
  const rig = await Rig.open({ settings: { list_eid: true } });
  const { graph } = rig;
  const world = {
    dir: rig.world.dir,
    ask: async (method, path, body) => (await rig.world.ask(method, path, {
      ...(body && { body }), headers: { 'Idempotency-Key': randomUUID() },
    })).json,
  };
  try {
    await record({
      adapter: 'intune',
      judge: 'Graph in Node, judged by npm openapi-backend from graph.yaml (tests/peers/intune)',
      settings: { graph_root: graph.url, ...SETTINGS },
      masked: { result: ['at'] },
    }, new HttpTap(graph.server, { reveal }), stories(world, graph).map((each) => alone(graph, each)));
  } finally {
    await rig.close();
  }
}
