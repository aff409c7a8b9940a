// The session to Mytel's carrier cut inside one of its frames. A request keeps its id
// through new sessions, so that the carrier does it once; the carrier counts.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { frames, operations } from '../peers/mytel/document.mjs';
import { CLIENT, SECRET, Server } from '../peers/mytel/server.mjs';
import { decode, frameLength, readFrame } from '../peers/mytel/wire.mjs';
import { top, until, World } from '../scenario/world.mjs';
import { cutEverywhere, LIMIT } from './cut_everywhere.mjs';
import { CutProxy } from './cut_proxy.mjs';

const ENDED = ['completed', 'failed', 'partial', 'held'];
let world;
let server;
let proxy;
let lines = 0;

async function prepare(prepared) {
  server = await Server.open(undefined, { P1: 10000 });
  proxy = await CutProxy.open(server.address);
  mkdirSync(prepared.path('secrets/mytel/default'), { recursive: true });
  prepared.write('secrets/mytel/default/login.secret', SECRET);
  prepared.write('adapters.d/mytel.yaml', `settings:\n  client_id: ${CLIENT}\n`
    + `endpoints:\n  - name: mytel\n    url: tcp://${proxy.address}\n`);
  prepared.signAdapter('mytel', {}, readFileSync(join(top, 'manifests/mytel.yaml'), 'utf8')
    .replace(/answer_ms: \d+/, 'answer_ms: 30000')
    .replace(/tls: server/, 'tls: none')
    .replace(/ {2}- \{ name: mytel.ca.*\n/, ''));
}

before(async () => { world = await World.open({ sandbox: false, prepare }); });
after(async () => {
  await world?.close();
  await proxy?.close();
  await server?.close();
});

async function place(members) {
  const { status, json } = await world.placeOrder({ carrier: 'mytel', plan: 'basic', ...members });
  assert.equal(status, 202, JSON.stringify(json));
  return until('the order to end', async () => {
    const order = await world.get(`/v1/orders/${json.id}`);
    return ENDED.includes(order.state) && order;
  });
}

const profile = () => place({});

function line() {
  lines += 1;
  return place({ type: 'line.activate', msisdn: `+95979${100000 + lines}` });
}

// For the first frames of a session there has to be a new one.
function afresh() {
  proxy.drop();
  return line();
}

const times = (name, members) => server.effects(name).filter(({ params }) =>
  Object.entries(members).every(([key, value]) => params[key] === value)).length;

function judgeProfile(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(times('PROFILE_CONFIRM', { ICCID: order.iccid }), 1);
}

function judgeLine(order) {
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal(times('LINE_ACTIVATE', { MSISDN: order.msisdn.slice(1) }), 1);
}

// A piece that begins with such a frame.
const frame = (name) => (bytes) => bytes[3] === frames[name];
const request = (name) => (bytes) => frame('REQUEST')(bytes)
  && operations.get(decode(readFrame(bytes.subarray(0, frameLength(bytes))).body).OPERATION)?.name === name;

for (const [name, on, order, judge] of [
  ['HELLO', frame('HELLO'), afresh, judgeLine],
  ['LOGIN', frame('LOGIN'), afresh, judgeLine],
  ['LINE_ACTIVATE', request('LINE_ACTIVATE'), line, judgeLine],
  ['PROFILE_ORDER', request('PROFILE_ORDER'), profile, judgeProfile],
  ['PROFILE_CONFIRM', request('PROFILE_CONFIRM'), profile, judgeProfile],
]) {
  test(`${name}, cut after every byte`, LIMIT, async (told) => {
    const { points, cuts, states } = await cutEverywhere(proxy, {
      on, order, judge, atOnce: 1, sample: 3, // A new session takes its time.
    });
    told.diagnostic(`${cuts} of ${points} cuts: ${JSON.stringify(states)}`);
  });
}

test('as many profiles were ordered as there were orders, and nothing was against the document', LIMIT, async () => {
  const { items } = await world.get('/v1/profiles?limit=500');
  assert.ok(items.length > 0);
  assert.equal(server.effects('PROFILE_ORDER').length, server.effects('PROFILE_CONFIRM').length);
  assert.deepEqual(server.violations, []);
});
