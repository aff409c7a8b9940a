// The carrier calls: how far a device is, who may say so, and what nobody ordered.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { scenarios } from './story.mjs';
import { EID, World } from './world.mjs';

const PATH = '/callbacks/atom/gsma/rsp2/es2plus/handleDownloadProgressInfo';
const STRANGE_ICCID = '8995099999999999996';

let world;
before(async () => { world = await World.open({ keys: { root: ['default', 'superadmin'] } }); });
after(() => world?.close());

const released = [
  { client: 'orders' },
  { order: 'acknowledged inProgress completed' },
  { profile: 'Linked Confirmed Released' },
];

scenarios(() => world, [
  {
    title: 'A profile follows the device that downloads and installs it',
    story: [...released, { device: 'installs' }, { profile: 'Downloaded Installed' }],
  },
  {
    title: 'A carrier that says everything three times changes a profile once',
    story: [...released, { device: { repeat: 2 } }, { profile: 'Downloaded Installed' }, { told: 9 }],
  },
  {
    title: 'A device that cannot install leaves the profile in Error',
    story: [...released, { device: { outcome: 'failed' } }, { profile: 'Downloaded Error' }],
  },
  {
    title: 'A user who refuses leaves the profile in Error without a download',
    story: [...released, { device: { outcome: 'rejected' } }, { profile: 'Error' }],
  },
]);

const notification = (iccid, id = 'n-1') => ({
  header: { functionRequesterIdentifier: '1.2.3', functionCallIdentifier: id },
  eid: EID,
  iccid,
  profileType: 'P1',
  timestamp: '2030-01-01T00:00:00Z',
  notificationPointId: 4,
  notificationPointStatus: { status: 'Executed-Success' },
});

test('A notification about a profile that nobody ordered is an event, and makes no profile', async () => {
  assert.equal(await world.callBack(PATH, notification(STRANGE_ICCID)), 204);
  assert.equal(await world.callBack(PATH, notification(STRANGE_ICCID)), 204);
  const events = (await world.events(0, 'root')).filter((each) => each.type === 'profile.unknown');
  assert.deepEqual(events.map((each) => each.subject), [`profile/${STRANGE_ICCID}`]);
  assert.equal((await world.ask('GET', `/v1/profiles/${STRANGE_ICCID}`)).status, 404);
});

// Who is refused must leave no trace either.
async function isRefused(certificate) {
  const { json } = await world.placeOrder({}, { headers: { Prefer: 'wait=10' } });
  const outcome = await world.callBack(PATH, notification(json.iccid, 'forged'), certificate)
    .catch((error) => error.code);
  assert.equal((await world.get(`/v1/profiles/${json.iccid}`)).state, 'Released');
  return outcome;
}

test('A caller without a certificate is refused', async () => {
  assert.notEqual(await isRefused(null), 204);
});

test('A caller whose certificate another authority signed is refused', async () => {
  assert.notEqual(await isRefused('stranger'), 204);
});

test('Noise and unknown paths are refused and change nothing', async () => {
  const from = (await world.events()).at(-1).sequence;
  assert.ok(await world.callBack(PATH, { header: {} }) >= 400);
  assert.ok(await world.callBack('/callbacks/atom/else', notification('1')) >= 400);
  assert.equal(await world.callBack('/callbacks/nobody/x', notification('1')), 404);
  assert.equal(await world.callBack('/v1/orders', {}), 404);
  assert.deepEqual(await world.events(from), []);
});

test('The API does not take callbacks, nor the callback listener API calls', async () => {
  assert.equal((await world.ask('POST', PATH, { body: notification('1') })).status, 404);
  assert.equal(await world.callBack('/livez', {}), 404);
});
