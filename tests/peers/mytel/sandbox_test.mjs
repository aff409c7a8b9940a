// Two carriers that were written apart, the sandbox's and the one of this folder, are asked
// the same, and have to say the same. What they choose themselves is compared by its form.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { makeTls, sandboxProgram, startProgram } from '../smdp/rig.mjs';
import { Carrier } from './carrier.mjs';
import { Client } from './client.mjs';
import { codes, events, operations } from './document.mjs';

const LIMIT = { timeout: 60000 };
const SECRET = 'a secret that both sides know';
const EID = '89049032123451234512345678901235';
const OTHER = '89049032123451234512345678901236';
const numberOf = Object.fromEntries([...operations].map(([number, { name }]) => [name, number]));
const nameOf = Object.fromEntries(Object.entries(codes).map(([name, code]) => [code, name]));

let tls;
let sandbox;
let client;
let peer;
before(async () => {
  tls = makeTls();
  sandbox = await startProgram(sandboxProgram, [
    'mytel', '--tls-dir', tls.dir, '--control', '127.0.0.1:0', '--user', 'acme-01', '--password', SECRET,
    '--stock', 'P1=50', '--stock', 'P2=1', '--iccid-prefix', '8995',
  ]);
  client = await Client.open(sandbox.first.address, tls.read('ca.pem'), 'acme-01', SECRET);
  peer = new Carrier({ P1: 50, P2: 1 });
});
after(async () => {
  client?.close();
  assert.equal(await sandbox?.stop(), 0);
  tls?.remove();
});

// ICCIDs and matching ids of each carrier by the name that a story gives them.
const known = { sandbox: {}, peer: {} };
const given = (side, params) => Object.fromEntries(Object.entries(params)
  .map(([name, value]) => [name, typeof value === 'string' && value.startsWith('@') ? known[side][value.slice(1)] : value]));

// What is a carrier's own choice, by its form.
const CHOSEN = {
  ICCID: /^\d{19}$/, MATCHING_ID: /^[A-Z0-9-]{5,64}$/, ACTIVATION_CODE: /^1\$[^$]+\$[^$]+(\$\$1)?$/,
  SMDP_ADDRESS: /^[a-z.]+$/, CARRIER_REF: /./,
};
function compared({ CODE, RESULTS = {} }) {
  const shown = { CODE: nameOf[CODE] };
  for (const [name, value] of Object.entries(RESULTS)) {
    if (name === 'AT' || value === undefined) continue; // Optional, and a clock's.
    if (CHOSEN[name]) assert.match(value, CHOSEN[name]);
    shown[name] = CHOSEN[name] ? `${value.includes?.('$$1') ? 'flagged ' : ''}${name}` : value;
  }
  return shown;
}

async function both(name, params, { id = randomBytes(16), keep, inMs = 3600000 } = {}) {
  const expires = Date.now() + inMs;
  const replies = {
    sandbox: await client.ask({
      REQUEST_ID: id, OPERATION: numberOf[name], EXPIRES: expires, PARAMS: given('sandbox', params),
    }),
    peer: peer.take({
      id, operation: numberOf[name], expires, params: given('peer', params),
    }, Date.now()),
  };
  for (const [side, { RESULTS }] of Object.entries(replies)) {
    if (keep && RESULTS?.ICCID) known[side][keep] = RESULTS.ICCID;
    if (keep && RESULTS?.MATCHING_ID) known[side][`${keep}.match`] = RESULTS.MATCHING_ID;
  }
  assert.deepEqual(compared(replies.sandbox), compared(replies.peer), `${name} ${JSON.stringify(params)}`);
  return nameOf[replies.sandbox.CODE];
}

const STORY = [
  ['PROFILE_ORDER', { PROFILE_TYPE: 'P1', EID }, 'OK', 'a'],
  ['PROFILE_ORDER', { PROFILE_TYPE: 'P1' }, 'OK', 'b'],
  ['PROFILE_ORDER', { PROFILE_TYPE: 'P2', PLAN: 'gold' }, 'OK', 'c'],
  ['PROFILE_ORDER', { PROFILE_TYPE: 'P2' }, 'STOCK_EMPTY'],
  ['PROFILE_ORDER', { PROFILE_TYPE: 'P3' }, 'PROFILE_TYPE_UNKNOWN'],
  ['PROFILE_ORDER', { ICCID: '1234567890123456789' }, 'ICCID_UNKNOWN'],
  ['PROFILE_ORDER', { ICCID: '@a' }, 'ICCID_IN_USE'],
  ['PROFILE_ORDER', { ICCID: '@a', PROFILE_TYPE: 'P2' }, 'PROFILE_TYPE_MISMATCH'],
  ['PROFILE_RELEASE', { ICCID: '@a' }, 'WRONG_STATE'],
  ['PROFILE_CONFIRM', { ICCID: '@a', RELEASE: 0, EID: OTHER }, 'EID_DIFFERS'],
  ['PROFILE_CONFIRM', { ICCID: '@a', RELEASE: 0, EID, CONFIRMATION_CODE: '1234' }, 'OK', 'a'],
  ['PROFILE_CONFIRM', { ICCID: '@a', RELEASE: 1 }, 'WRONG_STATE'],
  ['PROFILE_CONFIRM', { ICCID: '@b', RELEASE: 1, EID: OTHER, MATCHING_ID: 'M-0001' }, 'OK', 'b'],
  ['PROFILE_CONFIRM', { ICCID: '1234567890123456789', RELEASE: 1 }, 'ICCID_UNKNOWN'],
  ['PROFILE_STATUS', { ICCID: '@a' }, 'OK'],
  ['PROFILE_STATUS', { ICCID: '@c' }, 'OK'],
  ['PROFILE_RELEASE', { ICCID: '@a' }, 'OK'],
  ['PROFILE_RELEASE', { ICCID: '@a' }, 'WRONG_STATE'],
  ['PROFILE_CANCEL', { ICCID: '@a', FINAL_STATE: 1, MATCHING_ID: 'another' }, 'MATCHING_ID_DIFFERS'],
  ['PROFILE_CANCEL', { ICCID: '@a', FINAL_STATE: 1, EID: OTHER }, 'EID_DIFFERS'],
  ['PROFILE_CANCEL', { ICCID: '@a', FINAL_STATE: 1, MATCHING_ID: '@a.match' }, 'OK'],
  ['PROFILE_CANCEL', { ICCID: '@a', FINAL_STATE: 1 }, 'WRONG_STATE'],
  ['PROFILE_ORDER', { ICCID: '@a' }, 'OK'],
  ['PROFILE_CANCEL', { ICCID: '@c', FINAL_STATE: 9 }, 'OK'],
  ['PROFILE_STATUS', { ICCID: '@c' }, 'OK'],
  ['PROFILE_ORDER', { PROFILE_TYPE: 'P2' }, 'STOCK_EMPTY'],
  ['LINE_SUSPEND', { MSISDN: '95977123456' }, 'LINE_WRONG_STATE'],
  ['LINE_RESUME', { MSISDN: '95977123456' }, 'LINE_WRONG_STATE'],
  ['LINE_ACTIVATE', { MSISDN: '95977123456', PLAN: 'gold' }, 'OK'],
  ['LINE_ACTIVATE', { MSISDN: '95977123456' }, 'OK'],
  ['LINE_SUSPEND', { MSISDN: '95977123456', LINE_REASON: 'lost' }, 'OK'],
  ['LINE_ACTIVATE', { MSISDN: '95977123456' }, 'LINE_WRONG_STATE'],
  ['LINE_RESUME', { MSISDN: '95977123456' }, 'OK'],
  ['LINE_TERMINATE', { MSISDN: '95977123456' }, 'OK'],
  ['LINE_TERMINATE', { MSISDN: '95977123456' }, 'OK'],
  ['LINE_ACTIVATE', { MSISDN: '95977123456' }, 'LINE_WRONG_STATE'],
  ['LINE_TERMINATE', { MSISDN: '95977123457' }, 'OK'],
];

test('the same story has the same answers, and the ones that it tells', LIMIT, async () => {
  for (const [name, params, code, keep] of STORY) {
    assert.equal(await both(name, params, { keep }), code, `${name} ${JSON.stringify(params)}`);
  }
});

test('asking again has the same answers', LIMIT, async () => {
  const id = randomBytes(16);
  const DAY = 86400000;
  const ask = (params, inMs) => both('LINE_ACTIVATE', params, { id, inMs });
  const MSISDN = '95977200001';
  assert.equal(await ask({ MSISDN }, -8 * DAY), 'FORGOTTEN');
  assert.equal(await ask({ MSISDN }, -1000), 'EXPIRED');
  assert.equal(await ask({ MSISDN }, DAY + 60000), 'EXPIRES_TOO_FAR');
  assert.equal(await ask({ MSISDN }), 'OK');
  assert.equal(await ask({ MSISDN }, -1000), 'OK');
  assert.equal(await ask({ MSISDN, PLAN: 'gold' }), 'ID_REUSED');
  assert.equal(await both('REQUEST_STATUS', { TARGET_ID: id, EXPIRES: Date.now() }), 'OK');
  assert.equal(await both('REQUEST_STATUS', { TARGET_ID: randomBytes(16), EXPIRES: Date.now() }), 'OK');
  assert.equal(await both('REQUEST_STATUS', { TARGET_ID: randomBytes(16), EXPIRES: Date.now() - 8 * DAY }), 'OK');
});

test('an installation is told by events that the document knows', LIMIT, async () => {
  await both('PROFILE_ORDER', { PROFILE_TYPE: 'P1' }, { keep: 'd' });
  const iccid = known.sandbox.d;
  const { RESULTS } = await client.ask({
    REQUEST_ID: randomBytes(16), OPERATION: numberOf.PROFILE_CONFIRM, EXPIRES: Date.now() + 60000, PARAMS: { ICCID: iccid, RELEASE: 1 },
  });
  const reply = await fetch(`http://${sandbox.first.control}/sandbox/devices/${EID}/install`, {
    method: 'POST', body: JSON.stringify({ activation_code: RESULTS.ACTIVATION_CODE }),
  });
  assert.equal(reply.status, 202);
  while (client.events.length < 3) await new Promise((resolve) => { setTimeout(resolve, 5); });
  assert.deepEqual(client.events.map(({ EVENT_KIND }) => EVENT_KIND), Array(3).fill(events.PROFILE_CHANGED));
  assert.deepEqual(client.events.map(({ DETAILS }) => [DETAILS.ICCID, DETAILS.PROFILE_STATE, DETAILS.POINT]), [
    [iccid, undefined, 1], [iccid, 6, 3], [iccid, 7, 4],
  ]);
});

test('two thousand requests in a window of 64 have an answer each', LIMIT, async () => {
  let asked = 0;
  const one = async () => {
    while ((asked += 1) <= 2000) {
      const { CODE } = await client.ask({
        REQUEST_ID: randomBytes(16), OPERATION: numberOf.LINE_ACTIVATE, EXPIRES: Date.now() + 60000,
        PARAMS: { MSISDN: `9598${String(asked).padStart(7, '0')}` },
      });
      assert.equal(CODE, 0);
    }
  };
  await Promise.all(Array.from({ length: client.terms.WINDOW }, one));
});
