// The host and npm's smpp as the SMSC, with a carrier behind its short code
// (tests/peers/mpt). Each story is a connection from its bind to its unbind.

import smpp from 'smpp';
import { parse } from 'yaml';

import { Carrier, SETTINGS } from '../mpt/carrier.mjs';
import { Smsc } from '../mpt/smsc.mjs';
import { EID, World } from '../mpt/world.mjs';
import { eventually } from '../smdp/rig.mjs';
import { record } from './recorder.mjs';
import { TcpTap } from './tcp_tap.mjs';

const QUICK = [
  'response_ms: 700', 'reply_ms: 1500', 'receipt_ms: 700', 'pause_ms: 100', 'submit_ms: 3000',
  'response_ids: hex', 'receipt_ids: hex',
];
const PASSWORD = 'secret'; // World's. As long as the word that stands for it.

// Lists and maps stand as JSON in a text.
function settingsOf(lines) {
  const settings = parse(lines.join('\n'));
  return { ...settings, commands: JSON.parse(settings.commands), replies: JSON.parse(settings.replies) };
}

const names = new Map(Object.entries(smpp.commandsById ?? {}).map(([id, { command }]) => [Number(id), command]));
const commandOf = (bytes) => names.get(bytes.readUInt32BE(4)) ?? bytes.readUInt32BE(4).toString(16);

function look(bytes) {
  const name = commandOf(bytes);
  const at = name === 'bind_transceiver' ? bytes.indexOf(`\0${PASSWORD}\0`) : -1;
  if (at < 0) return { name, bytes };
  const shown = Buffer.from(bytes);
  shown.write('masked', at + 1);
  return { name, bytes: shown };
}

const length = (bytes) => (bytes.length < 4 ? 0 : bytes.readUInt32BE(0));
const line = (type, msisdn = '+959790001001') => ({ type, msisdn });
const PROVISION = {
  type: 'profile.provision', plan: 'basic', device: { eid: EID, imei: '490154203237518' },
};

const stories = [
  ['a line is activated, suspended, resumed and terminated', async (story, { world }) => {
    for (const verb of ['activate', 'suspend', 'resume', 'terminate']) {
      await story.order(world, line(`line.${verb}`));
    }
  }],
  ['a profile comes with its activation code in a reply', (story, { world }) => (
    story.order(world, PROVISION))],
  ['a reply comes in parts, with TLVs in receipts', (story, { world }) => (
    story.order(world, PROVISION)), { cutReplies: true, tlvs: true }],
  ['an unknown line and a wrong number are refused', async (story, { world, smsc }) => {
    await story.order(world, line('line.activate', '+959790000000'));
    smsc.goWrong('refuse');
    await story.order(world, line('line.activate'));
  }],
  ['a throttled command is sent again', (story, { world, smsc }) => {
    smsc.goWrong('throttle');
    return story.order(world, line('line.activate'));
  }],
  ['a receipt comes before its response', (story, { world, smsc }) => {
    smsc.goWrong('early');
    return story.order(world, line('line.activate'));
  }],
  ['a lost response is settled by the reply', (story, { world, smsc }) => {
    smsc.goWrong('lose');
    return story.order(world, line('line.activate'));
  }],
  ['a command without a reply waits for a person', (story, { world, smsc }) => {
    smsc.goWrong('mute');
    return story.order(world, line('line.activate'));
  }],
  ['without reply and receipt the message is asked for', (story, { world, smsc }) => {
    smsc.carrier.answer = () => undefined;
    smsc.goWrong('silent');
    return story.order(world, line('line.activate'));
  }],
  ['an expired command is sent again', (story, { world, smsc }) => {
    smsc.goWrong('expire');
    return story.order(world, line('line.activate'));
  }],
  ['a cut connection is bound again and the reply finds its order', async (story, { world, smsc }) => {
    smsc.goWrong('drop');
    const placed = await story.place(world, line('line.activate'));
    await eventually(() => smsc.binds.length === 2 && smsc.sessions.size === 1);
    smsc.deliverOwed();
    await story.ended(world, placed);
  }],
  ['a message that nobody waits for is acknowledged', async (story, { world, smsc }) => {
    const [session] = smsc.sessions;
    await new Promise((resolve) => {
      session.deliver_sm({
        source_addr: '1332', destination_addr: '8888', data_coding: 0, short_message: 'Have a nice day',
      }, resolve);
    });
    await story.order(world, line('line.activate'));
  }],
];

async function recordOne([name, tell, options]) {
  const smsc = await Smsc.open(new Carrier(), options);
  const tap = new TcpTap(smsc.server, { length, look });
  const lines = [...SETTINGS, ...QUICK];
  const world = await World.open(smsc.address, lines);
  try {
    await eventually(() => smsc.binds.length === 1);
    await record({
      adapter: 'mpt', judge: 'npm smpp (tests/peers/mpt)', settings: settingsOf(lines), answer_ms: 30000,
    }, tap, [[name, async (story) => {
      await tell(story, { world, smsc });
      tap.note({ event: 'drained' });
      await world.close();
      await eventually(() => smsc.sessions.size === 0);
    }]]);
  } finally {
    await world.close();
    await smsc.close();
  }
}

export async function recordMpt() {
  for (const story of stories) await recordOne(story);
}
