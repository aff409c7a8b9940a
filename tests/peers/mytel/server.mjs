// The carrier's server of PROTOCOL.md, on TCP or TLS. It is strict: whatever the client does
// against the document is kept in `violations` and answered as the document says. It goes
// wrong on demand (`fail`).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

import { Carrier } from './carrier.mjs';
import { codes, events, frames, operations, reasons } from './document.mjs';
import { Fault, LEAST, decode, encode, frameLength, readFrame, writeFrame } from './wire.mjs';

export const CLIENT = 'acme-01';
export const SECRET = 'a secret that both sides know';

const typeNames = new Map(Object.entries(frames).map(([name, number]) => [number, name]));
const codeFaults = new Set(['MALFORMED', 'BAD_VALUE', 'UNKNOWN_CRITICAL', 'MISSING', 'UNKNOWN_OPERATION']);
const FRAME_VALUES = {
  HELLO: ['PROTOCOL_LEAST', 'PROTOCOL_MOST', 'CLIENT_ID', 'NONCE'],
  LOGIN: ['PROOF'],
  CLOSE: ['REASON'],
  EVENT_ACK: ['EVENT_ID'],
  REQUEST: ['REQUEST_ID', 'OPERATION', 'PARAMS'],
};

const proof = (secret, label, parts) => createHmac('sha256', secret)
  .update(Buffer.concat([Buffer.from(label), ...parts])).digest();

class Session {
  constructor(server, socket) {
    this.server = server;
    this.socket = socket;
    this.phase = 'hello';
    this.sent = 0;
    this.received = 0;
    this.pending = Buffer.alloc(0);
    this.unanswered = 0;
    this.window = server.terms.WINDOW;
    this.acks = new Map(); // sequence of an EVENT -> its id
    socket.on('data', (bytes) => this.onData(bytes));
    socket.on('error', () => {});
    socket.on('close', () => server.sessions.delete(this));
  }

  send(name, values = {}, answers = 0) {
    const bytes = writeFrame({ type: frames[name], sequence: ++this.sent, answers, body: encode(values) });
    if (!this.socket.destroyed) this.socket.write(bytes);
    return this.sent;
  }

  close(reason, more = {}, answers = 0) {
    if (this.phase === 'over') return;
    this.send('CLOSE', { REASON: reasons[reason], ...more }, answers);
    this.phase = 'over';
    this.socket.end();
  }

  cut() {
    this.phase = 'over';
    this.socket.destroy();
  }

  violation(message, reason = 'PROTOCOL') {
    this.server.violations.push(message);
    this.close(reason);
  }

  onData(bytes) {
    if (this.phase === 'over') return;
    this.pending = Buffer.concat([this.pending, bytes]);
    if (this.isCut()) return;
    try {
      for (;;) {
        const length = frameLength(this.pending);
        if (length === 0 || this.pending.length < length || this.phase === 'over') return;
        const frame = readFrame(this.pending.subarray(0, length));
        this.pending = this.pending.subarray(length);
        this.onFrame(frame);
      }
    } catch (error) {
      this.violation(error.stack, error instanceof Fault ? error.fault : undefined);
    }
  }

  // The first `cutRequest` bytes of a request have come: no more of it will be heard of. With
  // all of them, it is carried out and not answered.
  isCut() {
    const { cutRequest } = this.server;
    if (cutRequest === undefined || this.phase !== 'open' || this.pending[3] !== frames.REQUEST) return false;
    if (this.pending.length < cutRequest) return false;
    delete this.server.cutRequest;
    if (cutRequest >= frameLength(this.pending)) {
      this.server.cutReply = 0;
      return false;
    }
    this.cut();
    return true;
  }

  onFrame(frame) {
    const name = typeNames.get(frame.type);
    this.server.ledger.push({ name, sequence: frame.sequence });
    if (frame.version !== 1) throw new Fault('PROTOCOL', `version ${frame.version}`);
    if (frame.sequence !== this.received + 1) throw new Fault('BAD_SEQUENCE', `sequence ${frame.sequence}`);
    this.received = frame.sequence;
    const allowed = this.phase === 'open' ? ['CLOSE', 'PING', 'PONG', 'REQUEST', 'EVENT_ACK']
      : ['CLOSE', this.phase === 'hello' ? 'HELLO' : 'LOGIN'];
    if (!allowed.includes(name)) throw new Fault('PROTOCOL', `${name ?? frame.type} in phase ${this.phase}`);
    if (name === 'REQUEST') {
      this.onRequest(frame);
      return;
    }
    this[`on${name}`](this.values(name, frame), frame);
  }

  // Ours never sends a tag that the document does not name, or more than it asks for.
  values(name, frame) {
    const unknown = [];
    let values;
    try {
      values = decode(frame.body, 0, unknown);
    } catch (error) {
      throw new Fault('PROTOCOL', `${name}: ${error.message}`);
    }
    const missing = (FRAME_VALUES[name] ?? []).filter((each) => !(each in values));
    if (missing.length > 0) throw new Fault('PROTOCOL', `${name} lacks ${missing}`);
    if (unknown.length > 0) throw new Fault('PROTOCOL', `${name} has unknown tags ${unknown}`);
    return values;
  }

  // ---- login ----

  onHELLO(values, frame) {
    const { server } = this;
    if (frame.answers !== 0) throw new Fault('PROTOCOL', 'HELLO answers nothing');
    server.logins += 1;
    if (values.PROTOCOL_LEAST > server.version || values.PROTOCOL_MOST < server.version) {
      this.close('UNSUPPORTED_VERSION');
      return;
    }
    if (server.nonces.has(values.NONCE.toString('hex'))) throw new Fault('PROTOCOL', 'a NONCE twice');
    server.nonces.add(values.NONCE.toString('hex'));
    this.hello = values;
    this.nonce = randomBytes(32);
    this.phase = 'login';
    const SERVER_TIME = Date.now() + server.clockApartMs;
    this.challenge = this.send('CHALLENGE', { PROTOCOL: server.version, NONCE: this.nonce, SERVER_TIME }, frame.sequence);
  }

  onLOGIN({ PROOF }, frame) {
    const { server, hello } = this;
    const parts = [
      Buffer.from([0, hello.PROTOCOL_LEAST, hello.PROTOCOL_MOST, server.version]), hello.NONCE, this.nonce,
      Buffer.from(hello.CLIENT_ID),
    ];
    if (frame.answers !== this.challenge) throw new Fault('PROTOCOL', 'LOGIN answers another frame');
    const known = hello.CLIENT_ID === CLIENT;
    if (!known || !timingSafeEqual(PROOF, proof(server.secret, 'mytel-login-1', parts))) {
      this.close('BAD_CREDENTIALS');
      return;
    }
    if (server.barred) {
      this.close('BARRED');
      return;
    }
    this.phase = 'open';
    this.send('WELCOME', { PROOF: proof(server.ownSecret, 'mytel-welcome-1', parts), ...server.terms }, frame.sequence);
    server.sessions.add(this);
    server.onOpen(this);
  }

  // ---- open ----

  onPING(values, frame) {
    if (!this.server.mute) this.send('PONG', {}, frame.sequence);
  }

  onPONG() {
    this.server.pongs += 1;
  }

  onCLOSE({ REASON }) {
    const name = Object.keys(reasons).find((each) => reasons[each] === REASON);
    this.server.closes.push(name);
    this.phase = 'over';
    this.socket.end();
  }

  onEVENT_ACK({ EVENT_ID }, frame) {
    const id = this.acks.get(frame.answers);
    if (!id || !id.equals(EVENT_ID)) throw new Fault('PROTOCOL', 'EVENT_ACK of no event');
    this.acks.delete(frame.answers);
    this.server.onAck(id);
  }

  sendEvent({ id, kind, at, details }) {
    const sequence = this.send('EVENT', { EVENT_ID: id, EVENT_KIND: kind, AT: at, DETAILS: details });
    this.acks.set(sequence, id);
  }

  // ---- requests ----

  readRequest(frame) {
    const unknown = [];
    const values = decode(frame.body, 0, unknown);
    const operation = operations.get(values.OPERATION);
    const lacks = (all, from) => all.find((each) => !(each in from));
    if (unknown.length > 0) this.server.violations.push(`REQUEST has unknown tags ${unknown}`);
    if (lacks(FRAME_VALUES.REQUEST, values)) throw new Fault('MISSING', lacks(FRAME_VALUES.REQUEST, values));
    if (!operation) throw new Fault('UNKNOWN_OPERATION', values.OPERATION);
    if (operation.changes && !values.EXPIRES) throw new Fault('MISSING', 'EXPIRES');
    const missing = lacks(operation.params, values.PARAMS);
    if (missing) throw new Fault('MISSING', missing);
    if (operation.either && !['ICCID', 'PROFILE_TYPE', 'MSISDN'].some((each) => each in values.PARAMS)) {
      throw new Fault('MISSING', 'one of two');
    }
    return { id: values.REQUEST_ID, operation: values.OPERATION, expires: values.EXPIRES, params: values.PARAMS };
  }

  onRequest(frame) {
    const { server } = this;
    let request;
    if (frame.answers !== 0) throw new Fault('PROTOCOL', 'a REQUEST answers nothing');
    this.unanswered += 1;
    if (this.unanswered > this.window) {
      server.violations.push('more requests than WINDOW');
      this.reply(frame, undefined, { CODE: codes.WINDOW_EXCEEDED });
      return;
    }
    try {
      request = this.readRequest(frame);
    } catch (error) {
      if (!codeFaults.has(error.fault)) throw error;
      server.violations.push(`REQUEST: ${error.fault} ${error.message}`);
      this.reply(frame, undefined, { CODE: codes[error.fault] });
      return;
    }
    server.onRequest(this, frame, request);
  }

  reply(frame, id, answer) {
    this.unanswered -= 1;
    const body = encode({ REQUEST_ID: id, ...answer });
    const bytes = writeFrame({ type: frames.REPLY, sequence: ++this.sent, answers: frame.sequence, body });
    const { cutReply, measure } = this.server;
    if (measure) Object.assign(measure, { request: frame.body.length + LEAST, reply: bytes.length });
    if (cutReply === undefined || this.socket.destroyed) {
      this.socket.write(bytes);
      return;
    }
    delete this.server.cutReply;
    this.phase = 'over';
    if (cutReply === 0) this.socket.destroy();
    else this.socket.write(bytes.subarray(0, cutReply), () => this.socket.destroy());
  }
}

export class Server {
  // `material`: { key, cert } of TLS, or undefined for plain TCP.
  static async open(material, stock) {
    const server = new Server(stock);
    await server.listen(material);
    return server;
  }

  constructor(stock) {
    this.carrier = new Carrier(stock);
    this.terms = { WINDOW: 16, HEARTBEAT_S: 30, ANSWER_S: 20, FRAME_MOST: 65536 };
    Object.assign(this, {
      version: 1, secret: SECRET, ownSecret: SECRET, clockApartMs: 0, barred: false, mute: false,
    });
    Object.assign(this, { ledger: [], violations: [], closes: [], faults: [], logins: 0, pongs: 0 });
    this.nonces = new Set();
    this.sessions = new Set();
    this.sockets = new Set();
    this.requests = []; // { name, id, params }
    this.unacknowledged = new Map();
    this.acknowledged = [];
  }

  async listen(material, port = 0) {
    const take = (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      if (!this.away) return new Session(this, socket);
      return socket.destroy();
    };
    this.listener = material ? tls.createServer({ ...material, minVersion: 'TLSv1.2' }, take) : net.createServer(take);
    this.listener.on('tlsClientError', () => {});
    this.listener.listen(port, '127.0.0.1');
    await once(this.listener, 'listening');
    this.address = `127.0.0.1:${this.listener.address().port}`;
  }

  async close() {
    this.listener.close();
    this.cutAll();
    await once(this.listener, 'close');
  }

  cutAll() {
    this.sockets.forEach((socket) => socket.destroy());
  }

  // ---- going wrong ----

  // how: 'drop_before', 'drop_after', 'silent', 'garbage', 'refuse', 'in_progress',
  // 'never_ends', 'spoilt'. `code` by name for refuse; `count` times.
  fail({ operation = '*', how, code, count = 1, ms = 0 }) {
    this.faults.push({ operation, how, code, count, ms });
  }

  fault(name) {
    const fault = this.faults.find(({ operation, count }) => count > 0 && [name, '*'].includes(operation));
    if (fault) fault.count -= 1;
    return fault ?? {};
  }

  onRequest(session, frame, request) {
    const { name } = operations.get(request.operation);
    const fault = this.fault(name);
    this.requests.push({ name, id: request.id.toString('hex'), params: request.params });
    if (fault.how === 'drop_before') {
      session.cut();
      return;
    }
    if (fault.how === 'in_progress' || fault.how === 'never_ends') {
      this.beginLong(session, frame, request, fault);
      return;
    }
    const answer = fault.how === 'refuse'
      ? { CODE: codes[fault.code], RETRY_AFTER_MS: fault.ms || undefined }
      : this.carrier.take(request, Date.now());
    if (fault.how === 'drop_after') session.cut();
    else if (fault.how === 'garbage') session.socket.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\nnot this protocol'));
    else if (fault.how === 'spoilt') session.socket.write(this.spoilt(session, frame));
    else if (fault.how !== 'silent') setTimeout(() => session.reply(frame, request.id, answer), fault.ms ?? 0);
  }

  // A whole frame with one wrong bit.
  spoilt(session, frame) {
    const bytes = writeFrame({ type: frames.REPLY, sequence: ++session.sent, answers: frame.sequence });
    bytes[bytes.length - 1] ^= 1;
    return bytes;
  }

  beginLong(session, frame, request, fault) {
    const key = request.id.toString('hex');
    const answer = this.carrier.take(request, Date.now(), () => ({ CODE: codes.IN_PROGRESS }));
    const record = this.carrier.records.get(key);
    record.params = request.params;
    session.reply(frame, request.id, answer);
    if (fault.how === 'never_ends' || record.answer) return;
    setTimeout(() => {
      this.emit(events.REQUEST_FINISHED, { TARGET_ID: request.id, ANSWER: this.carrier.finish(request.id) });
    }, fault.ms);
  }

  // ---- events ----

  emit(kind, details, id = randomBytes(16)) {
    const event = { id, kind, at: Date.now(), details };
    this.unacknowledged.set(id.toString('hex'), event);
    const [session] = this.sessions;
    session?.sendEvent(event);
    return event;
  }

  onOpen(session) {
    this.unacknowledged.forEach((event) => session.sendEvent(event));
  }

  onAck(id) {
    const key = id.toString('hex');
    this.acknowledged.push(key);
    if (!this.keepAfterAck) this.unacknowledged.delete(key);
  }

  asked(name) {
    return this.requests.filter((request) => request.name === name).length;
  }

  effects(name) {
    return this.carrier.effects.filter((effect) => effect.name === name);
  }

  setWindow(window) {
    this.sessions.forEach((session) => {
      session.send('WINDOW', { WINDOW: window });
      setTimeout(() => { session.window = window; }, 200); // What is under way is still answered.
    });
  }
}
