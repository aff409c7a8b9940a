// SOAP cut between host and carrier, inside TLS. A lost order is looked for by its
// reference before it is sent again; everything else may be repeated, and has one effect.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { PASSWORD, SoapServer, USER } from '../peers/ooredoo/server.mjs';
import { tlsIn } from '../peers/smdp/rig.mjs';
import { until, World } from '../scenario/world.mjs';
import { cutEverywhere, LIMIT, PATIENT } from './cut_everywhere.mjs';
import { CutProxy } from './cut_proxy.mjs';

const ENDED = ['completed', 'failed', 'partial', 'held'];
let world;
let server;
let proxy;
let lines = 0;

async function prepare(prepared) {
  const { read } = tlsIn(prepared.path('tls'));
  server = await SoapServer.open({ read }, '1.1', { P1: 100000 });
  proxy = await CutProxy.open(server.address, {
    tls: { near: { key: read('server.key'), cert: read('server.pem') }, far: { ca: read('ca.pem') } },
  });
  mkdirSync(prepared.path('secrets/ooredoo/default'), { recursive: true });
  copyFileSync(prepared.path('tls/ca.pem'), prepared.path('secrets/ooredoo/default/soap.ca'));
  prepared.write('secrets/ooredoo/default/wss.password', PASSWORD);
  prepared.write('adapters.d/ooredoo.yaml', `settings:\n  username: ${USER}\n  settle_ms: 20\n`
    + `endpoints:\n  - name: soap\n    url: https://${proxy.address}\n`);
  prepared.signAdapter('ooredoo', { limits: PATIENT });
}

before(async () => { world = await World.open({ sandbox: false, prepare }); });
after(async () => {
  await world?.close();
  await proxy?.close();
  await server?.close();
});

async function place(members) {
  const { status, json } = await world.placeOrder({ carrier: 'ooredoo', ...members });
  assert.equal(status, 202, JSON.stringify(json));
  return until('the order to end', async () => {
    const order = await world.get(`/v1/orders/${json.id}`);
    return ENDED.includes(order.state) && order;
  });
}

const times = (effect) => server.carrier.effects.filter((each) => each === effect).length;

function judgeProfile(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(times(`order ${order.id}`), 1);
  assert.equal(times(`confirm ${order.iccid}`), 1);
  assert.equal(server.carrier.profiles.get(order.iccid).state, 'Released');
}

function judgeLine(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(times(`activate ${order.msisdn}`), 1);
}

const exchange = (name) => (bytes) => bytes.toString('latin1').toLowerCase()
  .includes(`soapaction: "urn:esimd:carrier:1:${name}"`.toLowerCase());

for (const [name, order, judge] of [
  ['OrderProfile', () => place({}), judgeProfile],
  ['ConfirmProfile', () => place({}), judgeProfile],
  ['ActivateLine', () => {
    lines += 1;
    return place({ type: 'line.activate', plan: 'basic', msisdn: `+95996${1000000 + lines}` });
  }, judgeLine],
]) {
  test(`${name}, cut after every byte`, LIMIT, async (told) => {
    const { points, cuts, states } = await cutEverywhere(proxy, { on: exchange(name), order, judge });
    told.diagnostic(`${cuts} of ${points} cuts: ${JSON.stringify(states)}`);
  });
}

test('one profile went to each order, and none to nobody', LIMIT, () => {
  const taken = [...server.carrier.profiles.values()].map(({ clientReference }) => clientReference);
  assert.equal(new Set(taken).size, taken.length);
});
