// A kept session, cut at every byte. A short order (bind, submit_sm, receipt, reply) goes
// over a connection that ends after so many bytes in one direction; later connections are
// whole. The carrier keeps what nobody acknowledged, as the real ones do. Then:
//
// - the carrier has seen the operation's submit_sm at most once, and acted at most once;
// - where it acted the order is completed: the reply or the receipt found it;
// - where it did not, the order is held for a person, who is told what to ask about.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Carrier, SETTINGS } from '../peers/mpt/carrier.mjs';
import { Smsc } from '../peers/mpt/smsc.mjs';
import { World } from '../peers/mpt/world.mjs';
import { eventually } from '../peers/smdp/rig.mjs';
import { CutProxy } from './cut_proxy.mjs';

const SHORT_POINTS = 24;
const LIMIT = { timeout: 1800000 };
const LIMITS = [
  'response_ms: 1000', 'reply_ms: 2000', 'receipt_ms: 500', 'pause_ms: 20', 'submit_ms: 5000',
  'response_ids: hex', 'receipt_ids: hex',
];
const QUICK = ['retry: { base_ms: 10, most_ms: 20, attempts: 50 }'];
const SIDES = ['request', 'reply'];

let carrier;
let smsc;
let proxy;
let world;
let number = 0;

before(async () => {
  carrier = new Carrier();
  smsc = await Smsc.open(carrier, { keeps: true });
  proxy = await CutProxy.open(smsc.address);
  world = await World.open(proxy.address, [...SETTINGS, ...LIMITS], {}, { manifest: QUICK });
});
after(async () => {
  await world?.close();
  await proxy?.close();
  await smsc?.close();
});

// One order over a connection of its own, which is cut: { state, passed }.
async function strike(side, at) {
  number += 1;
  const msisdn = `+95979${String(number).padStart(6, '0')}9`; // The carrier knows others.
  const had = carrier.commands.length;
  proxy.clear();
  const cut = proxy.cut({ side, at, exchange: false });
  proxy.sockets.forEach((socket) => socket.destroy());
  const order = await world.order({ type: 'line.suspend', msisdn });
  await eventually(() => smsc.owing.size === 0);
  const seen = smsc.submits.filter(({ pdu }) =>
    pdu.short_message.message.startsWith(`SUS ${msisdn.slice(1)} `));
  const words = JSON.stringify(order.steps);
  assert.ok(seen.length <= 1, `submit_sm came ${seen.length} times: ${words}`);
  assert.equal(carrier.commands.length - had, seen.length);
  assert.equal(order.state, seen.length === 1 ? 'completed' : 'held', words);
  if (order.state === 'held') assert.match(order.steps[0].problem.message, /reference \w{9}/);
  return { state: order.state, passed: cut.passed };
}

// Every point of one direction, or as many as asked for with the first and the last.
function pointsOf(bytes, most) {
  if (most > bytes) return Array.from({ length: bytes + 1 }, (_, at) => at);
  return Array.from({ length: most }, (_, i) => Math.round((i * bytes) / (most - 1)));
}

for (const side of SIDES) {
  test(`cut in the ${side}, an order ends or is held and nothing is sent twice`, LIMIT, async (t) => {
    const most = process.env.TORTURE === 'long' ? Infinity : SHORT_POINTS / SIDES.length;
    const { state, passed } = await strike(side, Infinity);
    assert.equal(state, 'completed');
    assert.ok(passed > 100, `a bind and a submit_sm in ${passed} bytes`);
    const states = { completed: 0, held: 0 };
    for (const at of pointsOf(passed, most)) {
      await t.test(`after ${at} of ${passed} bytes`, async () => {
        states[(await strike(side, at)).state] += 1;
      });
    }
    t.diagnostic(JSON.stringify(states));
  });
}

test('no command had its effect twice, and nothing was out of line', () => {
  assert.deepEqual([...carrier.effects].filter(([, times]) => times !== 1), []);
  // At the end of a connection npm's smpp tries to read half a PDU, and says so.
  const wrong = smsc.wrong.filter((words) => !/ERR_(BUFFER_)?OUT_OF_/.test(words));
  assert.deepEqual(wrong, []);
});
