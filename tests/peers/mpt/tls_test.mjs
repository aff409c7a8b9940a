// The bind over TLS: with the sandbox's SMSC, which wants a client certificate, and with
// npm's smpp, which does not. Who is not who the manifest trusts hears no password.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  eventually, makeTls, sandboxProgram, startProgram,
} from '../smdp/rig.mjs';
import { Carrier, SETTINGS } from './carrier.mjs';
import { Smsc } from './smsc.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const QUICK = ['response_ms: 2000', 'reply_ms: 5000', 'submit_ms: 4000', 'response_ids: hex'];
const ORDER = { type: 'line.activate', msisdn: '+959790061001' };
const RETRY = ['retry: { attempts: 5, base_ms: 50, most_ms: 200 }'];

let tls;
let other;
before(() => {
  tls = makeTls();
  other = makeTls();
});
after(() => {
  tls.remove();
  other.remove();
});

// A carrier's manifest: TLS of this kind, and secrets for it by their uses.
const manifest = (kind, uses) => (text) => text
  .replace(/^( +tls:) none$/m, `$1 ${kind}`)
  .replace(/^secrets:$/m, ['secrets:', ...uses.map((use) => (
    `  - { name: smsc.${use}, use: tls.${use} }`))].join('\n'))
  .replace(/^retry:.*\n/m, '');

const openWorld = (address, kind, files) => World.open(address, [...SETTINGS, ...QUICK], {}, {
  scheme: 'tls',
  manifest: RETRY,
  edit: manifest(kind, Object.keys(files)),
  files: Object.fromEntries(Object.entries(files).map(([use, text]) => [`smsc.${use}`, text])),
});

async function session(world) {
  return (await world.ask('GET', '/v1/adapters/mpt')).sessions?.[0] ?? {};
}

describe('the sandbox SMSC over TLS', () => {
  let program;
  let world;
  before(async () => {
    program = await startProgram(sandboxProgram, [
      'smsc', '--tls-dir', tls.dir, '--control', '127.0.0.1:0', '--user', 'esimd',
      '--password', 'secret',
    ]);
  });
  after(async () => assert.equal(await program.stop(), 0));

  const ledger = async () => {
    const text = await (await fetch(`http://${program.first.control}/sandbox/ledger`)).text();
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  };
  const files = (changes) => ({
    ca: tls.read('ca.pem'), cert: tls.read('client.pem'), key: tls.read('client.key'), ...changes,
  });
  async function inWorld(made, run) {
    world = await openWorld(program.first.address, 'mutual', made);
    try {
      await run();
    } finally {
      await world.close();
    }
  }

  test('Whom we trust, and who trusts us, is bound to and served by', LIMIT, () => (
    inWorld(files(), async () => {
      const placed = await world.order(ORDER);
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      await eventually(async () => (await session(world)).state === 'bound');
    })));

  test('Another authority is refused: told why, and no password leaves', LIMIT, async () => {
    const heard = (await ledger()).length;
    await inWorld(files({ ca: other.read('ca.pem') }), async () => {
      await eventually(async () => /certificate/.test((await session(world)).reason));
      const found = await session(world);
      assert.notEqual(found.state, 'bound');
      assert.match(found.reason, /^TLS: their certificate is not trusted: self-signed/);
      await eventually(async () => {
        const { health } = await world.ask('GET', '/v1/adapters/mpt');
        return !health.healthy && health.reason.includes(found.reason);
      });
      const order = await world.place(ORDER);
      const tries = () => world.log().split('"state":"connecting"').length;
      const had = tries();
      await eventually(() => tries() > had + 2);
      const { state } = await world.ask('GET', `/v1/orders/${order.id}`);
      assert.match(state, /^(inProgress|pending)$/);
    });
    assert.equal((await ledger()).length, heard);
  });

  test('A client of another authority is not let in, and orders end at once', LIMIT, async () => {
    const had = (await ledger()).length;
    const stranger = { cert: tls.read('stranger.pem'), key: tls.read('stranger.key') };
    await inWorld(files(stranger), async () => {
      await eventually(async () => (await session(world)).state === 'refused');
      const placed = await world.order(ORDER);
      assert.equal(placed.state, 'failed');
      assert.deepEqual(placed.problem, {
        code: 'unauthorised', message: 'TLS: the other side refused our certificate',
      });
    });
    assert.equal((await ledger()).length, had);
  });
});

test('npm smpp over TLS', LIMIT, async () => {
  const smsc = await Smsc.open(new Carrier(), {
    tls: { key: tls.read('server.key'), cert: tls.read('server.pem') },
  });
  const world = await openWorld(smsc.address, 'server', { ca: tls.read('ca.pem') });
  try {
    const line = await world.order(ORDER);
    assert.equal(line.state, 'completed', JSON.stringify(line.steps));
    const profile = await world.provision();
    assert.equal(profile.state, 'completed', JSON.stringify(profile.steps));
  } finally {
    await world.close();
    await smsc.close();
  }
  assert.equal(smsc.binds.length, 1);
  assert.equal(smsc.unbinds, 1);
  assert.deepEqual(smsc.wrong, []);
});
