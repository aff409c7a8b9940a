// The host and npm's soap, which reads our WSDL (tests/peers/ooredoo).

import { PASSWORD, SoapServer, USER } from '../ooredoo/server.mjs';
import { EID, World } from '../ooredoo/world.mjs';
import { HttpTap } from './http_tap.mjs';
import { record } from './recorder.mjs';

const MSISDN = '+959961234567';
const provision = (members) => ({
  type: 'profile.provision', plan: 'basic', profile_type: 'P1',
  device: { eid: EID, imei: '490154203237518' }, ...members,
});
const line = (type, extra) => ({ type, msisdn: MSISDN, plan: 'basic', ...(extra && { extra }) });

// The nonce and the time of WS-Security are the step's.
function reveal({ body }) {
  const nonce = /<wsse:Nonce[^>]*>([^<]*)</.exec(body)[1];
  const created = /<wsu:Created>([^<]*)</.exec(body)[1];
  return { now_ms: Date.parse(created), random: Buffer.from(nonce, 'base64').toString('hex') };
}

const edit = (text) => text.replace(/(<wsse:Password [^>]*>)[^<]*/, '$1masked');

async function recordWith({ version, password = PASSWORD }, stories) {
  const world = await World.open(
    (tls) => SoapServer.open(tls, version, { P1: 100, P2: 0 }),
    [`soap_version: "${version}"`, `username: ${USER}`, 'settle_ms: 20'],
    password,
  );
  try {
    const tap = new HttpTap(world.carrier.server, { reveal, edit });
    await record({
      adapter: 'ooredoo',
      carrier: 'u9', // As the order API calls it.
      judge: 'npm soap with our WSDL (tests/peers/ooredoo)',
      settings: { soap_version: version, username: USER, settle_ms: 20 },
      masked: { elements: ['wsse:Password'] },
    }, tap, stories(world, world.carrier));
  } finally {
    await world.close();
  }
}

const mainStories = (world, soap) => [
  ['a profile is ordered and confirmed, asked for and cancelled', async (story) => {
    const { iccid } = await story.order(world, provision());
    await story.order(world, { type: 'profile.status', iccid });
    const { matchingId } = soap.carrier.profiles.get(iccid);
    await story.order(world, { type: 'profile.cancel', iccid }, { eid: EID, matching_id: matchingId });
  }],
  ['a line is activated, suspended, resumed, read and terminated', async (story) => {
    soap.carrier.usage = [
      { from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z', bytesDown: 7, sms: 1 },
      { from: '2026-01-01T01:00:00Z', to: '2026-01-01T02:00:00Z', bytesUp: 9 },
    ];
    await story.order(world, line('line.activate'));
    await story.order(world, line('line.suspend'));
    await story.order(world, line('line.resume'));
    await story.order(world, line('usage.read', { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }));
    await story.order(world, line('line.terminate'));
  }],
  ['an empty stock is refused', (story) => story.order(world, provision({ profile_type: 'P2' }))],
  ['a lost order is found again', (story) => {
    soap.fail({ operation: 'OrderProfile', how: 'drop_after' });
    return story.order(world, provision());
  }],
  ['an order that never arrived is sent again', (story) => {
    soap.fail({ operation: 'OrderProfile', how: 'drop_before' });
    return story.order(world, provision());
  }],
  ['a reply cut in the middle is asked for again', (story) => {
    soap.fail({ operation: 'ConfirmProfile', how: 'cut:200' });
    return story.order(world, provision());
  }],
  ['a carrier that is busy is asked later', (story) => {
    soap.fail({
      operation: 'OrderProfile',
      how: (response) => response.writeHead(503, { 'Retry-After': '1' }).end(),
    });
    return story.order(world, provision());
  }],
];

export async function recordOoredoo() {
  await recordWith({ version: '1.1' }, mainStories);
  await recordWith({ version: '1.2' }, (world) => [
    ['a profile is ordered and confirmed in SOAP 1.2', (story) => story.order(world, provision())],
    ['an unknown profile is refused in SOAP 1.2', (story) => (
      story.order(world, { type: 'profile.status', iccid: '8995050000000000992' }))],
  ]);
  await recordWith({ version: '1.1', password: 'another' }, (world) => [
    ['a password that is not accepted is a refusal', (story) => story.order(world, provision())],
  ]);
}
