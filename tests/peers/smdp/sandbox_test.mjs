// What only the C sandbox does: faults on demand, devices, a ledger with an end.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  Client, EID, OTHER_EID, eventually, listenForNotifications, makeTls, outcome, startSandbox,
} from './rig.mjs';
import { openJudge } from './smdp.mjs';

const LIMIT = { timeout: 30000 };
let tls;
let judge;
let notifications;
let sandbox;
let client;

before(async () => {
  tls = makeTls();
  judge = await openJudge();
  notifications = await listenForNotifications(tls);
  sandbox = await startSandbox(tls, [
    '--stock', 'P1=1000', '--requester', '1.2.3', '--callback', 'https://localhost:1',
  ]);
  client = new Client(sandbox.first.address, tls);
  await client.control('POST', '/sandbox/callback', { url: notifications.url });
});

after(async () => {
  client?.close();
  assert.equal(await sandbox?.stop(), 0);
  await notifications?.close();
  tls?.remove();
});

const order = (members = { profileType: 'P1' }) => client.call('downloadOrder', members);
const setFault = (fault) => client.control('POST', '/sandbox/faults', { function: 'downloadOrder', ...fault });
const countOrders = async () => (await client.ledger())
  .filter((l) => l.kind === 'state' && l.from === 'Available').length;

async function released(members = {}) {
  const { iccid } = (await order()).json;
  const { matchingId } = (await client.call('confirmOrder', {
    iccid, releaseFlag: true, ...members,
  })).json;
  return { iccid, code: `1$smdp.sandbox.example$${matchingId}`, matchingId };
}

const scan = (eid, body) => client.control('POST', `/sandbox/devices/${eid}/install`, body);

test('a requester that is not known is refused', LIMIT, async () => {
  const header = { functionRequesterIdentifier: 'nobody', functionCallIdentifier: 'c' };
  assert.equal(outcome(await order({ profileType: 'P1', header })), '1.1/1.1');
});

test('each fault does what its name says, once, and its effect is in the ledger', LIMIT, async () => {
  const rows = [
    { fault: 'refuse', subject: '8.2.5', reason: '3.7', ends: '8.2.5/3.7', effect: 0 },
    { fault: '5xx', ends: 'HTTP 500', effect: 0 },
    { fault: '5xx', status: 503, ms: 2500, ends: 'HTTP 503', effect: 0, retryAfter: '3' },
    { fault: '5xx', effect_: true, ends: 'HTTP 500', effect: 1 },
    { fault: 'throttle', ms: 1000, ends: 'HTTP 429', effect: 0, retryAfter: '1' },
    { fault: 'drop_before', ends: 'cut', effect: 0 },
    { fault: 'drop_after', ends: 'cut', effect: 1 },
    { fault: 'half_reply', ends: 'cut', effect: 1 },
    { fault: 'garbage', ends: 'cut', effect: 1 },
    { fault: 'slow', ms: 50, ends: 'done', effect: 1 },
  ];
  for (const { ends, effect, retryAfter, effect_, ...fault } of rows) {
    await setFault({ ...fault, ...(effect_ && { effect: true }) });
    const had = await countOrders();
    const reply = await order().catch(() => ({ cut: true }));
    assert.equal(reply.cut ? 'cut' : outcome(reply), ends, fault.fault);
    assert.equal(reply.headers?.['retry-after'], retryAfter, fault.fault);
    assert.equal(await countOrders() - had, effect, fault.fault);
    assert.equal(outcome(await order()), 'done', `${fault.fault} is over`);
  }
});

test('a fault can wait, repeat, hit any function, and be taken back', LIMIT, async () => {
  await setFault({ fault: 'refuse', after: 1, count: 2 });
  const ends = [];
  for (let i = 0; i < 4; i += 1) ends.push(outcome(await order()));
  assert.deepEqual(ends, ['done', '1.2/4.2', '1.2/4.2', 'done']);

  await setFault({ function: '*', fault: '5xx', count: 0 });
  assert.equal(outcome(await client.call('releaseProfile', { iccid: '8995000000000000003' })), 'HTTP 500');
  assert.equal((await client.control('GET', '/sandbox/faults')).json.length, 1);
  await client.control('DELETE', '/sandbox/faults');
  assert.equal(outcome(await order()), 'done');
});

test('a wrong fault is refused with the reason', LIMIT, async () => {
  for (const wrong of [{ fault: 'explode' }, { fault: 'slow', ms: -1 }, { fault: '5xx', status: 200 }, { fault: 'refuse', subject: 'x'.repeat(40) }]) {
    const { status, json } = await setFault(wrong);
    assert.equal(status, 400);
    assert.ok(json.message.length > 10);
  }
});

test('a callback without an address is refused', LIMIT, async () => {
  assert.equal((await client.control('POST', '/sandbox/callback', {})).status, 400);
  assert.equal((await client.control('POST', '/sandbox/callback', { url: 'x'.repeat(2000) })).status, 400);
});

test('members that the standard does not have are listed in the ledger', LIMIT, async () => {
  assert.equal(outcome(await order({ profileType: 'P1', imei: '490154203237518' })), 'done');
  const line = (await client.ledger()).filter((l) => l.kind === 'request').at(-1);
  assert.deepEqual(line.unknown, ['imei']);
});

test('the ledger has no gaps and can be read from where one left off', LIMIT, async () => {
  const all = await client.ledger();
  assert.deepEqual(all.map((l) => l.seq), all.map((_, i) => i + 1));
  const { text } = await client.raw('GET', `/sandbox/ledger?after=${all.length - 2}`, {});
  assert.equal(text.trim().split('\n').length, 2);
});

test('control is also reached without TLS, functions too', LIMIT, async () => {
  const reply = await fetch(`http://${sandbox.first.control}/sandbox/health`);
  assert.equal((await reply.json()).side, 'smdp');
  assert.equal((await fetch(`http://${sandbox.first.control}/sandbox/nothing`)).status, 404);
});

test('no certificate, or one of another authority, gets no answer', LIMIT, async () => {
  for (const name of ['', 'stranger']) {
    const other = new Client(sandbox.first.address, tls, name);
    await assert.rejects(other.raw('GET', '/sandbox/health', {}));
    other.close();
  }
});

test('an installation walks to Installed and tells it as the document says', LIMIT, async () => {
  const { iccid, code } = await released();
  const had = notifications.taken.length;
  assert.equal((await scan(EID, { activation_code: `LPA:${code}` })).status, 202);
  const taken = (await notifications.atLeast(had + 3)).slice(had);
  assert.deepEqual(taken.map((n) => n.body.notificationPointId), [1, 3, 4]);
  for (const { body, headers, subject, path } of taken) {
    assert.equal(subject, 'carrier');
    assert.equal(path, '/callbacks/atom/gsma/rsp2/es2plus/handleDownloadProgressInfo');
    const checked = judge.validateRequest({
      method: 'POST', path: '/gsma/rsp2/es2plus/handleDownloadProgressInfo', headers, body,
    });
    assert.deepEqual(checked.errors ?? [], []);
    assert.equal(body.iccid, iccid);
    assert.equal(body.eid, EID);
  }
  assert.equal((await client.profile(iccid)).state, 'Installed');
  assert.equal(outcome(await client.call('cancelOrder', {
    iccid, finalProfileStatusIndicator: 'Available',
  })), '8.2.1/3.3');
});

test('a notification is sent again until it is taken', LIMIT, async () => {
  const { iccid, code } = await released();
  const had = notifications.taken.length;
  notifications.answerWith([503, 204]);
  await scan(EID, { activation_code: code });
  const taken = (await notifications.atLeast(had + 4)).slice(had);
  assert.deepEqual(taken.map((n) => n.body.notificationPointId), [1, 1, 3, 4]);
  await eventually(async () => (await client.profile(iccid)).state === 'Installed');
});

test('a wrong confirmation code costs a try, and the third ends in Error', LIMIT, async () => {
  const { iccid, code, matchingId } = await released({ confirmationCode: '1234' });
  const seen = [];
  for (let i = 0; i < 3; i += 1) {
    const had = notifications.taken.length;
    await scan(EID, { activation_code: `${code}$$1`, confirmation_code: '0000' });
    const [, { body }] = (await notifications.atLeast(had + 2)).slice(had);
    seen.push(body.notificationPointStatus.statusCodeData.reasonCode);
  }
  assert.deepEqual(seen, ['3.8', '3.8', '6.4']);
  assert.equal((await client.profile(iccid)).state, 'Error');
  assert.equal(outcome(await client.call('cancelOrder', {
    iccid, matchingId, finalProfileStatusIndicator: 'Available',
  })), 'done');
});

test('rejection, failure, a wrong device and an early one end as the standard says', LIMIT, async () => {
  const rows = [
    { body: { outcome: 'rejected' }, codes: '8.8.5/3.8', state: 'Error', count: 2 },
    { body: { outcome: 'failed' }, codes: '8.2.10/4.2', state: 'Error', count: 3 },
    { confirm: { eid: OTHER_EID }, body: {}, codes: '8.1.1/3.8', state: 'Released', count: 1 },
    { confirm: { releaseFlag: false }, body: {}, codes: '8.2/1.2', state: 'Confirmed', count: 1 },
  ];
  for (const { confirm, body, codes, state, count } of rows) {
    const { iccid, code } = await released(confirm);
    const had = notifications.taken.length;
    await scan(EID, { activation_code: code, ...body });
    const taken = await notifications.atLeast(had + count);
    const { subjectCode, reasonCode } = taken.at(-1).body.notificationPointStatus.statusCodeData;
    assert.equal(`${subjectCode}/${reasonCode}`, codes);
    assert.equal((await client.profile(iccid)).state, state);
  }
});

test('a code that is none, or of no order, is told at once', LIMIT, async () => {
  assert.equal((await scan(EID, { activation_code: '2$x$y' })).status, 400);
  assert.equal((await scan(EID, {})).status, 400);
  assert.equal((await scan(EID, { activation_code: '1$a.b$NOBODY' })).status, 404);
  assert.equal((await scan('89', { activation_code: '1$a.b$NOBODY' })).status, 400);
});

test('a second release can be refused, by option', LIMIT, async () => {
  const strict = await startSandbox(tls, ['--release-again', 'refuse']);
  const other = new Client(strict.first.address, tls);
  const { iccid } = (await other.call('downloadOrder', { profileType: 'P1' })).json;
  await other.call('confirmOrder', { iccid, releaseFlag: true });
  assert.equal(outcome(await other.call('releaseProfile', { iccid })), '8.2.1/3.5');
  other.close();
  assert.equal(await strict.stop(), 0);
});

test('answers that wait for their latency are given when the sandbox stops', LIMIT, async () => {
  const slow = await startSandbox(tls, ['--latency-ms', '600000']);
  const other = new Client(slow.first.address, tls);
  const waiting = other.call('downloadOrder', { profileType: 'P1' });
  await eventually(async () => (await other.ledger()).length > 0);
  const [reply, code] = await Promise.all([waiting, slow.stop()]);
  assert.equal(outcome(reply), 'done');
  assert.equal(code, 0);
  other.close();
});
