// Stands between a host and a carrier, hands bytes on, and ends one connection after so
// many bytes in one direction. It knows no protocol: what a cut is counted from, the test
// says by looking at what the host sends.
//
//   const proxy = await CutProxy.open('127.0.0.1:4711');     proxy.address
//   const cut = proxy.cut({ side: 'request', at: 17, on: /^POST \/order/ });
//   ... an order ...
//   cut.isDone      whether that many bytes came
//   cut.request     bytes from the host since the exchange began, handed on or not
//   cut.reply       bytes from the carrier until the host spoke again
//
// `side` "request": the carrier gets `at` bytes of what the host sends, and then the end.
// "reply": the host gets `at` bytes of what the carrier sends, and then the end. `on`, a
// regular expression or a function of the bytes (a Buffer), chooses: counting begins with
// the first piece from the host that fits; without it, with the next piece. One cut is
// for one connection; the next ones are not touched. `at` Infinity only measures. With
// `exchange: true` a cut that was not reached is given up when the host speaks again after
// a reply; else counting goes on as long as the connection.
// `await proxy.quiet()` is when the carriers have taken in what they got, and what they did
// can be looked up.
//
// With `tls: { near, far }` (options of tls.createServer and tls.connect) the bytes that
// count are those inside TLS.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

const LINGER_MS = 3000;

const fits = (on, bytes) => !on
  || (typeof on === 'function' ? on(bytes) : on.test(bytes.toString('latin1')));

class Cut {
  constructor({ side = 'request', at, on, exchange = at === Infinity }) {
    Object.assign(this, { side, at, on, exchange });
    this.isDone = false;
    this.request = 0;
    this.reply = 0;
    this.isAnswered = false; // The host spoke again after a reply: what comes is another's.
  }

  // The host speaks: is that still what is to be cut?
  isOpen() {
    this.isAnswered ||= this.reply > 0;
    return !(this.exchange && this.isAnswered);
  }

  // How much of `bytes`, on its way in `side`, still goes on.
  take(side, bytes) {
    const room = this.side === side ? this.at - this.passed : Infinity;
    if (this.side === side) this.passed += bytes.length;
    if (!this.isAnswered) this[side] += bytes.length;
    return room;
  }

  passed = 0;
}

export class CutProxy {
  // `target`: "address:port" of the carrier.
  static async open(target, { tls: secure } = {}) {
    const proxy = new CutProxy();
    const [host, port] = target.split(':');
    proxy.target = { host, port: Number(port) };
    proxy.secure = secure;
    proxy.cuts = []; // Those that wait for their connection.
    proxy.connections = 0; // Ever taken.
    proxy.sockets = new Set();
    proxy.ending = new Set(); // Carriers that have not closed a connection that was cut.
    proxy.server = secure
      ? tls.createServer(secure.near, (near) => proxy.pass(near))
      : net.createServer({ allowHalfOpen: true }, (near) => proxy.pass(near));
    proxy.server.on('tlsClientError', () => {}); // Somebody was cut there.
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get address() {
    return `127.0.0.1:${this.server.address().port}`;
  }

  cut(what) {
    const cut = new Cut(what);
    this.cuts.push(cut);
    return cut;
  }

  // Those of them that have not met their connection by now never will.
  clear(cuts = this.cuts) {
    this.cuts = this.cuts.filter((cut) => !cuts.includes(cut));
  }

  // Resolves when the carriers have done what they do with what was cut until now.
  async quiet() {
    await Promise.all([...this.ending].map((far) => once(far, 'close')));
  }

  // Every connection there is now.
  drop() {
    for (const socket of this.sockets) socket.destroy();
  }

  async close() {
    this.server.close();
    this.drop();
    await once(this.server, 'close');
  }

  connect() {
    return this.secure
      ? tls.connect({ ...this.target, ...this.secure.far })
      : net.connect({ ...this.target, allowHalfOpen: true });
  }

  pass(near) {
    const far = this.connect().setMaxListeners(0); // Whoever waits for quiet().
    this.connections += 1;
    const state = { near, far, cut: null };
    this.carry(state, 'request', near, far);
    this.carry(state, 'reply', far, near);
  }

  carry(state, side, from, to) {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (side === 'request' && !state.cut?.isOpen()) state.cut = this.choose(bytes);
      const room = state.cut?.take(side, bytes) ?? Infinity;
      if (room > bytes.length) to.write(bytes);
      else this.end(state, to, bytes.subarray(0, room));
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroySoon();
    });
  }

  choose(bytes) {
    const at = this.cuts.findIndex((cut) => fits(cut.on, bytes));
    return at < 0 ? null : this.cuts.splice(at, 1)[0];
  }

  // The last bytes go out before the end does; nothing comes back.
  end({ near, far, cut }, to, last) {
    cut.isDone = true;
    this.ending.add(far);
    far.on('close', () => this.ending.delete(far));
    far.setTimeout(LINGER_MS, () => far.destroy());
    for (const socket of [near, far]) socket.removeAllListeners('data').resume();
    to.end(last);
    (to === near ? far : near).end();
  }
}
