// The C sandbox and the Node SM-DP+ were written apart. The same requests must end the
// same way at both: outcome, and the state of each profile after it. Replies of both are
// judged by the document of ES2+.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  Client, EID, OTHER_EID, makeTls, outcome, startPeer, startSandbox,
} from './rig.mjs';
import { openJudge } from './smdp.mjs';

const STOCK = ['--stock', 'P1=40', '--stock', 'P2=1'];
const LIMIT = { timeout: 60000 };

// A step: function, members, and what both must answer. "$a" in members is the ICCID that
// the step named `as: 'a'` ordered, "$a.id" the matching id its confirmation gave; the
// state is of the step's ICCID afterwards.
const plays = {
  'the usual way to Released': [
    { call: 'downloadOrder', with: { profileType: 'P1', eid: EID }, as: 'a', ends: 'done', state: 'Linked' },
    { call: 'confirmOrder', with: { iccid: '$a', releaseFlag: false }, ends: 'done', state: 'Confirmed' },
    { call: 'releaseProfile', with: { iccid: '$a' }, ends: 'done', state: 'Released' },
    { call: 'releaseProfile', with: { iccid: '$a' }, ends: 'done', state: 'Released' },
  ],
  'without EID, released at once': [
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', releaseFlag: true, confirmationCode: '1' }, ends: 'done', state: 'Released' },
  ],
  'an ICCID with its pad names the same profile': [
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'cancelOrder', with: { iccid: '$aF', finalProfileStatusIndicator: 'Available' }, of: 'a', ends: 'done', state: 'Available' },
    { call: 'downloadOrder', with: { iccid: '$aF' }, of: 'a', ends: 'done', state: 'Allocated' },
  ],
  'an ICCID is taken once': [
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'downloadOrder', with: { iccid: '$a' }, ends: '8.2.1/3.3', state: 'Allocated' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Available' }, ends: 'done', state: 'Available' },
    { call: 'downloadOrder', with: { iccid: '$a', eid: EID }, ends: 'done', state: 'Linked' },
  ],
  'what is not in stock': [
    { call: 'downloadOrder', with: { profileType: 'P9' }, ends: '8.2.5/3.9' },
    { call: 'downloadOrder', with: { iccid: '8900000000000000000' }, ends: '8.2.1/3.9' },
    { call: 'downloadOrder', with: { profileType: 'P2' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'downloadOrder', with: { profileType: 'P2' }, ends: '8.2.5/3.7' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Available' }, ends: 'done', state: 'Available' },
    { call: 'downloadOrder', with: { iccid: '$a', profileType: 'P1' }, ends: '8.2.5/3.8', state: 'Available' },
    { call: 'downloadOrder', with: { profileType: 'P2' }, ends: 'done' },
  ],
  'confirming what cannot be confirmed': [
    { call: 'confirmOrder', with: { iccid: '8900000000000000000', releaseFlag: true }, ends: '8.2.1/3.9' },
    { call: 'downloadOrder', with: { profileType: 'P1', eid: EID }, as: 'a', ends: 'done', state: 'Linked' },
    { call: 'confirmOrder', with: { iccid: '$a', eid: OTHER_EID, releaseFlag: true }, ends: '8.1.1/3.10', state: 'Linked' },
    { call: 'confirmOrder', with: { iccid: '$a', eid: EID, releaseFlag: false }, ends: 'done', state: 'Confirmed' },
    { call: 'confirmOrder', with: { iccid: '$a', releaseFlag: false }, ends: '8.2.1/3.5', state: 'Confirmed' },
  ],
  'matching ids are given, made, and unique': [
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'b', ends: 'done', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', matchingId: 'AB-12', releaseFlag: true }, ends: 'done', state: 'Released' },
    { call: 'confirmOrder', with: { iccid: '$b', matchingId: 'AB-12', releaseFlag: true }, ends: '8.2.6/3.3', state: 'Allocated' },
    { call: 'cancelOrder', with: { iccid: '$a', matchingId: 'AB-12', finalProfileStatusIndicator: 'Unavailable' }, ends: 'done', state: 'Unavailable' },
    { call: 'confirmOrder', with: { iccid: '$b', matchingId: 'AB-12', releaseFlag: true }, ends: 'done', state: 'Released' },
  ],
  'SM-DS and default SM-DP+ need an EID': [
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', smdsAddress: 'ds.example', releaseFlag: true }, ends: '8.1.1/2.2', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', matchingId: '', releaseFlag: true }, ends: '8.1.1/2.2', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', matchingId: '', smdsAddress: 'ds.example', eid: EID, releaseFlag: true }, ends: '1.6/2.1', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', matchingId: '', eid: EID, releaseFlag: true }, ends: 'done', state: 'Released' },
  ],
  'cancelling names what was bound': [
    { call: 'cancelOrder', with: { iccid: '8900000000000000000', finalProfileStatusIndicator: 'Available' }, ends: '8.2.1/3.9' },
    { call: 'downloadOrder', with: { profileType: 'P1', eid: EID }, as: 'a', ends: 'done', state: 'Linked' },
    { call: 'confirmOrder', with: { iccid: '$a', releaseFlag: false }, as: 'a', ends: 'done', state: 'Confirmed' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Available' }, ends: '1.6/2.3', state: 'Confirmed' },
    { call: 'cancelOrder', with: { iccid: '$a', eid: EID, finalProfileStatusIndicator: 'Available' }, ends: '1.6/2.3', state: 'Confirmed' },
    { call: 'cancelOrder', with: { iccid: '$a', eid: OTHER_EID, matchingId: '$a.id', finalProfileStatusIndicator: 'Available' }, ends: '8.1.1/3.10', state: 'Confirmed' },
    { call: 'cancelOrder', with: { iccid: '$a', eid: EID, matchingId: 'X', finalProfileStatusIndicator: 'Available' }, ends: '8.2.6/3.10', state: 'Confirmed' },
    { call: 'cancelOrder', with: { iccid: '$a', eid: EID, matchingId: '$a.id', finalProfileStatusIndicator: 'Available' }, ends: 'done', state: 'Available' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Available' }, ends: '8.2.1/3.5', state: 'Available' },
  ],
  'releasing what cannot be released': [
    { call: 'releaseProfile', with: { iccid: '8900000000000000000' }, ends: '8.2.1/3.9' },
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'releaseProfile', with: { iccid: '$a' }, ends: '8.2.1/3.5', state: 'Allocated' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Unavailable' }, ends: 'done', state: 'Unavailable' },
    { call: 'releaseProfile', with: { iccid: '$a' }, ends: '8.2.1/3.5', state: 'Unavailable' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Available' }, ends: '8.2.1/3.5', state: 'Unavailable' },
    { call: 'downloadOrder', with: { iccid: '$a' }, ends: '8.2.1/3.3', state: 'Unavailable' },
  ],
  'another requester may not touch it': [
    { call: 'downloadOrder', with: { profileType: 'P1' }, as: 'a', ends: 'done', state: 'Allocated' },
    { call: 'confirmOrder', with: { iccid: '$a', releaseFlag: true, header: { functionRequesterIdentifier: '9', functionCallIdentifier: 'c' } }, ends: '8.2.1/1.2', state: 'Allocated' },
    { call: 'cancelOrder', with: { iccid: '$a', finalProfileStatusIndicator: 'Available', header: { functionRequesterIdentifier: '9', functionCallIdentifier: 'c' } }, ends: '8.2.1/1.2', state: 'Allocated' },
    { call: 'releaseProfile', with: { iccid: '$a', header: { functionRequesterIdentifier: '9', functionCallIdentifier: 'c' } }, ends: '8.2.1/1.2', state: 'Allocated' },
    { call: 'downloadOrder', with: { iccid: '$a', header: { functionRequesterIdentifier: '9', functionCallIdentifier: 'c' } }, ends: '8.2.1/1.2', state: 'Allocated' },
  ],
};

// Requests that both must turn down, each in its own words, without any effect.
const malformed = [
  ['downloadOrder', {}],
  ['downloadOrder', { profileType: 7 }],
  ['downloadOrder', { profileType: '' }],
  ['downloadOrder', { profileType: 'P1', eid: '8900' }],
  ['downloadOrder', { iccid: 8995990000000000 }],
  ['downloadOrder', { iccid: '89950100000000000199F' }],
  ['downloadOrder', { profileType: 'P1', header: null }],
  ['downloadOrder', { profileType: 'P1', header: { functionRequesterIdentifier: 'R' } }],
  ['confirmOrder', { releaseFlag: true }],
  ['confirmOrder', { iccid: '8995000000000000003' }],
  ['confirmOrder', { iccid: '8995000000000000003', releaseFlag: 1 }],
  ['confirmOrder', { iccid: '8995000000000000003', releaseFlag: true, matchingId: 'a_b' }],
  ['confirmOrder', { iccid: '8995000000000000003', releaseFlag: true, smdsAddress: 'no host' }],
  ['cancelOrder', { iccid: '8995000000000000003' }],
  ['cancelOrder', { iccid: '8995000000000000003', finalProfileStatusIndicator: 'Released' }],
  ['releaseProfile', {}],
  ['releaseProfile', { iccid: '8995000000000000003x' }],
];

let tls;
let judge;
const sides = [];

before(async () => {
  tls = makeTls();
  judge = await openJudge();
  for (const start of [startSandbox, startPeer]) {
    const program = await start(tls, STOCK);
    sides.push({
      name: program.first.side, program, client: new Client(program.first.address, tls),
    });
  }
});

after(async () => {
  for (const { client, program, name } of sides) {
    client.close();
    assert.equal(await program.stop(), 0, `${name} ends well`);
  }
  tls?.remove();
});

function fill(value, known) {
  if (typeof value !== 'string') return value;
  return value.replace(/\$([a-z])(\.id)?/g, (_, name, isId) => (isId ? known[name].id : known[name].iccid));
}

async function play(client, steps) {
  const known = {};
  const seen = [];
  for (const step of steps) {
    const members = Object.fromEntries(
      Object.entries(step.with).map(([key, value]) => [key, fill(value, known)]),
    );
    const reply = await client.call(step.call, members);
    assert.match(reply.headers['x-admin-protocol'] ?? '', /^gsma\/rsp\/v2\./);
    assert.equal(reply.status, 200);
    assert.equal(judge.validateResponse(reply.json, step.call, 200).errors, null, JSON.stringify(reply.json));
    if (step.as) {
      known[step.as] = {
        iccid: reply.json.iccid ?? known[step.as]?.iccid, id: reply.json.matchingId,
      };
    }
    const iccid = (members.iccid ?? reply.json.iccid ?? '').replace(/F$/, '');
    const state = step.state && (await client.profile(iccid)).state;
    seen.push({ call: step.call, ends: outcome(reply), state });
  }
  return seen;
}

for (const [name, steps] of Object.entries(plays)) {
  test(`both sides: ${name}`, LIMIT, async () => {
    const expected = steps.map(({ call, ends, state }) => ({ call, ends, state }));
    for (const side of sides) {
      assert.deepEqual(await play(side.client, steps), expected, side.name);
    }
  });
}

test('both sides turn malformed requests down, and nothing changes', LIMIT, async () => {
  for (const { client, name } of sides) {
    const changes = async () => (await client.ledger()).filter((l) => l.kind === 'state').length;
    const before_ = await changes();
    for (const [call, members] of malformed) {
      const ended = outcome(await client.call(call, members));
      assert.match(ended, /^(HTTP 400|1\.6\/2\.[123])$/, `${name} ${call} ${JSON.stringify(members)}`);
    }
    assert.equal(await changes(), before_, name);
  }
});

test('both sides refuse wrong HTTP messages with the same status', LIMIT, async () => {
  const good = { 'Content-Type': 'application/json', 'X-Admin-Protocol': 'gsma/rsp/v2.2.0' };
  const path = '/gsma/rsp2/es2plus/releaseProfile';
  const rows = [
    ['GET', path, good, undefined, 405],
    ['POST', '/gsma/rsp2/es2plus/rpmOrder', good, '{}', 404],
    ['POST', '/es2plus/releaseProfile', good, '{}', 404],
    ['POST', path, { ...good, 'Content-Type': 'text/plain' }, '{}', 415],
    ['POST', path, { ...good, 'X-Admin-Protocol': 'gsma/rsp/v3.0.0' }, '{}', 400],
    ['POST', path, { 'Content-Type': 'application/json' }, '{}', 400],
    ['POST', path, good, '{"header":', 400],
    ['POST', path, good, '[]', 400],
    ['POST', path, good, '', 400],
  ];
  for (const { client, name } of sides) {
    for (const [method, at, headers, body, status] of rows) {
      const length = { 'Content-Length': Buffer.byteLength(body ?? '') };
      const reply = await client.raw(method, at, { ...headers, ...length }, body);
      assert.equal(reply.status, status, `${name} ${method} ${at} ${body}`);
    }
  }
});
