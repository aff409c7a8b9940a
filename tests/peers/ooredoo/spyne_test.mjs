// The whole host against Debian's spyne: a server with types of its own, other prefixes,
// its own reading of the security header, and the faults that it makes itself.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startProgram } from '../smdp/rig.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const PROGRAM = fileURLToPath(new URL('spyne_carrier.py', import.meta.url));
const USER = 'u9';
const PASSWORD = 'spyne "secret"';
const MSISDN = '+959961234567';

const start = (version) => async (tls) => {
  const program = await startProgram('/usr/bin/python3', [
    PROGRAM, version, join(tls.dir, 'server.pem'), join(tls.dir, 'server.key'), USER, PASSWORD,
  ]);
  return { address: program.first.address, close: () => program.stop() };
};
const settingsOf = (version) => [`soap_version: "${version}"`, `username: ${USER}`];

for (const version of ['1.1', '1.2']) {
  describe(`SOAP ${version}`, () => {
    let world;

    before(async () => {
      world = await World.open(start(version), settingsOf(version), PASSWORD);
    });
    after(() => world?.close());

    test('a profile is provisioned and asked for', LIMIT, async () => {
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      const { activation_code: code } = await world.ask('GET', `/v1/profiles/${placed.iccid}/activation-code`);
      assert.match(code, /1\$smdp\.spyne\.example\$SPYNE-\d+$/);
      const status = await world.order({ type: 'profile.status', iccid: placed.iccid });
      assert.equal(status.state, 'completed', JSON.stringify(status.steps));
    });

    test('lines and usage', LIMIT, async () => {
      const extra = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
      for (const type of ['line.activate', 'line.suspend', 'usage.read']) {
        const placed = await world.order({ type, msisdn: MSISDN, plan: 'basic', extra });
        assert.equal(placed.state, 'completed', `${type} ${JSON.stringify(placed.steps)}`);
      }
      const gone = await world.order({ type: 'line.suspend', msisdn: '+959967654321' });
      assert.equal(gone.state, 'failed');
      assert.equal(gone.steps[0].problem.code, 'line_unknown');
    });

    test('a fault with the carrier\'s code in its detail is read', LIMIT, async () => {
      const placed = await world.provision({ profile_type: 'BUSY' });
      assert.equal(placed.state, 'failed', JSON.stringify(placed.steps));
      assert.equal(placed.steps[0].problem.code, 'stock_empty');
    });

    test('a fault that blames the sender ends at once, with a sentence', LIMIT, async () => {
      const placed = await world.order({ type: 'line.activate', msisdn: MSISDN, plan: 'strange' });
      assert.equal(placed.state, 'failed', JSON.stringify(placed.steps));
      assert.equal(placed.steps[0].problem.code, 'request_refused');
      assert.equal(placed.steps[0].problem.carrier_code, version === '1.1'
        ? 'Client/Plan' : 'Sender/Plan');
    });
  });
}

test('a wrong password ends in "unauthorised"', LIMIT, async () => {
  const world = await World.open(start('1.1'), settingsOf('1.1'), 'another');
  try {
    const placed = await world.provision();
    assert.equal(placed.steps[0].problem.code, 'unauthorised', JSON.stringify(placed.steps));
  } finally {
    await world.close();
  }
});
