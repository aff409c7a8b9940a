// A client takes an order back: in every state it can be in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { scenarios } from './story.mjs';
import { until, World } from './world.mjs';

let world;
before(async () => { world = await World.open({ limits: { limits: { in_flight: 1 } } }); });
after(() => world?.close());

const completed = [
  { client: 'orders' },
  { order: 'acknowledged inProgress completed' },
  { profile: 'Linked Confirmed Released' },
];
const whole = {
  downloadOrder: '1 asked, 1 done',
  confirmOrder: '1 asked, 1 done',
  releaseProfile: '1 asked, 1 done',
};
const cancelled = { ...whole, cancelOrder: '1 asked, 1 done' };

scenarios(() => world, [
  {
    title: 'An order that is in progress ends its step, then takes back what was done',
    story: [
      { carrier: { confirmOrder: { fault: 'slow', ms: 400 } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress' },
      { profile: 'Linked' },
      { client: 'cancels' },
      { order: 'assessingCancellation pendingCancellation cancelled' },
      { profile: 'Confirmed Available' },
      {
        ledger: {
          downloadOrder: '1 asked, 1 done',
          confirmOrder: '1 asked, 1 done',
          cancelOrder: '1 asked, 1 done',
        },
      },
    ],
  },
  {
    title: 'An order that waits for a busy carrier is cancelled at once, and nothing is asked',
    story: [
      { carrier: { downloadOrder: { fault: 'throttle', ms: 600000 } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending' },
      { client: 'cancels' },
      { order: 'assessingCancellation cancelled' },
      { ledger: { downloadOrder: '1 asked, 0 done' } },
    ],
  },
  {
    title: 'An order whose release is being repeated ends it, then gives the profile back',
    story: [
      { carrier: { releaseProfile: { fault: 'drop_after', count: 6 } } },
      { client: 'orders' },
      { order: /^acknowledged inProgress pending/ },
      { client: 'cancels' },
      { order: /assessingCancellation pendingCancellation cancelled$/ },
      { profile: 'Linked Confirmed Released Available' },
    ],
  },
  {
    title: 'A held order waits for a person and cannot be cancelled',
    story: [
      { carrier: { downloadOrder: 'drop_before' } },
      { client: 'orders' },
      { order: 'acknowledged inProgress held' },
      { client: 'cancels' },
      { refused: 409 },
      { operator: 'give_up' },
      { order: 'inProgress failed' },
      { client: 'cancels' },
      { refused: 409 },
      { ledger: { downloadOrder: '1 asked, 0 done' } },
    ],
  },
  {
    title: 'A completed order gives its profile back while no device has it',
    story: [
      ...completed,
      { client: 'cancels' },
      { order: 'assessingCancellation pendingCancellation cancelled' },
      { profile: 'Available' },
      { ledger: cancelled },
      { client: 'cancels' },
      { refused: 409 },
    ],
  },
  {
    title: 'An order whose profile is on a device stays completed, for the carrier keeps it',
    story: [
      ...completed,
      { device: 'installs' },
      { profile: 'Downloaded Installed' },
      { client: 'cancels' },
      { order: 'assessingCancellation pendingCancellation completed' },
      // The device's own two changes at the carrier are no function's.
      { ledger: { ...whole, cancelOrder: '1 asked, 0 done' } },
    ],
  },
  {
    title: 'A cancellation whose answer is lost is held, and done when a person says so',
    story: [
      ...completed,
      { carrier: { cancelOrder: 'drop_after' } },
      { client: 'cancels' },
      { order: 'assessingCancellation pendingCancellation held' },
      { ledger: cancelled },
      { operator: 'done' },
      { order: 'pendingCancellation cancelled' },
      { ledger: cancelled },
    ],
  },
  {
    title: 'A cancellation that is given up leaves the order completed',
    story: [
      ...completed,
      { carrier: { cancelOrder: 'drop_before' } },
      { client: 'cancels' },
      { order: 'assessingCancellation pendingCancellation held' },
      { operator: 'give_up' },
      { order: 'pendingCancellation completed' },
      { ledger: { ...whole, cancelOrder: '1 asked, 0 done' } },
    ],
  },
]);

test('An order that nobody has taken up is cancelled at once, and nothing is asked', async () => {
  await world.control('DELETE', '/sandbox/faults');
  await world.fault({ function: 'downloadOrder', fault: 'slow', ms: 500 });
  const from = await world.ledgerEnd();
  const first = (await world.placeOrder()).json;
  await until('the first order to be in progress', async () =>
    (await world.get(`/v1/orders/${first.id}`)).state === 'inProgress');
  const second = (await world.placeOrder()).json;
  const reply = await world.ask('POST', `/v1/orders/${second.id}/cancel`);
  assert.equal(reply.status, 202);
  assert.equal(reply.json.state, 'cancelled');
  await until('the first order to complete', async () =>
    (await world.get(`/v1/orders/${first.id}`)).state === 'completed');
  const asked = (await world.ledger(from)).filter((line) => line.function === 'downloadOrder');
  assert.equal(asked.length, 1);
  assert.equal((await world.get(`/v1/orders/${second.id}`)).state, 'cancelled');
});

test('A cancellation that expects another version of the order is refused', async () => {
  const { id, version } = (await world.placeOrder({}, { headers: { Prefer: 'wait=10' } })).json;
  const stale = await world.ask('POST', `/v1/orders/${id}/cancel`, {
    headers: { 'If-Match': `"v${version - 1}"` },
  });
  assert.equal(stale.status, 412);
  const fresh = await world.ask('POST', `/v1/orders/${id}/cancel`, {
    headers: { 'If-Match': `"v${version}"` },
  });
  assert.equal(fresh.status, 202);
});
