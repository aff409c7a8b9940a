// Wireshark's SMPP dissector reads all that the host sends, and finds nothing to remark.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { Carrier, settingsWith } from './carrier.mjs';
import { pcapOf } from './pcap.mjs';
import { Smsc } from './smsc.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const FIELDS = [
  'smpp.command_id', 'smpp.command_status', 'smpp.sequence_number', '_ws.expert.message',
  '_ws.malformed',
];

const BURMESE = 'မင်္ဂလာပါ။ သင်၏ eSIM အသင့်ဖြစ်ပါပြီ။ '.repeat(4);

// One line a frame, the fields of its PDUs.
function dissect(wire) {
  const scratch = mkdtempSync(join(tmpdir(), 'esimd-pcap-'));
  try {
    const file = join(scratch, 'smpp.pcap');
    writeFileSync(file, pcapOf(wire));
    const { status, stdout, stderr } = spawnSync('tshark', [
      '-n', '-r', file, '-d', 'tcp.port==2775,smpp', '-T', 'fields',
      '-Y', 'ip.src == 10.0.0.1', ...FIELDS.flatMap((field) => ['-e', field]),
    ], { encoding: 'utf8', env: { ...process.env, HOME: scratch } });
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter((line) => line.trim() !== '')
      .map((line) => line.split('\t'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function record(settings, drive) {
  const smsc = await Smsc.open(new Carrier(), { tlvs: true });
  const world = await World.open(smsc.address, [
    ...settingsWith({ 'line.suspend': { text: `SUS {{msisdn}} {{ref}} ${BURMESE}` } }),
    'response_ms: 2000', ...settings,
  ]);
  try {
    await drive(world, smsc);
  } finally {
    await world.close();
    await smsc.close();
  }
  return smsc.wire;
}

function assertClean(wire, expected) {
  const frames = dissect(wire);
  const ids = frames.flatMap(([id]) => id.split(',')).filter(Boolean);
  expected.forEach((id) => assert.ok(ids.includes(id), `${id} in ${ids}`));
  frames.forEach(([, , , expert, malformed]) => {
    assert.equal(expert ?? '', '');
    assert.equal(malformed ?? '', '');
  });
}

for (const way of ['udh', 'sar', 'payload']) {
  test(`commands, questions and long texts by ${way} are clean`, LIMIT, async () => {
    const wire = await record([
      `long_messages: ${way}`, 'reply_ms: 500', 'receipts: all', 'validity_s: 3600',
    ], async (world, smsc) => {
      assert.equal((await world.provision()).state, 'completed');
      smsc.goWrong('silent', 'throttle');
      await world.order({ type: 'line.activate', msisdn: '+959790012341' });
      smsc.goWrong('mute');
      await world.order({ type: 'line.activate', msisdn: '+959790012341' });
      const long = await world.order({ type: 'line.suspend', msisdn: '+959790012341' });
      assert.equal(long.state, 'completed', JSON.stringify(long.steps));
      assert.equal(smsc.submits.at(-1).pdu.data_coding, 8);
      assert.ok(smsc.carrier.commands.at(-1).endsWith(BURMESE));
    });
    assertClean(wire, ['0x00000009', '0x00000004', '0x80000005', '0x00000006']);
  });
}

// submit_sm whose sm_length says more than there is.
test('a broken PDU would be seen', () => {
  const bytes = Buffer.from(`0000002200000004${'00'.repeat(7)}01${'00'.repeat(16)}0941`, 'hex');
  const frames = dissect([{ fromHost: true, bytes }]);
  assert.ok(frames.some((frame) => frame.slice(3).join('') !== ''), JSON.stringify(frames));
});
