// A client of PROTOCOL.md: one session over TLS, whose frames are read strictly.

import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import tls from 'node:tls';

import { frames } from './document.mjs';
import { decode, encode, frameLength, readFrame, writeFrame } from './wire.mjs';

const names = new Map(Object.entries(frames).map(([name, number]) => [number, name]));

export class Client {
  static async open(address, ca, id, secret) {
    const client = new Client(id, secret);
    const [host, port] = address.split(':');
    client.socket = tls.connect({ host, port: Number(port), ca });
    client.socket.on('data', (bytes) => client.onData(bytes));
    client.socket.on('error', () => {});
    client.socket.on('close', () => client.onEnd());
    await once(client.socket, 'secureConnect');
    await client.login();
    return client;
  }

  constructor(id, secret) {
    Object.assign(this, { id, secret, sent: 0, came: 0, pending: Buffer.alloc(0), events: [], waiting: new Map() });
  }

  onEnd() {
    this.waiting.forEach(({ reject }) => reject(new Error('the carrier has hung up')));
    this.waiting.clear();
  }

  onData(bytes) {
    this.pending = Buffer.concat([this.pending, bytes]);
    for (let length; (length = frameLength(this.pending)) > 0 && this.pending.length >= length;) {
      this.onFrame(readFrame(this.pending.subarray(0, length)));
      this.pending = this.pending.subarray(length);
    }
  }

  onFrame({ version, type, sequence, answers, body }) {
    const unknown = [];
    const values = decode(body, 0, unknown);
    assert.deepEqual([version, sequence, unknown], [1, this.came + 1, []]);
    this.came = sequence;
    const name = names.get(type);
    if (name === 'PING') this.send('PONG', {}, sequence);
    if (name === 'EVENT') {
      this.events.push(values);
      this.send('EVENT_ACK', { EVENT_ID: values.EVENT_ID }, sequence);
    }
    this.waiting.get(answers)?.resolve({ name, values, sequence });
    this.waiting.delete(answers);
  }

  send(name, values, answers = 0) {
    this.socket.write(writeFrame({ type: frames[name], sequence: this.sent += 1, answers, body: encode(values) }));
    return this.sent;
  }

  // Resolves to the frame that answers it.
  exchange(name, values, answers) {
    const sequence = this.send(name, values, answers);
    return new Promise((resolve, reject) => { this.waiting.set(sequence, { resolve, reject }); });
  }

  async login() {
    const nonce = randomBytes(32);
    const challenge = await this.exchange('HELLO', {
      PROTOCOL_LEAST: 1, PROTOCOL_MOST: 1, CLIENT_ID: this.id, NONCE: nonce,
    });
    const proof = (label) => createHmac('sha256', this.secret).update(Buffer.concat([
      Buffer.from(label), Buffer.from([0, 1, 1, 1]), nonce, challenge.values.NONCE, Buffer.from(this.id),
    ])).digest();
    const welcome = await this.exchange('LOGIN', { PROOF: proof('mytel-login-1') }, challenge.sequence);
    assert.equal(welcome.name, 'WELCOME', JSON.stringify(welcome.values));
    assert.deepEqual(welcome.values.PROOF, proof('mytel-welcome-1'));
    this.terms = welcome.values;
  }

  // The values of the REPLY.
  async ask(values) {
    const { name, values: reply } = await this.exchange('REQUEST', values);
    assert.equal(name, 'REPLY');
    assert.deepEqual(reply.REQUEST_ID, values.REQUEST_ID);
    return reply;
  }

  close() {
    this.send('CLOSE', { REASON: 1 });
    this.socket.end();
  }
}
