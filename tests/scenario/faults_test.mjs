// What the carrier does wrong, and what becomes of the order. A function that may not be
// repeated (downloadOrder by type, confirmOrder) is never asked twice when its answer is
// lost; one that may (releaseProfile) is asked again and has one effect.

import { after, before } from 'node:test';

import { scenarios } from './story.mjs';
import { World } from './world.mjs';

let world;
before(async () => { world = await World.open(); });
after(() => world?.close());

const whole = {
  downloadOrder: '1 asked, 1 done',
  confirmOrder: '1 asked, 1 done',
  releaseProfile: '1 asked, 1 done',
};
const held = { order: 'acknowledged inProgress held' };
const wholeWay = { profile: 'Linked Confirmed Released' };

scenarios(() => world, [
  {
    title: 'An order that nothing stands in the way of is completed by three functions',
    story: [
      { client: 'orders' },
      { order: 'acknowledged inProgress completed' },
      wholeWay,
      { ledger: whole },
    ],
  },
  {
    title: 'A download order whose connection is cut before its effect is held, not repeated',
    story: [
      { carrier: { downloadOrder: 'drop_before' } },
      { client: 'orders' },
      held,
      { ledger: { downloadOrder: '1 asked, 0 done' } },
      { operator: 'not_done' },
      { order: 'inProgress completed' },
      wholeWay,
      { ledger: { ...whole, downloadOrder: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'A download order whose connection is cut after its effect is held, not repeated',
    story: [
      { carrier: { downloadOrder: 'drop_after' } },
      { client: 'orders' },
      held,
      { ledger: { downloadOrder: '1 asked, 1 done' } },
      { operator: ['done', lastIccid] },
      { order: 'inProgress completed' },
      wholeWay,
      { ledger: whole },
    ],
  },
  {
    title: 'A confirmation cut before its effect is held, and done once when a person says so',
    story: [
      { carrier: { confirmOrder: 'drop_before' } },
      { client: 'orders' },
      held,
      { profile: 'Linked' },
      { ledger: { downloadOrder: '1 asked, 1 done', confirmOrder: '1 asked, 0 done' } },
      { operator: 'not_done' },
      { order: 'inProgress completed' },
      { profile: 'Confirmed Released' },
      { ledger: { ...whole, confirmOrder: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'A confirmation cut after its effect goes on with what a person found out',
    story: [
      { carrier: { confirmOrder: 'drop_after' } },
      { client: 'orders' },
      held,
      { profile: 'Linked' },
      { operator: ['done', matchingIdAtCarrier] },
      { order: 'inProgress completed' },
      { profile: 'Confirmed Released' },
      { ledger: whole },
    ],
  },
  {
    title: 'A confirmation cut before its effect is taken back when a person gives up',
    story: [
      { carrier: { confirmOrder: 'drop_before' } },
      { client: 'orders' },
      held,
      { profile: 'Linked' },
      { operator: 'give_up' },
      { order: 'inProgress failed' },
      { profile: 'Available' },
      {
        ledger: {
          downloadOrder: '1 asked, 1 done',
          confirmOrder: '1 asked, 0 done',
          cancelOrder: '1 asked, 1 done',
        },
      },
    ],
  },
  {
    title: 'A profile confirmed without our knowing its matching id cannot be taken back: partial',
    story: [
      { carrier: { confirmOrder: 'drop_after' } },
      { client: 'orders' },
      held,
      { profile: 'Linked' },
      { operator: 'give_up' },
      { order: 'inProgress partial' },
      {
        ledger: {
          downloadOrder: '1 asked, 1 done',
          confirmOrder: '1 asked, 1 done',
          cancelOrder: '1 asked, 0 done',
        },
      },
    ],
  },
  {
    title: 'A release cut before its effect is asked again by itself',
    story: [
      { carrier: { releaseProfile: 'drop_before' } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress completed' },
      wholeWay,
      { ledger: { ...whole, releaseProfile: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'A release cut after its effect is asked again and has one effect',
    story: [
      { carrier: { releaseProfile: 'drop_after' } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress completed' },
      wholeWay,
      { ledger: { ...whole, releaseProfile: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'A refused confirmation cancels the profile, and the order has failed',
    story: [
      { carrier: { confirmOrder: { fault: 'refuse', subject: '8.2.1', reason: '1.2' } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress failed' },
      { profile: 'Linked Available' },
      {
        ledger: {
          downloadOrder: '1 asked, 1 done',
          confirmOrder: '1 asked, 0 done',
          cancelOrder: '1 asked, 1 done',
        },
      },
    ],
  },
  {
    title: 'A profile that the carrier will not take back leaves the order partial',
    story: [
      { carrier: { confirmOrder: { fault: 'refuse', subject: '8.2.1', reason: '1.2' } } },
      { carrier: { cancelOrder: { fault: 'refuse', subject: '8.2.1', reason: '1.2' } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress partial' },
      { profile: 'Linked' },
      {
        ledger: {
          downloadOrder: '1 asked, 1 done',
          confirmOrder: '1 asked, 0 done',
          cancelOrder: '1 asked, 0 done',
        },
      },
    ],
  },
  {
    title: 'An unknown kind of profile fails the order and changes nothing',
    story: [
      { orders: { profile_type: 'nowhere' } },
      { order: 'acknowledged inProgress failed' },
      { ledger: { downloadOrder: '1 asked, 0 done' } },
    ],
  },
  {
    title: 'An empty stock fails the order with a problem that names it',
    story: [
      { carrier: { downloadOrder: { fault: 'refuse', subject: '8.2.5', reason: '3.7' } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress failed' },
      { problem: 'stock_empty' },
      { ledger: { downloadOrder: '1 asked, 0 done' } },
    ],
  },
  {
    title: 'A server error in a function that may not be repeated is held',
    story: [
      { carrier: { downloadOrder: { fault: '5xx', status: 500 } } },
      { client: 'orders' },
      held,
      { ledger: { downloadOrder: '1 asked, 0 done' } },
      { operator: 'give_up' },
      { order: 'inProgress failed' },
      { ledger: { downloadOrder: '1 asked, 0 done' } },
    ],
  },
  {
    title: 'A server error in a function that may be repeated is asked again',
    story: [
      { carrier: { releaseProfile: { fault: '5xx', status: 500, effect: true } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress completed' },
      wholeWay,
      { ledger: { ...whole, releaseProfile: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'A busy carrier is asked again, also for what may not be repeated',
    story: [
      { carrier: { downloadOrder: { fault: '5xx', status: 503, count: 2 } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress pending inProgress completed' },
      wholeWay,
      { ledger: { ...whole, downloadOrder: '3 asked, 1 done' } },
    ],
  },
  {
    title: 'A carrier that says when to come again is not asked before',
    story: [
      { carrier: { downloadOrder: { fault: 'throttle', ms: 1000 } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress completed' },
      { waited: ['pending', 'inProgress', 950] },
      wholeWay,
      { ledger: { ...whole, downloadOrder: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'Noise instead of an answer is held when the function may not be repeated',
    story: [
      { carrier: { confirmOrder: 'garbage' } },
      { client: 'orders' },
      held,
      { profile: 'Linked' },
      { ledger: { downloadOrder: '1 asked, 1 done', confirmOrder: '1 asked, 1 done' } },
      { operator: ['done', matchingIdAtCarrier] },
      { order: 'inProgress completed' },
      { profile: 'Confirmed Released' },
      { ledger: whole },
    ],
  },
  {
    title: 'Half an answer is held when the function may not be repeated',
    story: [
      { carrier: { downloadOrder: 'half_reply' } },
      { client: 'orders' },
      held,
      { ledger: { downloadOrder: '1 asked, 1 done' } },
      { operator: ['done', lastIccid] },
      { order: 'inProgress completed' },
      wholeWay,
      { ledger: whole },
    ],
  },
  {
    title: 'Half an answer is asked for again when the function may be repeated',
    story: [
      { carrier: { releaseProfile: 'half_reply' } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress completed' },
      wholeWay,
      { ledger: { ...whole, releaseProfile: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'An answer that comes too late is held when the function may not be repeated',
    story: [
      { carrier: { downloadOrder: { fault: 'slow', ms: 2500 } } },
      { client: 'orders' },
      held,
      { ledger: { downloadOrder: '1 asked, 1 done' } },
      { operator: ['done', lastIccid] },
      { order: 'inProgress completed' },
      wholeWay,
      { ledger: whole },
    ],
  },
  {
    title: 'An answer that comes too late is asked for again when the function may be repeated',
    story: [
      { carrier: { releaseProfile: { fault: 'slow', ms: 2500 } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress pending inProgress completed' },
      wholeWay,
      { ledger: { ...whole, releaseProfile: '2 asked, 1 done' } },
    ],
  },
  {
    title: 'A slow answer within the limit is an answer',
    story: [
      { carrier: { confirmOrder: { fault: 'slow', ms: 300 } } },
      { client: 'orders' },
      { order: 'acknowledged inProgress completed' },
      wholeWay,
      { ledger: whole },
    ],
  },
]);

// What a person would read on the carrier's console.
async function lastIccid(telling) {
  const lines = await telling.world.ledger(telling.ledgerFrom);
  return { iccid: lines.findLast((line) => line.kind === 'state').iccid };
}

async function matchingIdAtCarrier(telling) {
  const { iccid } = await telling.show();
  const { matchingId } = await telling.world.carriersProfile(iccid);
  return { matching_id: matchingId, smdp_address: 'smdp.sandbox.example' };
}
