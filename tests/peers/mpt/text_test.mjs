// sms.send over HTTP: a long Burmese text through both SMSCs, read by the judge as it was
// written; and nobody else on the way can read it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
  build, eventually, sandboxProgram, startProgram,
} from '../smdp/rig.mjs';
import { Carrier, SETTINGS } from './carrier.mjs';
import { Smsc } from './smsc.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const NUMBER = '+959790012345';
// Stacked consonants, a kinzi, a medial, a surrogate pair: nothing may be cut apart.
const BURMESE = 'မင်္ဂလာပါ။ သင့်ဖုန်းအတွက် eSIM ပရိုဖိုင် အသင့်ဖြစ်ပါပြီ။ 📱 ကျေးဇူးတင်ပါသည်။\n'
  .repeat(3).trim();
const TEXTS = [
  ['Burmese in several parts', BURMESE],
  ['what the default alphabet has', 'Your eSIM [ready] {now} for 5 €\nThanks ~'],
  ['one character more than a part', 'a'.repeat(161)],
  ['a quote and a backslash', 'say "hi" \\ bye'],
];

const send = (world, text) => world.order({ type: 'sms.send', msisdn: NUMBER, text });

// In each form in which the text may lie around: as it came, as it left.
function assertUnreadable(world, text) {
  const word = text.slice(0, 12);
  const forms = [Buffer.from(word), Buffer.from(word, 'utf16le').swap16(),
    Buffer.from(JSON.stringify(word).slice(1, -1))];
  const folder = join(world.dir, 'data');
  const files = readdirSync(folder).map((name) => join(folder, name));
  for (const file of [...files, join(world.dir, 'host.log')]) {
    const bytes = readFileSync(file);
    forms.forEach((form) => assert.equal(bytes.indexOf(form), -1, `${word} in ${file}`));
  }
}

async function esimctl(world, args, input = '') {
  const child = spawn(join(build, 'esimctl'), args, {
    env: {
      PATH: process.env.PATH,
      HOME: world.dir,
      ESIM_URL: world.base,
      ESIM_TOKEN_FILE: join(world.dir, 'key'),
    },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (piece) => { said.out += piece; });
  child.stderr.on('data', (piece) => { said.err += piece; });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, ...said };
}

for (const way of ['udh', 'sar', 'payload']) {
  describe(`a text through npm smpp, by ${way}`, () => {
    let smsc;
    let world;
    before(async () => {
      smsc = await Smsc.open(new Carrier());
      world = await World.open(smsc.address, [...SETTINGS, `long_messages: ${way}`]);
    });
    after(async () => {
      await world?.close();
      await smsc?.close();
    });

    for (const [title, text] of way === 'udh' ? TEXTS : TEXTS.slice(0, 1)) {
      test(title, LIMIT, async () => {
        smsc.texts = [];
        const placed = await send(world, text);
        assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
        assert.deepEqual(smsc.texts, [text]);
        assert.deepEqual(Object.keys(placed.result).sort(), ['message_id', 'state']);
        assert.equal(placed.result.state, 'DELIVERED');
        const { pdu } = smsc.submits.at(-1);
        assert.equal(pdu.destination_addr, NUMBER.slice(1));
        assertUnreadable(world, text);
      });
    }

    test('nothing that was sent was out of line', LIMIT, () => {
      assert.deepEqual(smsc.wrong, []);
    });
  });
}

describe('a text through the sandbox SMSC', () => {
  let program;
  let world;
  before(async () => {
    program = await startProgram(sandboxProgram, [
      'smsc', '--plain', '--control', '127.0.0.1:0', '--user', 'esimd', '--password', 'secret',
    ]);
    world = await World.open(program.first.address, [...SETTINGS, 'response_ids: hex', 'receipt_ids: hex']);
  });
  after(async () => {
    await world?.close();
    await program?.stop();
  });

  const heard = async () => {
    const reply = await fetch(`http://${program.first.control}/sandbox/ledger`);
    return (await reply.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line))
      .filter(({ kind }) => kind === 'message').map(({ to, text }) => ({ to, text }));
  };

  for (const [title, text] of TEXTS) {
    test(title, LIMIT, async () => {
      const placed = await send(world, text);
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      assert.deepEqual((await heard()).at(-1), { to: NUMBER.slice(1), text });
      assertUnreadable(world, text);
    });
  }

  test('a message that is not sent yet is not readable at rest either', LIMIT, async () => {
    const had = (await heard()).length;
    await program.stop();
    const placed = await world.place({ type: 'sms.send', msisdn: NUMBER, text: BURMESE });
    await world.ending(placed, ['pending', 'inProgress']);
    assertUnreadable(world, BURMESE);
    assert.ok(had > 0);
    program = null;
  });
});

describe('esimctl order create --text', () => {
  let smsc;
  let world;
  before(async () => {
    smsc = await Smsc.open(new Carrier());
    world = await World.open(smsc.address, SETTINGS);
  });
  after(async () => {
    await world?.close();
    await smsc?.close();
  });
  const create = (...more) => ['order', 'create', '--carrier', 'mpt', '--type', 'sms.send',
    '--msisdn', NUMBER, '--wait', '20s', '-o', 'json', ...more];

  test('as a word, from a file, from standard input', LIMIT, async () => {
    const file = join(world.scratch, 'text');
    writeFileSync(file, `${BURMESE}\n`);
    for (const [args, input, text] of [
      [['--text', 'Hello'], '', 'Hello'],
      [['--text-file', file], '', BURMESE],
      [['--text-file', '-'], 'from a pipe\n', 'from a pipe'],
    ]) {
      // One after another: each text must belong to its row.
      const { code, out, err } = await esimctl(world, create(...args), input);
      assert.equal(code, 0, err);
      assert.equal(JSON.parse(out).state, 'completed');
      await eventually(() => smsc.texts?.at(-1) === text);
    }
  });

  test('what cannot be sent is said without being repeated', LIMIT, async () => {
    const bytes = await esimctl(world, create('--text-file', '-'), Buffer.from([0xff, 0x41]));
    assert.equal(bytes.code, 2);
    assert.match(bytes.err, /UTF-8/);
    const long = await esimctl(world, create('--text', 'secret '.repeat(700)));
    assert.equal(long.code, 5);
    assert.match(long.err, /\/text.*at most 4096 bytes/s);
    assert.ok(!long.err.includes('secret secret'));
  });
});
