// The protocol cut at every byte: of the request on its way to the carrier, and of the reply
// on its way back. Whatever is lost, every order is done, and done once. The carrier counts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from './world.mjs';

const LIMIT = { timeout: 150000 };
const NUMBER = 95979100000;
let world;
let server;
let last = 0;

before(async () => {
  world = await World.open({ plain: true });
  server = world.server;
});
after(() => world?.close());

// One order with a connection that is cut where `cut` says; the number that it was for.
async function activate(cut) {
  const msisdn = `+${NUMBER + (last += 1)}`;
  Object.assign(server, cut);
  const order = await world.line('line.activate', msisdn);
  assert.equal(order.state, 'completed', `${JSON.stringify(cut)} ${JSON.stringify(order)}`);
  return msisdn.slice(1);
}

async function cutEverywhere(member, size) {
  const numbers = [];
  for (let at = 0; at <= size; at += 1) {
    numbers.push(await activate({ [member]: at }));
    assert.equal(server[member], undefined, `${member} ${at} was not reached`);
  }
  const done = server.effects('LINE_ACTIVATE').map(({ params }) => params.MSISDN);
  for (const number of numbers) {
    assert.equal(done.filter((each) => each === number).length, 1, number);
  }
}

// The frame that the next activation takes, measured.
async function sizes() {
  const found = {};
  server.measure = found;
  await activate({});
  delete server.measure;
  return found;
}

test('a request cut at any byte is carried out once', LIMIT, async () => {
  const { request } = await sizes();
  assert.ok(request > 100);
  await cutEverywhere('cutRequest', request);
});

test('a reply cut at any byte is not a reason to do it again', LIMIT, async () => {
  const { reply } = await sizes();
  assert.ok(reply > 50);
  await cutEverywhere('cutReply', reply);
});

test('each time it was the same request id, and nothing was against the document', () => {
  const ids = new Map();
  server.requests.filter(({ name }) => name === 'LINE_ACTIVATE').forEach(({ id, params }) => {
    ids.set(params.MSISDN, (ids.get(params.MSISDN) ?? new Set()).add(id));
  });
  assert.equal(ids.size, last);
  ids.forEach((each, msisdn) => assert.equal(each.size, 1, msisdn));
  assert.deepEqual(server.violations, []);
});
