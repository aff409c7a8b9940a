// An SMSC on npm's smpp, with a carrier behind its short code. It checks what it is sent,
// puts parts together, gives receipts, answers query_sm, and goes wrong on demand.

import { once } from 'node:events';

import smpp from 'smpp';

const OK = 0;

// What came and went on one connection: [{ fromHost, bytes }].
function tap(socket, wire) {
  const { read, write } = socket;
  socket.read = function tapped(...args) {
    const bytes = read.apply(socket, args);
    if (bytes) wire.push({ fromHost: true, bytes });
    return bytes;
  };
  socket.write = function tapped(bytes, ...args) {
    wire.push({ fromHost: false, bytes: Buffer.from(bytes) });
    return write.call(socket, bytes, ...args);
  };
}

export class Smsc {
  static async open(carrier, options = {}) {
    const self = new Smsc();
    Object.assign(self, {
      carrier,
      options: { systemId: 'esimd', password: 'secret', ...options },
      sessions: new Set(),
      binds: [],
      submits: [],
      messages: new Map(),
      faults: [],
      wrong: [],
      wire: [],
      parts: new Map(),
      drops: 0,
      waiting: [],
      pieces: [],
      owing: new Set(),
    });
    self.server = smpp.createServer(options.tls ?? {}, (session) => self.#welcome(session));
    self.server.on('error', (error) => self.wrong.push(String(error)));
    self.server.listen(options.port ?? 0, '127.0.0.1');
    await once(self.server, 'listening');
    self.port = self.server.address().port;
    self.address = `127.0.0.1:${self.port}`;
    return self;
  }

  async close() {
    const closed = once(this.server, 'close');
    this.sessions.forEach((session) => session.socket.destroy());
    this.server.close();
    await closed;
  }

  // Options: systemId, password, port; tls: { key, cert }; cutReplies, tlvs; keeps: a
  // message that nobody acknowledged is given to the next bind, as a carrier with a disk
  // does.

  // The next submits go wrong: 'throttle', 'queue', 'lose' (act, no response), 'drop' (act,
  // cut the connection), 'ignore' (neither), 'refuse', 'early' (receipt first),
  // 'mute' (no reply), 'expire' (receipt says EXPIRED, no effect), 'wait' (nothing until
  // goOn), 'pieces' (the reply is cut, and each piece goes when piece is called).
  goWrong(...faults) {
    this.faults.push(...faults);
  }

  #welcome(session) {
    this.sessions.add(session);
    tap(session.socket, this.wire);
    session.on('error', (error) => {
      // The end of a host that was killed, or of a connection that was cut.
      if (error.code !== 'ECONNRESET') this.wrong.push(String(error));
    });
    session.on('close', () => this.sessions.delete(session));
    session.on('bind_transceiver', (pdu) => this.#bind(session, pdu));
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('submit_sm', (pdu) => this.#submit(session, pdu));
    session.on('query_sm', (pdu) => this.#query(session, pdu));
    session.on('unbind', (pdu) => {
      this.unbinds = (this.unbinds ?? 0) + 1;
      session.send(pdu.response(), () => session.close());
    });
    session.on('unknown', (pdu) => {
      this.wrong.push(`unknown ${pdu.command_id}`);
      session.send(pdu.response({ command_status: smpp.ESME_RINVCMDID }));
    });
  }

  #bind(session, pdu) {
    this.binds.push({ systemId: pdu.system_id, version: pdu.interface_version });
    const fits = pdu.system_id === this.options.systemId
      && pdu.password === this.options.password;
    session.isBound = fits;
    session.send(pdu.response({
      command_status: fits ? OK : smpp.ESME_RINVPASWD, system_id: 'SMSC',
    }));
    if (fits) [...this.owing].forEach((members) => this.#deliver(session, members));
  }

  #deliver(session, members) {
    if (this.options.keeps) this.owing.add(members);
    session.deliver_sm(members, (response) => {
      this.owing.delete(members);
      if (response.command_status !== OK) this.wrong.push('a message was refused');
    });
  }

  // The text when this was all of it or its last part.
  #assemble(pdu) {
    const { message, udh } = pdu.short_message.message ? pdu.short_message
      : { message: pdu.message_payload?.message ?? '' };
    const header = udh?.find((element) => element[0] === 0);
    const [reference, total, number] = header
      ? [header[2], header[3], header[4]]
      : [pdu.sar_msg_ref_num, pdu.sar_total_segments ?? 1, pdu.sar_segment_seqnum ?? 1];
    if (total === 1) return message;
    const key = `${pdu.destination_addr}/${reference}`;
    const parts = this.parts.get(key) ?? [];
    this.parts.set(key, parts);
    parts[number - 1] = message;
    if (parts.filter((part) => part !== undefined).length < total) return undefined;
    this.parts.delete(key);
    return parts.join('');
  }

  #submit(session, pdu) {
    const fault = this.faults.shift();
    const statuses = {
      throttle: smpp.ESME_RTHROTTLED,
      queue: smpp.ESME_RMSGQFUL,
      refuse: smpp.ESME_RINVDSTADR,
    };
    if (!session.isBound) this.wrong.push('submit_sm before the bind');
    this.submits.push({ pdu, fault });
    if (fault in statuses) {
      session.send(pdu.response({ command_status: statuses[fault] }));
      return;
    }
    if (fault === 'ignore') return;
    if (fault === 'wait') this.waiting.push({ session, pdu });
    else this.#take(session, pdu, fault);
  }

  goOn() {
    this.waiting.splice(0).forEach(({ session, pdu }) => this.#take(session, pdu));
  }

  #take(session, pdu, fault) {
    const id = (0x4d0000 + this.submits.length).toString(16);
    this.messages.set(id, { pdu, state: fault === 'expire' ? 3 : 2 });
    if (fault === 'early') this.#receipt(session, pdu, id, fault);
    if (!['lose', 'drop'].includes(fault)) session.send(pdu.response({ message_id: id }));
    if (fault !== 'early' && fault !== 'silent') this.#receipt(session, pdu, id, fault);
    if (fault === 'expire') return;
    this.#act(session, pdu, fault);
    if (fault === 'drop') {
      this.drops += 1;
      session.socket.destroy();
    }
  }

  #receipt(session, pdu, id, fault) {
    if (!(pdu.registered_delivery & 1) || fault === 'drop') return;
    const stat = fault === 'expire' ? 'EXPIRED' : 'DELIVRD';
    this.#deliver(session, {
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2601020304 `
        + `done date:2601020305 stat:${stat} err:000 text:`,
      ...(this.options.tlvs && {
        receipted_message_id: id, message_state: fault === 'expire' ? 3 : 2,
      }),
    });
  }

  #act(session, pdu, fault) {
    const text = this.#assemble(pdu);
    if (text === undefined || pdu.destination_addr !== '1332') {
      if (text !== undefined) this.texts = [...(this.texts ?? []), text];
      return;
    }
    const reply = this.carrier.answer(text);
    if (reply === undefined || fault === 'mute') return;
    // A cut connection takes the reply with it; the next bind gets it.
    if (fault === 'drop') this.owed = [...(this.owed ?? []), { pdu, reply }];
    else if (fault === 'pieces') this.pieces = Smsc.#messages(pdu, reply.match(/.{1,20}/gs));
    else this.reply(session, pdu, reply);
  }

  // Resolves when the next piece was acknowledged.
  piece() {
    const [session] = this.sessions;
    return new Promise((resolve) => { session.deliver_sm(this.pieces.shift(), resolve); });
  }

  static #messages(pdu, parts) {
    return parts.map((message, index) => ({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      data_coding: 0, // Of itself it says 1 (IA5) and means GSM 7 bit.
      short_message: parts.length === 1 ? message
        : { udh: Buffer.from([5, 0, 3, 0x42, parts.length, index + 1]), message },
    }));
  }

  reply(session, pdu, text) {
    const parts = this.options.cutReplies ? text.match(/.{1,20}/gs) : [text];
    Smsc.#messages(pdu, parts).forEach((members) => this.#deliver(session, members));
  }

  // What a cut connection kept back.
  deliverOwed() {
    const [session] = this.sessions;
    (this.owed ?? []).splice(0).forEach(({ pdu, reply }) => this.reply(session, pdu, reply));
  }

  #query(session, pdu) {
    this.queries = [...(this.queries ?? []), pdu.message_id];
    const message = this.messages.get(pdu.message_id);
    session.send(pdu.response(message
      ? {
        message_id: pdu.message_id, final_date: '', message_state: message.state, error_code: 0,
      }
      : { command_status: smpp.ESME_RQUERYFAIL }));
  }
}
