// The sandbox's SMSC: npm's smpp as a client judges how strict it is, and the whole host is
// served by it, faults and all.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';

import smpp from 'smpp';

import { eventually, sandboxProgram, startProgram } from '../smdp/rig.mjs';
import { SETTINGS } from './carrier.mjs';
import { World } from './world.mjs';

const LIMIT = { timeout: 60000 };

const startSmsc = (...args) => startProgram(sandboxProgram, [
  'smsc', '--plain', '--control', '127.0.0.1:0', '--user', 'esimd', '--password', 'secret',
  '--stock', 'P=3', ...args,
]);

class Control {
  constructor(program) {
    this.base = `http://${program.first.control}/sandbox`;
  }

  async ask(method, path, body) {
    const reply = await fetch(this.base + path, { method, body: body && JSON.stringify(body) });
    return reply.json();
  }

  async ledger() {
    const text = await (await fetch(`${this.base}/ledger`)).text();
    return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  fault(name, members = {}) {
    return this.ask('POST', '/faults', { function: 'submit_sm', fault: name, ...members });
  }
}

// A client whose requests resolve to their responses.
async function connect(program) {
  const [host, port] = program.first.address.split(':');
  const session = smpp.connect({ host, port: Number(port) });
  const came = [];
  session.on('error', () => {});
  session.on('deliver_sm', (pdu) => {
    came.push(pdu);
    session.send(pdu.response());
  });
  await once(session, 'connect');
  const ask = (command, members = {}) => new Promise((resolve) => {
    session.send(new smpp.PDU(command, members), resolve);
  });
  const bind = (password = 'secret') => ask('bind_transceiver', {
    system_id: 'esimd', password, interface_version: 0x34,
  });
  return { session, came, ask, bind };
}

const COMMAND = {
  source_addr: '8888', destination_addr: '1332', registered_delivery: 1, data_coding: 0,
};

describe('the sandbox SMSC, asked by npm smpp', () => {
  let program;
  let control;
  before(async () => {
    program = await startSmsc();
    control = new Control(program);
  });
  after(async () => assert.equal(await program.stop(), 0));

  test('only with the right name and password, and once', LIMIT, async () => {
    const { session, ask, bind } = await connect(program);
    assert.equal((await ask('submit_sm', COMMAND)).command_status, smpp.ESME_RINVBNDSTS);
    assert.equal((await bind('wrong')).command_status, smpp.ESME_RINVPASWD);
    const bound = await bind();
    assert.equal(bound.command_status, 0);
    assert.equal(bound.sc_interface_version, 0x34);
    assert.equal((await bind()).command_status, smpp.ESME_RALYBND);
    assert.equal((await ask('enquire_link')).command_status, 0);
    assert.equal((await ask('unbind')).command_status, 0);
    session.destroy();
  });

  test('what is wrong gets the standard\'s status', LIMIT, async () => {
    const { session, ask, bind } = await connect(program);
    await bind();
    const rows = [
      [{ destination_addr: '' }, 'ESME_RINVDSTADR'],
      [{ dest_addr_ton: 7 }, 'ESME_RINVDSTTON'],
      [{ source_addr_npi: 2 }, 'ESME_RINVSRCNPI'],
      [{ service_type: 'XXX' }, 'ESME_RINVSERTYP'],
      [{ priority_flag: 9 }, 'ESME_RINVPRTFLG'],
      [{ esm_class: 4 }, 'ESME_RINVESMCLASS'],
      [{ registered_delivery: 0x80 }, 'ESME_RINVREGDLVFLG'],
      [{ short_message: 'a', message_payload: 'b' }, 'ESME_RINVMSGLEN'],
    ];
    for (const [members, name] of rows) {
      // One after another: a status must belong to its row.
      const { command_status: status } = await ask('submit_sm', { ...COMMAND, ...members });
      assert.equal(status, smpp[name], name);
    }
    const { command_status: unknown } = await ask('query_sm', { message_id: 'ffff' });
    assert.equal(unknown, smpp.ESME_RINVMSGID);
    const nack = once(session, 'generic_nack');
    session.socket.write(Buffer.from('00000010000000770000000000000077', 'hex'));
    assert.equal((await nack)[0].command_status, smpp.ESME_RINVCMDID);
    session.socket.write(Buffer.from('00000001000000040000000000000078', 'hex'));
    await once(session, 'close');
  });

  test('lines have states, and a receipt comes by text and TLV', LIMIT, async () => {
    const {
      session, ask, bind, came,
    } = await connect(program);
    await bind();
    const say = async (text) => {
      came.length = 0;
      const { message_id: id } = await ask('submit_sm', { ...COMMAND, short_message: text });
      await eventually(() => came.length === 2);
      const [receipt, reply] = came;
      assert.equal(receipt.receipted_message_id, id);
      assert.equal(receipt.message_state, 2);
      assert.match(receipt.short_message.message, new RegExp(`^id:${id} .*stat:DELIVRD`));
      assert.equal((await ask('query_sm', { message_id: id })).message_state, 2);
      return reply.short_message.message;
    };
    assert.equal(await say('SUS 95977 R1'), 'ERR R1 12');
    assert.equal(await say('ACT 95977 R2'), 'OK R2');
    assert.equal(await say('ACT 95977 R3'), 'ERR R3 22');
    assert.equal(await say('SUS 95977 R4'), 'OK R4');
    assert.equal(await say('RES 95977 R5'), 'OK R5');
    assert.equal(await say('DEL 95977 R6'), 'OK R6');
    assert.equal(await say('ACT 95977 R7'), 'ERR R7 23');
    assert.equal(await say('HELP'), 'ERR HELP 90');
    for (const ref of ['P1', 'P2', 'P3']) {
      assert.match(await say(`ESIM - ${ref}`),
        new RegExp(`^ESIM ${ref} 8995\\d{15} LPA:1\\$smdp\\.sandbox\\.example\\$[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$`));
    }
    assert.equal(await say('ESIM - P4'), 'ERR P4 31');
    assert.deepEqual(await control.ask('GET', '/lines'), { 95977: 'DELETED' });
    assert.equal(Object.keys(await control.ask('GET', '/profiles')).length, 3);
    session.destroy();
  });

  test('parts are put together, in any order, by header and by TLV', LIMIT, async () => {
    const {
      session, ask, bind, came,
    } = await connect(program);
    await bind();
    const part = (number, message) => ask('submit_sm', {
      ...COMMAND,
      registered_delivery: 0,
      short_message: { udh: Buffer.from([5, 0, 3, 9, 2, number]), message },
    });
    await part(2, '977 R8');
    await part(1, 'ACT 9597');
    await eventually(() => came.length === 1);
    assert.equal(came[0].short_message.message, 'OK R8');
    const sar = (number, text) => ask('data_sm', {
      source_addr: '8888',
      destination_addr: '1332',
      data_coding: 8,
      sar_msg_ref_num: 7,
      sar_total_segments: 2,
      sar_segment_seqnum: number,
      message_payload: text,
    });
    await sar(1, 'SUS 9597977');
    await sar(2, ' မြန်မာ');
    await eventually(() => came.length === 2);
    assert.match(came[1].short_message.message, /^ERR မြန်မာ|^OK မြန်မာ/);
    session.destroy();
  });

  test('what was not acknowledged comes again', LIMIT, async () => {
    const first = await connect(program);
    await first.bind();
    first.session.removeAllListeners('deliver_sm');
    const unacknowledged = once(first.session, 'deliver_sm');
    await control.ask('POST', '/messages', { from: '1332', to: '8888', text: 'a [€] ok' });
    await unacknowledged;
    await control.ask('DELETE', '/links');
    await once(first.session, 'close');
    const second = await connect(program);
    await second.bind();
    await eventually(() => second.came.length === 1);
    assert.equal(second.came[0].short_message.message, 'a [€] ok');
    second.session.destroy();
  });
});

describe('the whole host against the sandbox SMSC', () => {
  let program;
  let control;
  let world;
  let last = 5000;
  const newNumber = () => {
    last += 1;
    return `+9597911${last}`;
  };
  const activate = (msisdn = newNumber()) => world.order({ type: 'line.activate', msisdn });

  before(async () => {
    program = await startSmsc('--receipt-ids', 'decimal');
    control = new Control(program);
    world = await World.open(program.first.address, [
      ...SETTINGS, 'response_ms: 700', 'reply_ms: 2500', 'pause_ms: 100', 'submit_ms: 3000',
      'response_ids: hex', 'receipt_ids: decimal',
    ]);
  });
  after(async () => {
    await world?.close();
    assert.equal(await program.stop(), 0);
  });

  test('a line and a profile', LIMIT, async () => {
    const msisdn = newNumber();
    assert.equal((await activate(msisdn)).state, 'completed');
    assert.equal((await control.ask('GET', '/lines'))[msisdn.slice(1)], 'ACTIVE');
    const placed = await world.provision();
    assert.equal(placed.state, 'completed', JSON.stringify(placed.steps));
    assert.equal((await control.ask('GET', '/profiles'))[placed.iccid].state, 'Released');
  });

  // No fault may lead to a second effect; `held` where only a person can know.
  for (const [fault, members, state] of [
    ['throttle', { count: 3 }, 'completed'],
    ['5xx', {}, 'completed'],
    ['slow', { ms: 300 }, 'completed'],
    ['slow', { ms: 2000 }, 'completed'],
    ['refuse', { subject: '0x0b' }, 'failed'],
    // These end the connection, and each makes the next try later.
    ['half_reply', {}, 'completed'],
    ['drop_after', {}, 'completed'],
    ['garbage', {}, 'completed'],
    ['drop_before', {}, 'held'],
    ['slow', { function: 'reply', ms: 500 }, 'completed'],
    ['throttle', { function: 'reply' }, 'completed'],
    ['drop_after', { function: 'reply' }, 'held'],
    ['drop_before', { function: 'receipt' }, 'completed'],
  ]) {
    test(`${members.function ?? 'submit_sm'} ${fault} ${members.ms ?? ''}`, LIMIT, async () => {
      await eventually(async () => (await control.ask('GET', '/links'))
        .some(({ bound }) => bound !== 0));
      const had = (await control.ledger()).filter(({ kind }) => kind === 'state').length;
      await control.fault(fault, members);
      const msisdn = newNumber();
      const placed = await activate(msisdn);
      assert.equal(placed.state, state, JSON.stringify(placed.steps));
      assert.deepEqual(await control.ask('GET', '/faults'), []);
      const did = (await control.ledger()).filter(({ kind }) => kind === 'state').length - had;
      const isActive = (await control.ask('GET', '/lines'))[msisdn.slice(1)] === 'ACTIVE';
      assert.equal(did, isActive ? 1 : 0);
      if (state === 'completed') assert.equal(did, 1);
    });
  }

  test('two hundred lines at once', LIMIT, async () => {
    const placed = await Promise.all(Array.from({ length: 200 }, () => activate()));
    assert.deepEqual(placed.filter(({ state }) => state !== 'completed'), []);
  });
});
