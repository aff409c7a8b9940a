// The Node SM-DP+ itself: a judge must be right before it judges.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import {
  Client, EID, OTHER_EID, listenForNotifications, makeTls, outcome, startPeer,
} from './rig.mjs';
import { definition, openJudge } from './smdp.mjs';

const LIMIT = { timeout: 30000 };
let tls;
let notifications;
let peer;
let client;

before(async () => {
  tls = makeTls();
  notifications = await listenForNotifications(tls);
  peer = await startPeer(tls, ['--stock', 'P1=20', '--stock', 'P2=1', '--callback', notifications.url]);
  client = new Client(peer.first.address, tls);
});

after(async () => {
  client?.close();
  assert.equal(await peer?.stop(), 0);
  await notifications?.close();
  tls?.remove();
});

test('the document of ES2+ is valid OpenAPI, as an independent validator sees it', LIMIT, async () => {
  const result = await new Validator().validate(structuredClone(definition));
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
});

test('a profile goes from order to release, and its ledger tells so', LIMIT, async () => {
  const ordered = await client.call('downloadOrder', { profileType: 'P1', eid: EID });
  assert.equal(outcome(ordered), 'done');
  const { iccid } = ordered.json;
  assert.match(iccid, /^8995\d{15}$/);
  assert.equal((await client.profile(iccid)).state, 'Linked');

  const confirmed = await client.call('confirmOrder', { iccid, releaseFlag: false });
  assert.equal(outcome(confirmed), 'done');
  assert.match(confirmed.json.matchingId, /^[0-9A-Z-]{10,}$/);
  assert.equal(confirmed.json.eid, EID);
  assert.equal((await client.profile(iccid)).state, 'Confirmed');

  assert.equal(outcome(await client.call('releaseProfile', { iccid })), 'done');
  assert.equal(outcome(await client.call('releaseProfile', { iccid })), 'done');
  const states = (await client.ledger()).filter((l) => l.kind === 'state' && l.iccid === iccid);
  assert.deepEqual(states.map((l) => `${l.from} ${l.to}`), [
    'Available Linked', 'Linked Confirmed', 'Confirmed Released',
  ]);
});

test('a request outside the document is a 400 whose reasons are in the ledger', LIMIT, async () => {
  const wrong = [
    ['downloadOrder', {}],
    ['downloadOrder', { profileType: 7 }],
    ['downloadOrder', { profileType: 'P1', eid: '89' }],
    ['downloadOrder', { profileType: 'P1', imei: '490154203237518' }],
    ['downloadOrder', { profileType: 'P1', header: { functionCallIdentifier: 'c' } }],
    ['confirmOrder', { iccid: '8995990000000000012', releaseFlag: 'true' }],
    ['confirmOrder', { iccid: '8995990000000000012' }],
    ['confirmOrder', { iccid: '8995990000000000012', releaseFlag: true, matchingId: 'ab' }],
    ['cancelOrder', { iccid: '8995990000000000012', finalProfileStatusIndicator: 'Error' }],
    ['releaseProfile', { iccid: '12' }],
  ];
  for (const [name, members] of wrong) {
    const reply = await client.call(name, members);
    assert.equal(reply.status, 400, `${name} ${JSON.stringify(members)}`);
  }
  const noProtocol = await client.call('releaseProfile', { iccid: '8995990000000000012' }, { 'X-Admin-Protocol': 'v2' });
  assert.equal(noProtocol.status, 400);
  const refused = (await client.ledger()).filter((l) => l.kind === 'refused');
  assert.equal(refused.length, wrong.length + 1);
  assert.ok(refused.every((l) => l.reasons.length > 0));
});

test('no certificate, or one of another authority, gets no answer', LIMIT, async () => {
  for (const name of [undefined, 'stranger']) {
    const other = new Client(peer.first.address, tls, name ?? '');
    await assert.rejects(other.raw('GET', '/sandbox/ledger', {}));
    other.close();
  }
});

test('a device walks to Installed; its notifications look like the standard\'s example', LIMIT, async () => {
  const { iccid } = (await client.call('downloadOrder', { profileType: 'P2' })).json;
  const { matchingId, smdpAddress } = (await client.call('confirmOrder', {
    iccid, releaseFlag: true, confirmationCode: '1234',
  })).json;
  const scan = (eid, code) => client.control('POST', `/sandbox/devices/${eid}/install`, {
    activation_code: `1$${smdpAddress}$${matchingId}$$1`, confirmation_code: code,
  });
  assert.equal((await scan(OTHER_EID, 'wrong')).status, 202);
  await notifications.atLeast(1);
  assert.equal((await client.profile(iccid)).state, 'Released');
  assert.equal((await scan(OTHER_EID, '1234')).status, 202);
  const taken = await notifications.atLeast(4);
  assert.deepEqual(taken.map((n) => n.body.notificationPointId), ['2', '1', '3', '4']);
  assert.ok(taken.every((n) => n.subject === 'carrier' && n.body.timeStamp));
  assert.equal((await client.profile(iccid)).state, 'Installed');
  assert.equal((await scan(OTHER_EID, '1234')).status, 409);
});

test('the judge refuses replies that the document does not allow', LIMIT, async () => {
  const judge = await openJudge();
  const done = { header: { functionExecutionStatus: { status: 'Executed-Success' } } };
  assert.ok(judge.validateResponse(done, 'downloadOrder', 200).errors);
  assert.ok(judge.validateResponse({ ...done, extra: 1 }, 'releaseProfile', 200).errors);
  assert.ok(!judge.validateResponse(done, 'releaseProfile', 200).errors);
  const number = structuredClone(done);
  number.header.functionExecutionStatus = {
    status: 'Failed', statusCodeData: { subjectCode: '8.1.1', reasonCode: 3.10 },
  };
  assert.ok(judge.validateResponse(number, 'confirmOrder', 200).errors);
});
