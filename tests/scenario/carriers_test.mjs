// One table of inputs through all carriers: whichever serves an order, what comes of it is
// the same. Where carriers differ by nature a row says so in `but`; a difference without
// such a reason is an adapter's fault.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Carriers, iccidAt, NAMES, STRANGER } from './carriers.mjs';
import { EID } from './world.mjs';

const LIMIT = { timeout: 60000 };
const NUMBER = '+959790000101';
const NOBODYS = '+959790000999';
const DAY = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };

let all;
let offers;
before(async () => {
  all = await Carriers.open({ stock: ['P1=1000', 'P2=1'], keys: { stranger: [STRANGER, 'admin'] } });
  offers = await all.offers();
});
after(() => all?.close());

// ---- what an order needs, as plan.c has it ----

const needs = ({ type, confirmation_code: code }) => (type === 'profile.provision'
  ? ['profile.order', ...(code ? ['profile.confirm'] : [])] : [type]);
const lacks = (carrier, body) => needs(body).find((each) => !offers[carrier].includes(each));

// ---- ends ----

const told = (state) => `acknowledged inProgress ${state}`;
const done = (more = {}) => ({ state: 'completed', told: told('completed'), ...more });
const line = (state) => done({ result: { line_state: state } });
const refused = (problem, capability) => ({
  state: 'failed', told: told('failed'), problem, steps: `${capability} refused`,
});
const notOffered = (body, capability) => ({
  status: 422,
  type: '/problems/capability_missing',
  title: 'The adapter lacks a capability',
  instance: '/v1/orders',
  code: 'capability_missing',
  error: 'capability_missing',
  detail: `CARRIER: ${body.type}${body.confirmation_code ? ' with a confirmation_code' : ''} needs the capability ${
    capability}, which this carrier's adapter does not offer`,
});
const PROFILE = {
  state: 'Released',
  device_state: 'pending',
  eid: EID,
  profile_type: 'P1',
  smdp_address: 'smdp.sandbox.example',
  has_code: true,
};
const profile = (more = {}) => done({ profile: { ...PROFILE, ...more } });

// ---- the table ----
//
// order: the body, or made of what the carrier's earlier rows left (`kept`) and its name.
// gives: what comes of it; `but`: at these carriers this instead, for the reason beside it.
// keep:  the name under which later rows find this order.

const provision = (more) => ({ type: 'profile.provision', plan: 'gold', device: { eid: EID }, ...more });
// MPT's commands have no place for an ICCID: the carrier always chooses.
const CHOSEN_BY_MPT = { mpt: refused('iccid_not_taken', 'profile.order') };
// Mytel gives a line that is in service a reference of its own.
const REFERENCED = { mytel: done({ result: { line_state: 'ACTIVE', carrier_ref: 'reference' } }) };

const ROWS = [
  {
    title: 'a profile of a type',
    order: provision({ profile_type: 'P1' }),
    gives: profile(),
    // The steps that the carrier's protocol has.
    walk: {
      atom: 'Linked Confirmed Released', mytel: 'Linked Confirmed Released', ooredoo: 'Linked Released', mpt: 'Released',
    },
    keep: 'profile',
  },
  {
    title: 'a profile that asks for a confirmation code',
    order: provision({ profile_type: 'P1', confirmation_code: '4711' }),
    gives: profile(),
    keep: 'guarded',
  },
  {
    title: 'a profile for no device in particular',
    order: { ...provision({ profile_type: 'P1' }), device: {} },
    gives: profile({ eid: undefined }),
    but: { mpt: refused('eid_missing', 'profile.order') }, // Its command has one.
    walk: {
      atom: 'Allocated Confirmed Released', mytel: 'Allocated Confirmed Released', ooredoo: 'Allocated Released',
    },
  },
  {
    title: 'a profile of this ICCID',
    order: (kept, carrier) => provision({ iccid: iccidAt(carrier, 500) }),
    gives: profile({ profile_type: undefined }),
    but: CHOSEN_BY_MPT,
    keep: 'chosen',
  },
  {
    title: 'an ICCID that is taken',
    order: (kept, carrier) => provision({ iccid: iccidAt(carrier, 500) }),
    gives: refused('iccid_in_use', 'profile.order'),
    but: CHOSEN_BY_MPT,
  },
  {
    title: 'an ICCID that the carrier does not have',
    order: (kept, carrier) => provision({ iccid: iccidAt(carrier, 999999) }),
    gives: refused('iccid_unknown', 'profile.order'),
    but: CHOSEN_BY_MPT,
  },
  {
    title: 'neither a type nor an ICCID',
    order: provision(),
    gives: refused('profile_type_missing', 'profile.order'),
    but: { mpt: profile({ profile_type: undefined }) }, // The carrier's own choice.
  },
  {
    title: 'a type that the carrier does not have',
    order: provision({ profile_type: 'P9' }),
    gives: refused('profile_type_unknown', 'profile.order'),
  },
  {
    title: 'the last profile of a type',
    order: provision({ profile_type: 'P2' }),
    gives: profile({ profile_type: 'P2' }),
  },
  {
    title: 'one more than the stock has',
    order: provision({ profile_type: 'P2' }),
    gives: refused('stock_empty', 'profile.order'),
  },

  {
    title: 'the state of a profile',
    order: ({ profile: { iccid } }) => ({ type: 'profile.status', iccid }),
    ...status('Released', { eid: EID }),
  },
  {
    title: 'a profile is given back',
    order: ({ profile: { iccid } }) => ({ type: 'profile.cancel', iccid }),
    gives: profile({ state: 'Available' }),
  },
  {
    title: 'a profile that was given back already',
    order: ({ profile: { iccid } }) => ({ type: 'profile.cancel', iccid }),
    gives: refused('state_wrong', 'profile.cancel'),
  },
  {
    title: 'the state of a profile that was given back',
    order: ({ profile: { iccid } }) => ({ type: 'profile.status', iccid }),
    ...status('Available'),
  },
  {
    title: 'a profile is taken out of use',
    order: ({ guarded }) => ({
      type: 'profile.cancel', iccid: guarded?.iccid ?? iccidAt('mpt', 1), extra: { final_state: 'Unavailable' },
    }),
    gives: profile({ state: 'Unavailable' }),
  },
  {
    title: 'an unknown profile cannot be given back',
    order: (kept, carrier) => ({ type: 'profile.cancel', iccid: iccidAt(carrier, 999999) }),
    gives: refused('iccid_unknown', 'profile.cancel'),
  },
  {
    title: 'an unknown profile has no state',
    order: (kept, carrier) => ({ type: 'profile.status', iccid: iccidAt(carrier, 999999) }),
    gives: refused('iccid_unknown', 'profile.status'),
  },

  ...[
    // At Mytel a number is there, as PROVISIONED, before anybody has a line of it.
    ['a line that was never in service is not barred', 'suspend', 'line_unknown', {
      mytel: refused('state_wrong', 'line.suspend'),
    }],
    ['a line goes into service', 'activate', 'ACTIVE'],
    ['a line that is in service', 'activate', 'ACTIVE'],
    ['nothing to take back', 'resume', 'ACTIVE'],
    ['a line is barred', 'suspend', 'SUSPENDED'],
    ['a line that is barred', 'suspend', 'SUSPENDED'],
    ['a barred line is not put into service anew', 'activate', 'state_wrong'],
    ['a bar is taken away', 'resume', 'ACTIVE'],
  ].map((row) => lineRow(...row)),
  {
    title: 'the usage of a line',
    order: { type: 'usage.read', msisdn: NUMBER, extra: DAY },
    gives: done({ result: { records: 'records' } }),
  },
  {
    title: 'the usage of a line that nobody knows',
    order: { type: 'usage.read', msisdn: NOBODYS, extra: DAY },
    gives: refused('line_unknown', 'usage.read'),
  },
  ...[
    ['a line ends', 'terminate', 'DELETED'],
    ['a line that has ended', 'terminate', 'DELETED'],
    ['a line that has ended is not barred', 'suspend', 'state_wrong'],
    ['a line that has ended does not begin anew', 'activate', 'state_wrong'],
  ].map((row) => lineRow(...row)),
  {
    title: 'a text message',
    order: { type: 'sms.send', msisdn: NOBODYS, text: 'Your eSIM is ready.' },
    gives: done({ result: { message_id: 'id', state: 'DELIVERED' } }),
  },
];

function status(state, more) {
  return { gives: { ...profile({ state }), result: { state, ...more } } };
}

function lineRow(title, word, end, but) {
  const type = `line.${word}`;
  const isState = end === end.toUpperCase();
  return {
    title,
    order: { type, msisdn: NUMBER, plan: 'gold' },
    gives: isState ? line(end) : refused(end, type),
    but: but ?? (word === 'activate' && isState && REFERENCED),
  };
}

// ---- results ----

const RECORD = {
  from: 'string', to: 'string', bytes_down: 'number', bytes_up: 'number', sms: 'number', seconds: 'number',
};
const MASKS = {
  carrier_ref: (value) => (value.length > 0 ? 'reference' : value),
  message_id: (value) => (value.length > 0 ? 'id' : value),
  records: (value) => {
    const kinds = value.map((record) => Object.fromEntries(
      Object.entries(record).map(([name, member]) => [name, typeof member]),
    ));
    assert.ok(kinds.length > 0);
    kinds.forEach((each) => assert.deepEqual(each, RECORD));
    return 'records';
  },
};
const masked = (result) => Object.fromEntries(
  Object.entries(result).map(([name, value]) => [name, MASKS[name]?.(value) ?? value]),
);

const tries = ({ steps }) => Math.max(...steps.map(({ attempts }) => attempts));

// What is undefined is not there.
const clean = (value) => JSON.parse(JSON.stringify(value));

// ---- every row through every carrier ----

const kept = Object.fromEntries(NAMES.map((name) => [name, {}]));

async function serve(row, carrier) {
  const made = typeof row.order === 'function' ? row.order(kept[carrier], carrier) : row.order;
  const body = { carrier, ...made };
  const lacking = lacks(carrier, body);
  const { result: { order, seen }, isQuiet } = await all.quietly(() => all.follow(body));
  if (lacking !== undefined) assert.ok(isQuiet, `${carrier} was called for what it does not offer`);
  if (seen.result) seen.result = masked(seen.result);
  if (order && row.keep) kept[carrier][row.keep] = order;
  return { lacking, order, seen, body };
}

ROWS.forEach((row, at) => {
  test(`${at + 1}. ${row.title}`, LIMIT, async () => {
    const found = {};
    const expected = {};
    for (const carrier of NAMES) {
      const { lacking, order, seen, body } = await serve(row, carrier);
      found[carrier] = seen;
      expected[carrier] = lacking !== undefined ? notOffered(body, lacking)
        : row.but?.[carrier] ?? row.gives;
      if (seen.state === 'completed') assert.equal(tries(order), 1, carrier);
      if (row.walk?.[carrier] && order) assert.equal(order.walk, row.walk[carrier], carrier);
    }
    assert.deepEqual(clean(found), clean(expected));
  });
});

// ---- wrong input: the same answer whoever would have served it, and nobody is called ----

const usage = (extra) => ({ type: 'usage.read', msisdn: NUMBER, extra });
const WRONG = [
  ['no type', { type: undefined }, ['/type']],
  ['a type that is none', { type: 'line.sing' }, ['/type']],
  ['an EID with wrong check digits', { ...provision(), device: { eid: EID.replace(/.$/, '6') } }, ['/device/eid']],
  ['an ICCID that is none', { type: 'profile.status', iccid: '8995060' }, ['/iccid']],
  ['a number that is none', { type: 'line.suspend', msisdn: '12' }, ['/msisdn']],
  ['an IMEI that is none', { ...provision(), device: { eid: EID, imei: '1' } }, ['/device/imei']],
  ['a member that nobody knows', { ...provision(), colour: 'red' }, ['/colour']],
  ['a member of another type', provision({ profile_type: 7 }), ['/profile_type']],
  ['control characters', provision({ profile_type: 'P\u001b[1m' }), ['/profile_type']],
  ['a line without its number', { type: 'line.resume' }, ['/msisdn']],
  ['a profile without its ICCID', { type: 'profile.cancel' }, ['/iccid']],
  ['a state that no profile ends in', {
    type: 'profile.cancel', iccid: iccidAt('atom', 1), extra: { final_state: 'Sold' },
  }, ['/extra/final_state']],
  ['usage of no time', { type: 'usage.read', msisdn: NUMBER }, ['/extra/from', '/extra/to']],
  ['usage of a time that is none', usage({ ...DAY, from: 'yesterday' }), ['/extra/from']],
  ['usage of a day that is none', usage({ ...DAY, to: '2026-02-30T00:00:00Z' }), ['/extra/to']],
  ['usage until before it began', usage({ from: DAY.to, to: DAY.from }), ['/extra/to']],
  ['a message without words', { type: 'sms.send', msisdn: NUMBER }, ['/text']],
  ['words that no message is made of', { type: 'line.suspend', msisdn: NUMBER, text: 'Hi' }, ['/text']],
];
WRONG.forEach(([title, body, pointers]) => {
  test(`${title} is refused before anybody is asked`, LIMIT, async () => {
    for (const carrier of NAMES) {
      const { result: { status, json }, isQuiet } = await all.quietly(() => all.place({ ...body, carrier }));
      assert.equal(status, 422, carrier);
      assert.equal(json.code, 'invalid');
      assert.deepEqual(json.errors.map(({ pointer }) => pointer), pointers, JSON.stringify(json.errors));
      assert.ok(isQuiet);
    }
  });
});

// ---- routing: an order that names no carrier ----

const ROUTES = [
  ['to the carrier of the number', { type: 'line.activate', msisdn: '0920000001' }, 'mpt'],
  ['to the carrier of another number', { type: 'line.activate', msisdn: '0994000001' }, 'ooredoo'],
  ['past the carrier of the number, which has no lines', { type: 'line.activate', msisdn: '0976000001' }, 'mpt'],
  ['to the one that sends messages', { type: 'sms.send', msisdn: '0994000001', text: 'Hi' }, 'mpt'],
  ['past the carrier of the number, which cannot ask for the code', provision({
    profile_type: 'P1', msisdn: '0920000001', confirmation_code: '1',
  }), 'atom'],
];
ROUTES.forEach(([title, body, carrier]) => {
  test(`an order without a carrier goes ${title}`, LIMIT, async () => {
    const { order } = await all.follow(body);
    assert.equal(order.carrier, carrier);
    assert.equal(order.state, 'completed', JSON.stringify(order));
  });
});

test('an order about a profile goes to the carrier that holds it', LIMIT, async () => {
  const { order: { iccid } } = await all.follow({ ...provision({ profile_type: 'P1' }), carrier: 'ooredoo' });
  const { order, seen } = await all.follow({ type: 'profile.status', iccid });
  assert.equal(order.carrier, 'ooredoo');
  assert.equal(seen.result.state, 'Released');
});

test('nobody else is asked about a profile whose carrier cannot tell', LIMIT, async () => {
  const { order: { iccid } } = await all.follow({ ...provision({ profile_type: 'P1' }), carrier: 'mpt' });
  const { result: { seen }, isQuiet } = await all.quietly(() => all.follow({ type: 'profile.status', iccid }));
  assert.equal(seen.status, 422);
  assert.match(seen.detail, /mpt holds the profile and lacks profile.status/);
  assert.ok(isQuiet);
});

test('an order that nobody can serve says what each one lacks', LIMIT, async () => {
  const { result: { seen }, isQuiet } = await all.quietly(() => all.follow({
    type: 'device.compliance', extra: { device_id: 'd' },
  }));
  assert.equal(seen.status, 422);
  for (const name of NAMES) assert.ok(seen.detail.includes(`${name} lacks device.compliance`), seen.detail);
  assert.ok(isQuiet);
});

test('the command line shows what the carrier told, below the steps', LIMIT, async () => {
  const shown = await all.ctl('order', 'create', '--carrier', 'ooredoo', '--type', 'line.activate',
    '--msisdn', '0994000077', '--wait', '10s');
  assert.match(shown, /^STEP CAPABILITY[^]*line\.activate[^]*\nline_state: ACTIVE\n$/m);
});

// ---- carriers that go wrong ----

// The function of each carrier that takes a profile out of its stock.
const ORDER_AT = { atom: 'downloadOrder', mpt: 'submit_sm', mytel: 'PROFILE_ORDER', ooredoo: 'OrderProfile' };
// Some go wrong where the host sees it, some where the session settles it.
const FAULTS = [
  ['wants it later', { fault: 'throttle' }, {}],
  ['takes its time', { fault: 'slow', ms: 100 }, {}],
  // ES2+ has no way to ask what became of an order: a person must.
  ['does it and hangs up', { fault: 'drop_after' }, { atom: 'held' }],
];
FAULTS.forEach(([title, fault, ends]) => {
  test(`a carrier that ${title} gives away one profile`, LIMIT, async () => {
    await Promise.all(NAMES.map(async (carrier) => {
      await all.world.fault({ function: ORDER_AT[carrier], ...fault }, all.sides[carrier]);
      const from = await all.world.ledgerEnd(all.sides[carrier]);
      const { order, seen } = await all.follow({ ...provision({ profile_type: 'P1' }), carrier });
      const given = await all.iccidsSince(from, carrier);
      assert.equal(given.length, 1, carrier);
      assert.equal(seen.state, ends[carrier] ?? 'completed', `${carrier}: ${JSON.stringify(order)}`);
      if (seen.state === 'completed') {
        assert.deepEqual(clean(seen.profile), clean(profile().profile), carrier);
        assert.deepEqual(given, [order.iccid]);
      } else {
        assert.match(order.held_for, /carrier/);
      }
    }));
  });
});

// A wrong password or name, as another tenant has it. The order ends, for nothing was done
// for it; credentials_test has the rest.
test('a carrier that does not accept our credentials is told as unauthorised, and left alone', LIMIT, async () => {
  for (const carrier of NAMES) {
    const { json } = await all.place({ ...provision({ profile_type: 'P1' }), carrier }, 'stranger');
    const order = await all.ended(json, 'stranger');
    assert.equal(order.state, 'failed', carrier);
    assert.equal(order.problem.code, 'unauthorised', carrier);
    assert.equal(order.steps[0].attempts, 1, carrier);
    const { health } = await all.world.get(`/v1/adapters/${carrier}`);
    assert.equal(health.unauthorised, false, 'another tenant has another secret');
  }
  const events = await all.world.events(0, 'stranger');
  const told = events.filter(({ type }) => type === 'adapter.unauthorised').map(({ subject }) => subject);
  assert.deepEqual(told.sort(), NAMES.map((name) => `adapter/${name}`).sort());
});
