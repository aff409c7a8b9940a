// The host ends, in order or not, in the middle of its work, and begins again.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { summary, until, World } from './world.mjs';

const ORDERS = 10;

let world;
before(async () => { world = await World.open({ settings: { 'http.drain_ms': 2000 } }); });
after(() => world?.close());

const final = ['completed', 'held', 'failed', 'partial', 'cancelled'];

async function ended(ids) {
  return until('the orders to end', async () => {
    const orders = await Promise.all(ids.map((id) => world.get(`/v1/orders/${id}`)));
    return orders.every((order) => final.includes(order.state)) && orders;
  });
}

// Orders whose functions take `ms` each, caught when some are at each of the three.
async function inTheMiddle() {
  await world.control('DELETE', '/sandbox/faults');
  const from = await world.ledgerEnd();
  for (const name of ['downloadOrder', 'confirmOrder', 'releaseProfile']) {
    await world.fault({ function: name, fault: 'slow', ms: 150, count: 0 });
  }
  const ids = [];
  for (let i = 0; i < ORDERS; i += 1) {
    ids.push((await world.placeOrder({}, { key: `${from}-${i}` })).json.id);
  }
  await until('the first release', async () =>
    (await world.ledger(from)).some((line) => line.function === 'releaseProfile'));
  for (let i = ORDERS; i < 2 * ORDERS; i += 1) {
    ids.push((await world.placeOrder({}, { key: `${from}-${i}` })).json.id);
  }
  return { from, ids };
}

test('A host that is asked to stop ends what is under way, and goes on when it is back', async () => {
  const { from, ids } = await inTheMiddle();
  await world.end('SIGTERM');
  await world.control('DELETE', '/sandbox/faults');
  await world.start();
  const orders = await ended(ids);
  assert.deepEqual([...new Set(orders.map((order) => order.state))], ['completed']);
  const counts = summary(await world.ledger(from));
  assert.equal(counts.downloadOrder, `${2 * ORDERS} asked, ${2 * ORDERS} done`);
  assert.equal(counts.confirmOrder, `${2 * ORDERS} asked, ${2 * ORDERS} done`);
  assert.match(counts.releaseProfile, new RegExp(`, ${2 * ORDERS} done$`));
});

test('A host that is killed loses no order and repeats no function that it must not', async () => {
  const { from, ids } = await inTheMiddle();
  await world.end('SIGKILL');
  await world.control('DELETE', '/sandbox/faults');
  await world.start();
  const orders = await ended(ids);
  const states = new Set(orders.map((order) => order.state));
  states.delete('held');
  assert.deepEqual([...states], ['completed']);
  const counts = summary(await world.ledger(from));
  for (const name of ['downloadOrder', 'confirmOrder']) {
    const [, asked, done] = counts[name].match(/^(\d+) asked, (\d+) done$/);
    assert.equal(asked, done, `${name}: nothing was asked that had been done`);
    assert.ok(Number(done) <= 2 * ORDERS);
  }
  assert.equal((await world.get('/v1/audit/verify')).ok, true);
});

// A supervisor starts the next host at once, when the last threads of the killed one may
// still have the data folder's lock.
test('A host that is killed under load can be started at once, again and again', async () => {
  let busy = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (busy) await world.placeOrder().catch(() => {});
  });
  try {
    for (let i = 0; i < 5; i += 1) {
      const placed = await world.placeOrder();
      await world.killAndStart();
      assert.equal((await world.get(`/v1/orders/${placed.json.id}`)).id, placed.json.id);
    }
  } finally {
    busy = false;
    await Promise.all(clients);
  }
});

test('A key that was answered before the host was killed still gives that order', async () => {
  const first = await world.placeOrder({}, { key: 'kept', headers: { Prefer: 'wait=10' } });
  await world.end('SIGKILL');
  await world.start();
  const from = await world.ledgerEnd();
  const again = await world.placeOrder({}, { key: 'kept', headers: { Prefer: 'wait=10' } });
  assert.equal(again.json.id, first.json.id);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  assert.deepEqual(await world.ledger(from), []);
});

test('A host that has been stopped leaves no cell behind', async () => {
  const cells = [...world.cells('esim-cell'), ...world.cells('esim-policy-cel')];
  assert.ok(cells.length >= 2);
  await world.end('SIGKILL');
  await until('the cells to end', () => cells.every((pid) => {
    try {
      return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return true;
    }
  }));
  await world.start();
});

test('A second host on the same data is refused while the first one serves', async () => {
  const second = world.secondHost();
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /is the host that writes/);
  const { json } = await world.placeOrder({}, { headers: { Prefer: 'wait=10' } });
  assert.equal(json.state, 'completed');
});
