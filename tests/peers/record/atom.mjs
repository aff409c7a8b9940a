// The host and the Node SM-DP+ that npm's openapi-backend judges (tests/peers/smdp).

import { startSmdp } from '../smdp/smdp.mjs';
import { EID } from '../smdp/rig.mjs';
import { World } from '../smdp/world.mjs';
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
  const world = await World.open(async (tls) => {
    smdp = await startSmdp({ tlsDir: tls.dir, stock: { P1: 10, P2: 0 } });
    tap = new HttpTap(smdp.server, { only: ({ url }) => !url.startsWith('/sandbox/') });
    return { first: { address: smdp.address }, stop: async () => { await smdp.close(); return 0; } };
  });
  try {
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
    ]);
  } finally {
    await world.close();
  }
}
