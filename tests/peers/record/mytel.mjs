// The host and a carrier written from PROTOCOL.md alone (tests/peers/mytel). Each story is
// a connection from its login to its end.

import { STATE } from '../mytel/carrier.mjs';
import { events, frames } from '../mytel/document.mjs';
import { CLIENT } from '../mytel/server.mjs';
import { decode, frameLength, readFrame } from '../mytel/wire.mjs';
import { EID, World, eventually } from '../mytel/world.mjs';
import { record } from './recorder.mjs';
import { TcpTap } from './tcp_tap.mjs';

const TTL_MS = 3600 * 1000; // The setting ttl_s.
const names = new Map(Object.entries(frames).map(([name, number]) => [number, name]));

// A nonce, a request's id and when it expires are of the step.
function stepOf(name, body) {
  const { NONCE, REQUEST_ID, EXPIRES } = decode(body);
  if (name === 'HELLO') return { random: NONCE.toString('hex') };
  if (name !== 'REQUEST') return undefined;
  return { random: REQUEST_ID.toString('hex'), ...(EXPIRES && { now_ms: EXPIRES - TTL_MS }) };
}

function look(bytes, from) {
  const { type, body } = readFrame(bytes);
  const name = names.get(type);
  return { name, step: from === 'host' ? stepOf(name, body) : undefined, bytes };
}

const line = (type, msisdn = '+959790000001') => ({ type, msisdn, plan: 'basic' });
const provision = (members) => ({
  type: 'profile.provision', plan: 'basic', profile_type: 'P1', device: { eid: EID }, ...members,
});

const stories = [
  ['a profile is ordered, asked for and cancelled', async (story, { world, server }) => {
    const { iccid } = await story.order(world, provision());
    await story.order(world, { type: 'profile.status', iccid });
    const { matchingId } = server.carrier.profiles.get(iccid);
    await story.order(world, { type: 'profile.cancel', iccid }, { eid: EID, matching_id: matchingId });
  }],
  ['a line is activated, suspended, resumed, read and terminated', async (story, { world, server }) => {
    const at = Date.parse('2026-01-01T00:00:00Z');
    server.carrier.usage = [0, 1, 2].map((i) => ({
      FROM: at + i * 1000, TO: at + i * 1000 + 1000, BYTES_DOWN: i, SMS: 1,
    }));
    for (const verb of ['activate', 'suspend', 'resume']) await story.order(world, line(`line.${verb}`));
    const extra = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    await story.order(world, { ...line('usage.read'), extra });
    await story.order(world, line('line.terminate'));
  }],
  ['an unknown type and an empty stock are refused', async (story, { world }) => {
    await story.order(world, provision({ profile_type: 'P9' }));
    await story.order(world, provision({ profile_type: 'P2' }));
    await story.order(world, provision({ profile_type: 'P2' })); // There was one.
  }],
  ['a throttled request is sent again', (story, { world, server }) => {
    server.fail({ operation: 'LINE_ACTIVATE', how: 'refuse', code: 'THROTTLED', ms: 300 });
    return story.order(world, line('line.activate'));
  }],
  ['a request that takes long ends by its event', (story, { world, server }) => {
    server.fail({ operation: 'LINE_ACTIVATE', how: 'in_progress', ms: 300 });
    return story.order(world, line('line.activate'));
  }],
  ['silence is looked into by a question', (story, { world, server }) => {
    server.fail({ operation: 'PROFILE_ORDER', how: 'silent' });
    return story.order(world, provision());
  }],
  ['a reply is cut and the request is sent again', (story, { world, server }) => {
    Object.assign(server, { cutReply: 30 });
    return story.order(world, line('line.activate'));
  }],
  ['a frame with a wrong bit ends the connection', (story, { world, server }) => {
    server.fail({ operation: 'LINE_ACTIVATE', how: 'spoilt' });
    return story.order(world, line('line.activate'));
  }],
  ['a profile changes unasked', async (story, { world, server }) => {
    const order = await story.order(world, provision());
    const details = {
      ICCID: order.iccid, PROFILE_STATE: STATE.Installed, POINT: 4, EID,
    };
    server.emit(events.PROFILE_CHANGED, details);
    await story.told(world, order, 1);
    await eventually(() => server.acknowledged.length === 1);
  }],
  ['what nobody knows waits for a person', (story, { world, server }) => {
    server.fail({ operation: 'LINE_ACTIVATE', how: 'refuse', code: 'FORGOTTEN' });
    return story.order(world, line('line.activate'));
  }],
];

async function recordOne([name, tell]) {
  let tap;
  const world = await World.open({
    plain: true,
    stock: { P1: 10, P2: 1 },
    settings: ['poll_s: 1'],
    prepare: (server) => { tap = new TcpTap(server.listener, { length: frameLength, look }); },
  });
  const { server } = world;
  try {
    await eventually(() => server.sessions.size === 1);
    await record({
      adapter: 'mytel',
      judge: 'carrier in Node, written from PROTOCOL.md alone (tests/peers/mytel)',
      settings: { client_id: CLIENT, poll_s: 1 },
      answer_ms: 1500, // World's manifest.
    }, tap, [[name, async (story) => {
      await tell(story, { world, server });
      tap.note({ event: 'drained' });
      world.tool('stop', world.dir);
      await eventually(() => server.sockets.size === 0);
    }]]);
  } finally {
    await world.close();
  }
}

export async function recordMytel() {
  for (const story of stories) await recordOne(story);
}
