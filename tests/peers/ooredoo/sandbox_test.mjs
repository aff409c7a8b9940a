// The sandbox's SOAP carrier: judged by zeep and by raw messages, then as the carrier of a
// whole host, each operation failing in each way.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { makeTls, sandboxProgram, startProgram, top } from '../smdp/rig.mjs';
import { contract } from './server.mjs';
import { EID, World } from './world.mjs';

const LIMIT = { timeout: 60000 };
const USER = 'u9';
const PASSWORD = 'a "secret" & more';
const MSISDN = '+959961234567';

const startSandbox = (tls, args = []) => startProgram(sandboxProgram, [
  'soap', '--tls-dir', tls.dir, '--control', '127.0.0.1:0', '--stock', 'P1=100', '--stock', 'P2=1',
  '--user', USER, '--password', PASSWORD, ...args,
]);

async function control(program, method, path, body) {
  const reply = await fetch(`http://${program.first.control}/sandbox/${path}`, {
    method, ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  return reply.text();
}

const ledgerOf = async (program) => (await control(program, 'GET', 'ledger'))
  .split('\n').filter(Boolean).map((line) => JSON.parse(line));

describe('the SOAP carrier alone', () => {
  let tls;
  let sandbox;
  before(async () => {
    tls = makeTls();
    sandbox = await startSandbox(tls);
  });
  after(async () => {
    assert.equal(await sandbox?.stop(), 0);
    tls?.remove();
  });

  test('zeep reads every reply by our WSDL, in both versions', LIMIT, () => {
    const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [
      join(top, 'tests/peers/ooredoo/zeep_client.py'), join(contract, 'esim.wsdl'),
      sandbox.first.address, join(tls.dir, 'ca.pem'), USER, PASSWORD,
    ], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const wanted = {
      order: '0', 'order again': '409', 'order other type': '411', 'order taken': '413',
      find: '0', 'find nothing': '404', confirm: '0', 'confirm again': '412', cancel: '0',
      'suspend nothing': '404', activate: '0', suspend: '0', 'suspend again': '200',
      resume: '0', usage: '0', terminate: '0', 'resume ended': '412',
    };
    assert.deepEqual(JSON.parse(stdout), { 1.1: wanted, 1.2: wanted });
  });

  function post(body, headers) {
    return new Promise((resolve, reject) => {
      const [host, port] = sandbox.first.address.split(':');
      const request = https.request({
        host, port, path: '/soap/esim', method: 'POST', headers, ca: tls.read('ca.pem'),
      }, async (reply) => {
        const pieces = [];
        for await (const piece of reply) pieces.push(piece);
        resolve({ status: reply.statusCode, text: Buffer.concat(pieces).toString() });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  const envelope = (body, header = '') => '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    + `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
  const payload = (content) => `<q:QueryProfile xmlns:q="urn:esimd:carrier:1">${content}</q:QueryProfile>`;
  const good = payload('<q:requestId>1</q:requestId><q:iccid>8995000000000000001</q:iccid>');
  const SOAP = { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: '""' };

  test('what is out of line gets a fault or an HTTP error, and is in the ledger', LIMIT, async () => {
    const rows = [
      ['{}', { 'Content-Type': 'application/json' }, 415],
      ['', SOAP, 500, 'Client'],
      ['<!DOCTYPE a><a/>', SOAP, 500, 'Client'],
      ['<a/>', SOAP, 500, 'VersionMismatch'],
      [envelope(good), { ...SOAP, 'Content-Type': 'application/soap+xml' }, 500, 'VersionMismatch'],
      [envelope(good), { 'Content-Type': 'text/xml' }, 500, 'SOAPAction'],
      [envelope(good), { ...SOAP, SOAPAction: '"urn:other"' }, 500, 'SOAPAction'],
      [envelope(good, '<x s:mustUnderstand="1"/>'), SOAP, 500, 'MustUnderstand'],
      [envelope(''), SOAP, 500, 'no such operation'],
      [envelope('<QueryProfile/>'), SOAP, 500, 'no such operation'],
      [envelope(payload('')), SOAP, 500, 'missing'],
      [envelope(payload('<q:requestId>1</q:requestId>')), SOAP, 500, 'clientReference or iccid'],
      [envelope(payload('<q:requestId>1</q:requestId><q:iccid>12</q:iccid>')), SOAP, 500, 'iccid'],
      [envelope(payload('<q:iccid>8995000000000000001</q:iccid><q:requestId>1</q:requestId>')), SOAP, 500, 'missing'],
      [envelope(payload('<q:requestId>1</q:requestId><q:iccid>8995000000000000001</q:iccid><q:x/>')), SOAP, 500, 'out of order'],
      [envelope(good + good), SOAP, 500, 'two elements'],
      [envelope(good), SOAP, 500, 'FailedAuthentication'],
    ];
    const had = (await ledgerOf(sandbox)).length;
    for (const [body, headers, status, words] of rows) {
      const reply = await post(body, headers);
      assert.equal(reply.status, status, `${body} ${reply.text}`);
      assert.ok(reply.text.includes(words ?? ''), `${body} ${reply.text}`);
    }
    const lines = (await ledgerOf(sandbox)).slice(had);
    assert.equal(lines.filter((l) => l.kind === 'refused').length, rows.length);
  });
});

for (const version of ['1.1', '1.2']) {
  describe(`a whole host against it, SOAP ${version}`, () => {
    let world;
    let sandbox;

    before(async () => {
      world = await World.open(async (tls) => {
        sandbox = await startSandbox(tls);
        return { address: sandbox.first.address, close: () => sandbox.stop() };
      }, [`soap_version: "${version}"`, `username: ${USER}`, 'settle_ms: 20'], PASSWORD);
    });
    after(() => world?.close());

    const fail = (fault) => control(sandbox, 'POST', 'faults', fault);
    const ordersOf = async (id) => (await ledgerOf(sandbox)).filter(
      (l) => l.function === 'OrderProfile' && l.reference === id,
    );
    const taken = async (id) => (await ledgerOf(sandbox)).filter(
      (l) => l.kind === 'state' && l.by === id,
    ).length;

    test('a profile and a line go all the way', LIMIT, async () => {
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      const profile = JSON.parse(await control(sandbox, 'GET', `profiles/${placed.iccid}`));
      assert.equal(profile.state, 'Released');
      assert.equal(profile.eid, EID);
      const extra = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
      for (const type of ['line.activate', 'line.suspend', 'line.resume', 'usage.read', 'line.terminate']) {
        const done = await world.order({ type, msisdn: MSISDN, plan: 'basic', extra });
        assert.equal(done.state, 'completed', `${type} ${JSON.stringify(done.steps)}`);
      }
      assert.equal(JSON.parse(await control(sandbox, 'GET', `lines/${MSISDN}`)).lineState, 'DELETED');
      const cancelled = await world.order({ type: 'profile.cancel', iccid: placed.iccid });
      assert.equal(cancelled.state, 'completed', JSON.stringify(cancelled.steps));
    });

    for (const fault of [
      { fault: 'drop_after' }, { fault: 'half_reply' }, { fault: 'garbage' },
      { fault: '5xx', status: 500, effect: true }, { fault: '5xx', status: 500 },
      { fault: 'throttle' },
    ]) {
      test(`one order is one profile in spite of ${JSON.stringify(fault)}`, LIMIT, async () => {
        await fail({ function: 'OrderProfile', ...fault });
        const placed = await world.provision();
        assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
        assert.equal(await taken(placed.id), 1);
        const sent = await ordersOf(placed.id);
        const carriedOut = sent.filter((l) => l.carried_out).length;
        assert.equal(carriedOut, 1, JSON.stringify(sent));
      });
    }

    test('a lost order whose question fails too is still found', LIMIT, async () => {
      await fail({ function: 'OrderProfile', fault: 'garbage' });
      await fail({ function: 'QueryProfile', fault: '5xx', status: 500, count: 2 });
      const placed = await world.provision();
      assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
      assert.equal(await taken(placed.id), 1);
      assert.equal((await ordersOf(placed.id)).length, 1);
    });

    test('refusals by code and by fault are told by the same name', LIMIT, async () => {
      for (const reason of ['4.2', 'Client', 'Server']) {
        await fail({ function: 'OrderProfile', fault: 'refuse', subject: '410', reason });
        const placed = await world.provision();
        assert.equal(placed.state, 'failed');
        assert.equal(placed.steps[0].problem.code, 'stock_empty', reason);
        assert.equal(placed.steps[0].problem.carrier_code, '410');
      }
    });

    test('nothing that the host sent was out of line', LIMIT, async () => {
      assert.deepEqual((await ledgerOf(sandbox)).filter((l) => l.kind === 'refused'), []);
    });
  });
}
