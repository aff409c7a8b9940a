// The adapter is swapped, its cell is killed, the connection is cut, the host is killed:
// while a response, a reply or the rest of a long reply is awaited. The SMSC is npm's smpp.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { eventually } from '../smdp/rig.mjs';
import { Carrier, SETTINGS } from './carrier.mjs';
import { Smsc } from './smsc.mjs';
import { EID, World } from './world.mjs';

const LIMIT = { timeout: 60000 };
let last = 3000;
const activation = () => {
  last += 1;
  return { type: 'line.activate', msisdn: `+9597900${last}` };
};
const PROFILE = {
  type: 'profile.provision', plan: 'basic', device: { eid: EID, imei: '490154203237518' },
};

let smsc;
let carrier;
let world;
let had;
let binds;

async function open(settings) {
  carrier = new Carrier();
  smsc = await Smsc.open(carrier);
  world = await World.open(smsc.address, [...SETTINGS, ...settings]);
}
async function close() {
  await world?.close();
  await smsc?.close();
  assert.deepEqual(smsc.wrong, []);
}
const begin = () => {
  had = smsc.submits.length;
  binds = smsc.binds.length;
};

// An order whose command the SMSC has, and what it does with it.
async function sent(members, fault) {
  smsc.goWrong(fault);
  const order = await world.place(members);
  await eventually(() => smsc.submits.length === had + 1);
  return order;
}

async function ends(order, state) {
  const placed = await world.ending(order);
  assert.equal(placed.state, state, JSON.stringify(placed.steps));
  assert.equal(smsc.submits.length, had + 1);
  assert.deepEqual([...carrier.effects].filter(([, times]) => times !== 1), []);
  return placed;
}

// The code that people get is the one that this carrier gave with this profile.
async function hasItsOwnCode(placed) {
  const [iccid] = [...carrier.profiles.keys()].slice(-1);
  assert.equal(placed.iccid, iccid);
  const shown = await world.ask('GET', `/v1/profiles/${iccid}/activation-code`);
  assert.match(shown.activation_code, new RegExp(`\\$M-${carrier.profiles.size}$`));
}

describe('the connection stays', () => {
  let revision = 1;
  before(() => open(['response_ms: 30000', 'submit_ms: 40000', 'reply_ms: 40000']));
  after(close);
  beforeEach(begin);
  const reload = () => world.reload(revision += 1);
  const kill = () => world.killCells();
  const isBoundOnce = () => assert.equal(smsc.binds.length, 1);
  const session = async () => (await world.ask('GET', '/v1/adapters/mpt')).sessions?.[0] ?? {};

  for (const [what, happen] of [['reloaded', reload], ['killed', kill]]) {
    test(`The adapter is ${what} while a response is outstanding`, LIMIT, async () => {
      const order = await sent(activation(), 'wait');
      await happen();
      smsc.goOn();
      await ends(order, 'completed');
      isBoundOnce();
    });

    test(`The adapter is ${what} while a reply is awaited`, LIMIT, async () => {
      const order = await sent(PROFILE, 'pieces');
      await eventually(async () => (await session()).outstanding === 0);
      await happen();
      while (smsc.pieces.length > 0) await smsc.piece();
      await hasItsOwnCode(await ends(order, 'completed'));
      isBoundOnce();
    });

    test(`The adapter is ${what} between the parts of a reply`, LIMIT, async () => {
      const order = await sent(PROFILE, 'pieces');
      await eventually(() => smsc.pieces.length > 2);
      await smsc.piece();
      await happen();
      await smsc.piece();
      await happen();
      while (smsc.pieces.length > 0) await smsc.piece();
      await hasItsOwnCode(await ends(order, 'completed'));
      isBoundOnce();
    });
  }

  test('A connection on which nothing happens is seen after a reload', LIMIT, async () => {
    await eventually(async () => (await session()).outstanding === 0);
    await reload();
    await eventually(async () => (await session()).state === 'bound');
    isBoundOnce();
  });

  test('The cell is killed with a part that it was just given', LIMIT, async () => {
    const order = await sent(PROFILE, 'pieces');
    await eventually(() => smsc.pieces.length > 2);
    await smsc.piece();
    const acknowledged = smsc.piece();
    await world.killCells();
    await acknowledged;
    while (smsc.pieces.length > 0) await smsc.piece();
    await hasItsOwnCode(await ends(order, 'completed'));
    isBoundOnce();
  });
});

describe('the connection ends between the parts of a reply', () => {
  before(() => open([
    'response_ms: 700', 'reply_ms: 2500', 'receipt_ms: 300', 'assembly_ms: 1000',
  ]));
  after(close);
  beforeEach(begin);
  const boundAgain = () => eventually(() => smsc.binds.length > binds && smsc.sessions.size === 1);
  const cut = async () => {
    smsc.sessions.forEach((session) => session.socket.destroy());
    await boundAgain();
  };
  const die = async () => {
    world.killHost();
    await eventually(() => smsc.sessions.size === 0);
    await world.startHost();
    await boundAgain();
  };

  for (const [what, happen] of [['is cut', cut], ['dies with the host', die]]) {
    test(`It ${what}: a person decides, since the carrier has acted`, LIMIT, async () => {
      const order = await sent(PROFILE, 'pieces');
      await eventually(() => smsc.pieces.length > 2);
      await smsc.piece();
      await happen();
      while (smsc.pieces.length > 0) await smsc.piece();
      const placed = await ends(order, 'held');
      assert.equal(placed.steps[0].problem.code, 'no_reply');
      assert.equal(placed.iccid, undefined);
      await eventually(() => world.log().includes('stayed incomplete'));
    });

    test(`It ${what}, and the carrier says all of it again`, LIMIT, async () => {
      const order = await sent(PROFILE, 'pieces');
      await eventually(() => smsc.pieces.length > 2);
      const all = [...smsc.pieces];
      await smsc.piece();
      await happen();
      smsc.pieces = all;
      while (smsc.pieces.length > 0) await smsc.piece();
      await hasItsOwnCode(await ends(order, 'completed'));
    });
  }
});
