// ES2+ cut between host and SM-DP+, inside TLS and outside of it. Every function but the
// release may be asked once: no order has it carried out twice, and the sandbox counts.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { until, World } from '../scenario/world.mjs';
import { cutEverywhere, LIMIT, PATIENT } from './cut_everywhere.mjs';
import { CutProxy } from './cut_proxy.mjs';

const ENDED = ['completed', 'failed', 'partial', 'held', 'cancelled'];
const ONCE = ['downloadOrder', 'confirmOrder', 'cancelOrder'];

// With the proxy as the carrier's address; the sandbox stays where it is.
async function openWorld(secure) {
  const world = await World.open({
    stock: ['P1=100000'],
    limits: { limits: PATIENT },
    prepare: async (prepared) => {
      const tls = secure && {
        near: { key: prepared.read('tls/server.key'), cert: prepared.read('tls/server.pem') },
        far: {
          key: prepared.read('tls/client.key'), cert: prepared.read('tls/client.pem'),
          ca: prepared.read('tls/ca.pem'),
        },
      };
      prepared.proxy = await CutProxy.open(prepared.sandbox.address, { tls });
      await prepared.sh('place', 'atom', `https://${prepared.proxy.address}`);
    },
  });
  return world;
}
// What a person does with an order that is held: looks up at the carrier what became of
// the call that the order's words name, and says so.
async function resolve(world, order, ledger) {
  const [call] = /[0-9a-f-]{36}:\w+/.exec(order.held_for) ?? [];
  assert.ok(call, `nothing in "${order.held_for}" says what to look up`);
  const effect = ledger.find(({ kind, by }) => kind === 'state' && by === call);
  const { iccid, matchingId } = effect ? await world.carriersProfile(effect.iccid) : {};
  const found = call.endsWith('downloadOrder')
    ? { iccid } : { matching_id: matchingId, smdp_address: 'smdp.sandbox.example' };
  const { status, json } = await world.ask('POST', `/v1/orders/${order.id}/resolve`, {
    body: effect ? { resolution: 'done', result: found } : { resolution: 'not_done' },
    headers: { 'Idempotency-Key': order.id, 'If-Match': `"v${order.version}"` },
  });
  assert.equal(status, 202, JSON.stringify(json));
}

const follow = (world, id) => until('the order to end', async () => {
  const { json } = await world.ask('GET', `/v1/orders/${id}`);
  return ENDED.includes(json.state) && json;
});

async function place(world, members) {
  const { status, json } = await world.placeOrder(members);
  assert.equal(status, 202, JSON.stringify(json));
  return follow(world, json.id);
}

// One profile for one order, released, whatever was cut and whoever was asked.
async function judge(world, ended) {
  let order = ended;
  // What is done again may meet the cut of another order.
  for (let i = 0; order.state === 'held' && i < 50; i += 1) {
    await world.proxy.quiet();
    await resolve(world, order, await world.ledger(world.from));
    order = await follow(world, order.id);
  }
  assert.equal(order.state, 'completed', JSON.stringify(order));
  assert.equal((await world.carriersProfile(order.iccid)).state, 'Released');
}

// Of the whole run: no call that may be made once came twice, no profile was taken twice.
function judgeLedger(ledger, orders) {
  const calls = ledger.filter(({ kind, function: name }) => kind === 'request' && ONCE.includes(name));
  assert.equal(new Set(calls.map(({ call_id: id }) => id)).size, calls.length, 'a call was repeated');
  const changes = ledger.filter(({ kind }) => kind === 'state');
  const effects = changes.map(({ iccid, to }) => `${iccid} ${to}`);
  assert.equal(new Set(effects).size, effects.length, 'an effect twice');
  assert.equal(changes.filter(({ to }) => to === 'Linked').length, orders);
}

for (const [title, secure, exchanges] of [
  ['inside TLS', true, ['downloadOrder', 'confirmOrder', 'releaseProfile']],
  ['the bytes of TLS itself', false, [undefined]],
]) {
  describe(title, () => {
    let world;
    before(async () => { world = await openWorld(secure); });
    after(async () => {
      await world?.proxy.close();
      await world?.close();
    });
    for (const name of exchanges) {
      test(`${name ?? 'a whole connection'}, cut after every byte`, LIMIT, async (told) => {
        world.from = await world.ledgerEnd();
        const { points, cuts, states } = await cutEverywhere(world.proxy, {
          on: name && new RegExp(`^POST \\S+/${name} `),
          order: () => place(world),
          judge: (ended) => judge(world, ended),
        });
        judgeLedger(await world.ledger(world.from), points + 1);
        told.diagnostic(`${cuts} of ${points} cuts: ${JSON.stringify(states)}`);
      });
    }
  });
}
