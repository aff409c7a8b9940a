// The whole host against npm's soap: what the adapter sends is read by that server with
// our WSDL in hand, and each message is checked against the schema by xmllint.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { top } from '../smdp/rig.mjs';
import { OPERATIONS } from './carrier.mjs';
import { EID, World } from './world.mjs';
import { PASSWORD, SoapServer, USER, contract } from './server.mjs';

const LIMIT = { timeout: 60000 };
const MSISDN = '+959961234567';

const settingsOf = (version) => [
  `soap_version: "${version}"`, `username: ${USER}`, 'settle_ms: 20',
];

function isValid(xml) {
  const content = /<soap:Body>(.*)<\/soap:Body>/s.exec(xml)[1];
  const { status, stderr } = spawnSync('xmllint', [
    '--noout', '--nonet', '--schema', join(contract, 'esim.xsd'), '-',
  ], { input: content, encoding: 'utf8' });
  assert.equal(status, 0, `${stderr}\n${content}`);
}

for (const version of ['1.1', '1.2']) {
  describe(`SOAP ${version}`, () => {
    let world;
    let carrier;

    before(async () => {
      world = await World.open(
        (tls) => SoapServer.open(tls, version, { P1: 100, P2: 0 }),
        settingsOf(version),
        PASSWORD,
      );
      carrier = world.carrier;
    });
    after(() => world?.close());

    test('a profile is ordered, confirmed, asked for and cancelled', LIMIT, async () => {
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      const profile = carrier.carrier.profiles.get(placed.iccid);
      assert.equal(profile.state, 'Released');
      assert.equal(profile.eid, EID);
      assert.equal(profile.clientReference, placed.id);
      const shown = await world.ask('GET', `/v1/profiles/${placed.iccid}/activation-code`);
      assert.match(shown.activation_code, /1\$smdp\.carrier\.example\$M-\d+-XYZ$/);
      assert.ok(shown.activation_code.endsWith(`$${profile.matchingId}`));
      const status = await world.order({ type: 'profile.status', iccid: placed.iccid });
      assert.equal(status.state, 'completed', JSON.stringify(status.steps));
      const cancelled = await world.order({ type: 'profile.cancel', iccid: placed.iccid });
      assert.equal(cancelled.state, 'completed', JSON.stringify(cancelled.steps));
      assert.equal(profile.state, 'Available');
    });

    test('a line is activated, suspended, resumed, read and terminated', LIMIT, async () => {
      carrier.carrier.usage = [
        { from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z', bytesDown: 7, sms: 1 },
        { from: '2026-01-01T01:00:00Z', to: '2026-01-01T02:00:00Z', bytesUp: 9 },
      ];
      for (const [type, state] of [
        ['line.activate', 'ACTIVE'], ['line.suspend', 'SUSPENDED'], ['line.resume', 'ACTIVE'],
        ['usage.read', 'ACTIVE'], ['line.terminate', 'DELETED'],
      ]) {
        const placed = await world.order({
          type, msisdn: MSISDN, plan: 'basic',
          ...(type === 'usage.read' && {
            extra: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
          }),
        });
        assert.equal(placed.state, 'completed', `${type} ${JSON.stringify(placed)}`);
        assert.equal(carrier.carrier.lines.get(MSISDN), state);
      }
    });

    test('a refusal carries the carrier\'s code and a sentence to act on', LIMIT, async () => {
      const placed = await world.provision({ profile_type: 'P2' });
      assert.equal(placed.state, 'failed');
      const { problem } = placed.steps[0];
      assert.equal(problem.code, 'stock_empty');
      assert.equal(problem.carrier_code, '410');
      assert.ok(problem.message.length > 20);
    });

    test('a lost order is found again, and taken once', LIMIT, async () => {
      carrier.fail({ operation: 'OrderProfile', how: 'drop_after' });
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      assert.deepEqual(carrier.carrier.effects.filter((e) => e === `order ${placed.id}`), [`order ${placed.id}`]);
    });

    test('an order that never arrived is sent again after a clear no', LIMIT, async () => {
      const had = carrier.asked('QueryProfile');
      carrier.fail({ operation: 'OrderProfile', how: 'drop_before' });
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      assert.ok(carrier.asked('QueryProfile') > had);
      assert.equal(carrier.carrier.effects.filter((e) => e === `order ${placed.id}`).length, 1);
    });

    test('a lost confirmation is repeated without further effect', LIMIT, async () => {
      carrier.fail({ operation: 'ConfirmProfile', how: 'drop_after' });
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      const done = carrier.carrier.effects.filter((e) => e === `confirm ${placed.iccid}`);
      assert.equal(done.length, 1);
    });

    test('every message fits the schema, and each has a nonce of its own', LIMIT, () => {
      assert.ok(carrier.messages.length > 15);
      carrier.messages.forEach(({ xml, headers, operation }) => {
        isValid(xml);
        if (version === '1.1') {
          assert.equal(headers.soapaction, `"urn:esimd:carrier:1:${operation}"`);
          assert.equal(headers['content-type'], 'text/xml; charset=utf-8');
        } else {
          assert.equal(headers.soapaction, undefined);
          assert.equal(headers['content-type'], `application/soap+xml; charset=utf-8; action="urn:esimd:carrier:1:${operation}"`);
        }
      });
      const nonces = carrier.messages.map(({ xml }) => /<wsse:Nonce[^>]*>([^<]*)</.exec(xml)[1]);
      assert.equal(new Set(nonces).size, nonces.length);
    });

    test('zeep, with the same WSDL, would have sent the same', LIMIT, () => {
      const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [
        join(top, 'tests/peers/ooredoo/zeep_judge.py'), join(contract, 'esim.wsdl'), USER, PASSWORD,
      ], {
        input: JSON.stringify(carrier.messages.map(({ xml }) => ({ xml, version }))),
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const { judged, operations } = JSON.parse(stdout);
      assert.equal(judged, carrier.messages.length);
      assert.deepEqual(operations.EsimSoap11, [...OPERATIONS].sort());
      assert.deepEqual(operations.EsimSoap12, [...OPERATIONS].sort());
    });

    test('the password and the codes stand in no log', LIMIT, () => {
      const log = world.log();
      assert.ok(!log.includes(PASSWORD));
      carrier.carrier.profiles.forEach(({ matchingId }) => {
        assert.ok(!matchingId || !log.includes(matchingId));
      });
    });
  });
}

test('a wrong password ends in "unauthorised" after one try', LIMIT, async () => {
  const world = await World.open(
    (tls) => SoapServer.open(tls, '1.1', { P1: 1 }),
    settingsOf('1.1'),
    'another',
  );
  try {
    const placed = await world.provision();
    assert.equal(placed.state, 'failed');
    assert.equal(placed.steps[0].problem.code, 'unauthorised');
    assert.equal(world.carrier.messages.length, 1);
  } finally {
    await world.close();
  }
});
