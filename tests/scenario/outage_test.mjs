// The carrier is away: orders wait, the breaker spares it, and all is done when it is back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { summary, until, World } from './world.mjs';

const ORDERS = 12;

let world;
before(async () => {
  world = await World.open({
    limits: { breaker: { failures: 3, window_ms: 60000, open_ms: 300, probes: 1 } },
    // Fewer tries than an outage costs: what never left must not use them up.
    settings: { 'engine.attempts': 3 },
  });
});
after(() => world?.close());

const breaker = async () => (await world.get('/v1/adapters/atom')).endpoints[0].breaker;
const states = async (ids) => Promise.all(ids.map(async (id) =>
  (await world.get(`/v1/orders/${id}`)).state));

test('Orders wait while the carrier is down, and are completed once when it is back', async () => {
  const { address, control } = world.sandbox;
  await world.stopSandbox();
  const replies = await Promise.all(Array.from({ length: ORDERS }, () => world.placeOrder()));
  const ids = replies.map((reply) => reply.json.id);
  await until('the breaker to open', async () => await breaker() === 'open');
  await until('all orders to wait', async () =>
    (await states(ids)).every((state) => state === 'pending'));
  await world.startSandbox('--listen', address, '--control', control);
  await until('all orders to complete', async () =>
    (await states(ids)).every((state) => state === 'completed'));
  await until('the breaker to close', async () => await breaker() === 'closed');
  assert.deepEqual(summary(await world.ledger()), {
    downloadOrder: `${ORDERS} asked, ${ORDERS} done`,
    confirmOrder: `${ORDERS} asked, ${ORDERS} done`,
    releaseProfile: `${ORDERS} asked, ${ORDERS} done`,
  });
});

test('A carrier that only says it is away is spared too, and nothing is lost', async () => {
  const from = await world.ledgerEnd();
  await world.fault({ function: '*', fault: '5xx', status: 503, count: 0 });
  const replies = await Promise.all(Array.from({ length: 4 }, () => world.placeOrder()));
  const ids = replies.map((reply) => reply.json.id);
  await until('the breaker to open', async () => await breaker() === 'open');
  await world.control('DELETE', '/sandbox/faults');
  await until('the orders to end', async () =>
    (await states(ids)).every((state) => ['completed', 'held'].includes(state)));
  const done = (await states(ids)).filter((state) => state === 'completed').length;
  const { downloadOrder } = summary(await world.ledger(from));
  assert.ok(done > 0);
  assert.match(downloadOrder, new RegExp(`, ${done} done$`));
});
