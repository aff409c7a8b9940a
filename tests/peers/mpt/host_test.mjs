// The whole host against npm's smpp as the SMSC, with a carrier behind the short code.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { eventually } from '../smdp/rig.mjs';
import { Carrier, SETTINGS } from './carrier.mjs';
import { Smsc } from './smsc.mjs';
import { EID, World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const QUICK = [
  'response_ms: 700', 'reply_ms: 1500', 'receipt_ms: 700', 'pause_ms: 100',
  'submit_ms: 3000', 'response_ids: hex',
];
let last = 1000;
const newNumber = () => {
  last += 1;
  return `+9597900${last}`;
};

// Each command had its effect once, whatever went wrong.
function assertOnce(carrier) {
  assert.deepEqual([...carrier.effects].filter(([, times]) => times !== 1), []);
}

describe('MPT against npm smpp', () => {
  let smsc;
  let carrier;
  let world;

  before(async () => {
    carrier = new Carrier();
    smsc = await Smsc.open(carrier);
    world = await World.open(smsc.address, [...SETTINGS, ...QUICK, 'receipt_ids: hex']);
  });
  after(async () => {
    await world?.close();
    await smsc?.close();
  });

  const line = (type, msisdn) => world.order({ type, msisdn });

  test('one bind, as version 3.4, serves all', LIMIT, async () => {
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
    assert.deepEqual(smsc.binds, [{ systemId: 'esimd', version: 0x34 }]);
    assert.deepEqual(smsc.wrong, []);
  });

  test('each line order does at the carrier what it says', LIMIT, async () => {
    const msisdn = newNumber();
    for (const [type, state] of [['activate', 'ACTIVE'], ['suspend', 'SUSPENDED'],
      ['resume', 'ACTIVE'], ['terminate', 'DELETED']]) {
      const placed = await line(`line.${type}`, msisdn);
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      assert.equal(carrier.lines.get(msisdn.slice(1)), state);
    }
  });

  test('a profile is ordered and its activation code kept', LIMIT, async () => {
    const placed = await world.provision();
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
    const [iccid] = [...carrier.profiles.keys()].slice(-1);
    assert.equal(placed.iccid, iccid);
    assert.equal(carrier.profiles.get(iccid).eid, EID);
    const shown = await world.ask('GET', `/v1/profiles/${iccid}/activation-code`);
    assert.match(shown.activation_code, /1\$smdp\.carrier\.example\$M-\d+$/);
    assert.ok(!world.log().includes('carrier.example$M-'));
  });

  test('the carrier\'s refusal is told by its name', LIMIT, async () => {
    const placed = await line('line.activate', '+959790000000');
    assert.equal(placed.state, 'failed');
    assert.equal(placed.steps[0].problem.code, 'line_unknown');
  });

  test('many at once are joined to their own replies', LIMIT, async () => {
    const numbers = Array.from({ length: 40 }, newNumber);
    const placed = await Promise.all(numbers.map((msisdn) => line('line.activate', msisdn)));
    assert.deepEqual(placed.filter(({ state }) => state !== 'completed'), []);
    numbers.forEach((msisdn) => assert.equal(carrier.lines.get(msisdn.slice(1)), 'ACTIVE'));
    assertOnce(carrier);
  });

  test('throttling slows down and loses nothing', LIMIT, async () => {
    smsc.goWrong('throttle', 'queue', 'throttle');
    const had = smsc.submits.length;
    const placed = await Promise.all(
      Array.from({ length: 6 }, () => line('line.activate', newNumber())),
    );
    assert.deepEqual(placed.filter(({ state }) => state !== 'completed'), []);
    assert.equal(smsc.submits.length - had, 9);
    assertOnce(carrier);
  });

  test('a receipt before its response changes nothing', LIMIT, async () => {
    smsc.goWrong('early');
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
  });

  test('a lost response is settled by the reply, without a second command', LIMIT, async () => {
    smsc.goWrong('lose');
    const had = smsc.submits.length;
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
    assert.equal(smsc.submits.length - had, 1);
  });

  test('a command that nobody answers waits for a person', LIMIT, async () => {
    smsc.goWrong('ignore');
    const had = smsc.submits.length;
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'held', JSON.stringify(placed.steps));
    assert.equal(placed.steps[0].problem.code, 'answer_lost');
    assert.equal(smsc.submits.length - had, 1);
  });

  test('without a reply query_sm is asked, then a person', LIMIT, async () => {
    smsc.goWrong('mute');
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'held', JSON.stringify(placed.steps));
    assert.equal(placed.steps[0].problem.code, 'no_reply');
    assertOnce(carrier);
  });

  test('an expired command did nothing and is sent again', LIMIT, async () => {
    smsc.goWrong('expire');
    const had = smsc.submits.length;
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
    assert.equal(smsc.submits.length - had, 2);
    assertOnce(carrier);
  });

  test('a refused number is told by its name', LIMIT, async () => {
    smsc.goWrong('refuse');
    const placed = await line('line.activate', newNumber());
    assert.equal(placed.state, 'failed');
    assert.equal(placed.steps[0].problem.code, 'number_wrong');
    assert.equal(placed.steps[0].problem.carrier_code, 'ESME_RINVDSTADR 0x0000000b');
  });

  test('a cut connection is bound again, and the reply still finds its order', LIMIT, async () => {
    smsc.goWrong('drop');
    const had = smsc.submits.length;
    const binds = smsc.binds.length;
    const order = await world.place({ type: 'line.activate', msisdn: newNumber() });
    await eventually(() => smsc.binds.length > binds && smsc.sessions.size === 1);
    smsc.deliverOwed();
    const placed = await world.ending(order);
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
    assert.equal(smsc.submits.length - had, 1);
    assertOnce(carrier);
  });

  test('a host killed with a command out asks before it sends again', LIMIT, async () => {
    smsc.goWrong('mute');
    const msisdn = newNumber();
    const had = smsc.submits.length;
    const order = await world.place({ type: 'line.activate', msisdn });
    await eventually(() => smsc.submits.length === had + 1);
    world.killHost();
    await eventually(() => smsc.sessions.size === 0);
    await world.startHost();
    const placed = await world.ending(order);
    assert.equal(placed.state, 'held', JSON.stringify(placed.steps));
    assert.equal(smsc.submits.length - had, 1);
    assertOnce(carrier);
  });

  test('nothing that was sent was out of line', LIMIT, () => {
    assert.deepEqual(smsc.wrong, []);
  });
});

describe('MPT against npm smpp, with other habits', () => {
  test('long replies, TLVs in receipts, SAR and Latin-1', LIMIT, async () => {
    const carrier = new Carrier();
    const smsc = await Smsc.open(carrier, { cutReplies: true, tlvs: true });
    const world = await World.open(smsc.address, [
      ...SETTINGS, ...QUICK, 'long_messages: sar', 'charset: latin1',
    ]);
    try {
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      assert.equal(carrier.profiles.size, 1);
      assert.deepEqual(smsc.wrong, []);
    } finally {
      await world.close();
      await smsc.close();
    }
    assert.equal(smsc.unbinds, 1);
  });

  test('a carrier that is always busy is not asked for ever', LIMIT, async () => {
    const carrier = new Carrier();
    const smsc = await Smsc.open(carrier);
    const world = await World.open(smsc.address, [...SETTINGS, ...QUICK], {}, {
      manifest: ['retry: { base_ms: 10, most_ms: 20, attempts: 5 }'],
    });
    try {
      const placed = await world.order({ type: 'line.activate', msisdn: '+959790000111' });
      assert.equal(placed.state, 'held', JSON.stringify(placed.steps));
      assert.match(placed.held_for, /given up after 5 attempts/);
      assert.equal(placed.steps[0].attempts, 5);
      assert.equal(carrier.commands.length, 5);
      assert.equal(new Set(smsc.submits.map(({ pdu }) => pdu.short_message.message)).size, 1);
    } finally {
      await world.close();
      await smsc.close();
    }
  });

  // A reply that names the line alone fits its next command too; the SMSC says it again,
  // since it lost our acknowledgement.
  test('a reply that comes twice does not end the line\'s next order', LIMIT, async () => {
    const carrier = new Carrier();
    const answer = carrier.answer.bind(carrier);
    carrier.answer = (text) => answer(text) && `OK ${text.split(' ')[1]}`;
    const smsc = await Smsc.open(carrier);
    const world = await World.open(smsc.address, [
      ...SETTINGS.filter((line) => !line.startsWith('replies')), ...QUICK, 'join: number',
      'replies: \'[{"match":"OK {{msisdn}}","means":"done"}]\'',
    ]);
    try {
      const msisdn = newNumber();
      const first = await world.order({ type: 'line.activate', msisdn });
      assert.equal(first.state, 'completed', JSON.stringify(first.steps));
      const [session] = smsc.sessions;
      await new Promise((resolve) => {
        session.deliver_sm({
          source_addr: '1332', destination_addr: '8888', data_coding: 0, short_message: `OK ${msisdn.slice(1)}`,
        }, resolve);
      });
      smsc.goWrong('mute');
      const second = await world.order({ type: 'line.suspend', msisdn });
      assert.equal(second.state, 'held', JSON.stringify(second.steps));
      const third = await world.order({ type: 'line.resume', msisdn });
      assert.equal(third.state, 'completed', JSON.stringify(third.steps));
    } finally {
      await world.close();
      await smsc.close();
    }
  });

  test('a wrong password is tried slowly and told', LIMIT, async () => {
    const smsc = await Smsc.open(new Carrier());
    const world = await World.open(smsc.address, [...SETTINGS, ...QUICK], { password: 'wrong' });
    try {
      await eventually(() => smsc.binds.length > 0 && smsc.sessions.size === 0);
      await eventually(() => world.log().includes('unauthorised'));
      assert.equal(smsc.binds.length, 1);
      assert.ok(!world.log().includes('"wrong"'));
    } finally {
      await world.close();
      await smsc.close();
    }
  });
});
