// Below a server of frames: writes down each frame of its connections, both ways, and when
// a connection was opened and closed.

export class TcpTap {
  // `length(bytes)`: of the first frame, 0 when it cannot be told yet. `look(bytes, from)`:
  // { name, step, bytes }: what it is, what it tells of the host's step, and the bytes as
  // they may be written down.
  constructor(server, { length, look }) {
    Object.assign(this, { length, look, frames: [] });
    server.prependListener(server.setSecureContext ? 'secureConnection' : 'connection', (socket) => this.listen(socket));
  }

  note(entry) {
    this.frames.push({ at_ms: Date.now(), ...entry });
  }

  listen(socket) {
    const { push, write } = socket;
    const rest = { host: Buffer.alloc(0), carrier: Buffer.alloc(0) };
    const hear = (from, bytes) => { rest[from] = this.cut(from, Buffer.concat([rest[from], bytes])); };
    this.note({ event: 'opened' });
    socket.push = (bytes, ...more) => {
      if (bytes) hear('host', Buffer.from(bytes));
      return push.call(socket, bytes, ...more);
    };
    socket.write = (bytes, ...more) => {
      hear('carrier', Buffer.from(bytes));
      return write.call(socket, bytes, ...more);
    };
    socket.on('close', () => {
      // What came of a frame and was no whole one: the host can only wait for the rest.
      if (rest.carrier.length > 0) this.note({ from: 'carrier', cut: rest.carrier.toString('hex') });
      this.note({ event: 'closed' });
    });
  }

  // Writes whole frames down; gives what is left.
  cut(from, bytes) {
    const size = this.length(bytes);
    if (size === 0 || size > bytes.length) return bytes;
    const { name, step, bytes: shown } = this.look(bytes.subarray(0, size), from);
    this.note({ from, name, step, hex: shown.toString('hex') });
    return this.cut(from, bytes.subarray(size));
  }

  // ---- what a story asks ----

  begin() {
    return { placed_ms: Date.now(), frames_before: this.frames.length };
  }

  take() {
    return {};
  }

  whole() {
    return { frames: this.frames };
  }
}
