// The whole host against an SMSC on Perl's Net::SMPP: a second reader of what we send.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { eventually } from '../smdp/rig.mjs';
import { SETTINGS } from './carrier.mjs';
import { EID, World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const program = fileURLToPath(new URL('smsc.pl', import.meta.url));
const seen = [];
let child;
let world;

const text = (line, key) => Buffer.from(line[key] ?? '', 'hex').toString('latin1');
const named = (name) => seen.filter((line) => line.name === name);

before(async () => {
  child = spawn('/usr/bin/perl', [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [first] = await once(lines, 'line');
  lines.on('line', (line) => seen.push(JSON.parse(line)));
  world = await World.open(JSON.parse(first).address, [
    ...SETTINGS, 'long_messages: sar', 'receipt_ms: 5000',
  ]);
});

after(async () => {
  await world?.close();
  child?.kill('SIGTERM');
});

test('the bind is read as version 3.4', LIMIT, async () => {
  await eventually(() => named('bind_transceiver').length === 1);
  const [bind] = named('bind_transceiver');
  assert.equal(text(bind, 'system_id'), 'esimd');
  assert.equal(text(bind, 'interface_version'), '52');
});

test('lines and profiles are served', LIMIT, async () => {
  const line = await world.order({ type: 'line.activate', msisdn: '+959790012341' });
  assert.equal(line.state, 'completed', JSON.stringify(line.steps));
  const [submit] = named('submit_sm');
  assert.match(text(submit, 'short_message'), /^ACT 959790012341 \S{9}$/);
  assert.equal(text(submit, 'source_addr'), '8888');
  assert.equal(text(submit, 'destination_addr'), '1332');
  assert.equal(submit.user_message_reference.length, 4);
  const profile = await world.provision();
  assert.equal(profile.state, 'completed', JSON.stringify(profile.steps));
  assert.match(profile.iccid, /^89950200000/);
  assert.ok(text(named('submit_sm')[1], 'short_message').includes(EID));
});

test('a receipt as TLVs before its response is joined', LIMIT, async () => {
  const line = await world.order({ type: 'line.suspend', msisdn: '+959790012343' });
  assert.equal(line.state, 'completed', JSON.stringify(line.steps));
});

test('each message of the carrier is acknowledged, and the end is an unbind', LIMIT, async () => {
  await eventually(() => named('deliver_sm_resp').length === 6);
  assert.deepEqual(named('deliver_sm_resp').filter(({ status }) => status !== 0), []);
  await world.close();
  world = undefined;
  await eventually(() => named('unbind').length === 1);
  assert.deepEqual(seen.filter(({ name }) => /unknown|nack/.test(name)), []);
});
