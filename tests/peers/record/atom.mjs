// The host and the Node SM-DP+ that npm's openapi-backend judges (tests/peers/smdp).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startSmdp } from '../smdp/smdp.mjs';
import { EID, eventually } from '../smdp/rig.mjs';
import { World } from '../smdp/world.mjs';
import { CallbackTap } from './callback_tap.mjs';
import { HttpTap } from './http_tap.mjs';
import { record } from './recorder.mjs';

const MEMBERS = {
  adapter: 'atom',
  judge: 'SM-DP+ in Node, judged by npm openapi-backend from es2plus.yaml (tests/peers/smdp)',
  settings: { requester_id: '1.3.6.1.4.1.53535', smdp_address: 'smdp.example.com' },
};
const isCall = (name) => ({ url }) => url.endsWith(`/${name}`);
const provision = (members) => ({
  type: 'profile.provision', plan: 'basic', device: { eid: EID, imei: '490154203237518' }, ...members,
});

export async function recordAtom() {
  let smdp;
  let tap;
  let tls;
  const world = await World.open(async (given) => {
    tls = given;
    smdp = await startSmdp({ tlsDir: given.dir, stock: { P1: 10, P2: 0 } });
    tap = new HttpTap(smdp.server, { only: ({ url }) => !url.startsWith('/sandbox/') });
    return { first: { address: smdp.address }, stop: async () => { await smdp.close(); return 0; } };
  });
  const { callback } = JSON.parse(readFileSync(join(world.dir, 'host.json'), 'utf8'));
  const callbacks = await CallbackTap.open(`https://${callback}/callbacks/atom`, tls);
  try {
    await world.carrier.control('POST', '/sandbox/callback', { url: callbacks.url });
    await record(MEMBERS, tap, [
      ['a profile is ordered, confirmed and released', (story) => (
        story.order(world, provision({ profile_type: 'P1' })))],
      ['a profile is cancelled', async (story) => {
        const { iccid } = await world.order({ profile_type: 'P1' });
        const known = { eid: EID, matching_id: (await world.carrier.profile(iccid)).matchingId };
        await story.order(world, { type: 'profile.cancel', iccid }, known);
      }],
      ['an ICCID of the client\'s own choice is taken', async (story) => {
        const { iccid } = (await world.carrier.call('downloadOrder', { profileType: 'P1' })).json;
        await world.carrier.call('cancelOrder', { iccid, finalProfileStatusIndicator: 'Available' });
        await story.order(world, provision({ iccid }));
      }],
      ['an unknown type is refused', (story) => (
        story.order(world, provision({ profile_type: 'P9' })))],
      ['an empty stock is refused', (story) => (
        story.order(world, provision({ profile_type: 'P2' })))],
      ['a throttled order is asked again', (story) => {
        tap.answer(isCall('downloadOrder'), (response) => {
          response.writeHead(503, { 'Retry-After': '1' });
          response.end();
        });
        return story.order(world, provision({ profile_type: 'P1' }));
      }],
      ['a lost order waits for a person', (story) => {
        tap.loseReply(isCall('downloadOrder'));
        return story.order(world, provision({ profile_type: 'P1' }));
      }],
      ['a lost release is asked again', (story) => {
        tap.loseReply(isCall('releaseProfile'));
        return story.order(world, provision({ profile_type: 'P1' }));
      }],
      ['a device installs the profile and the carrier tells it', async (story) => {
        const order = await story.order(world, provision({ profile_type: 'P1' }));
        const { matchingId } = await world.carrier.profile(order.iccid);
        await world.carrier.control('POST', `/sandbox/devices/${EID}/install`, {
          activation_code: `1$smdp.peer.example$${matchingId}`,
        });
        await story.told(world, order, 3);
        await eventually(() => callbacks.calls.length === 3);
        story.calls = callbacks.calls;
      }],
    ]);
  } finally {
    await world.close();
    await callbacks.close();
  }
}
