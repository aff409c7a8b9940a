// npm's smpp as both ends of a bind, for tests/bench/smpp.sh.
//
//   smpp.mjs smsc                              prints {"address"}; accepts everything
//   smpp.mjs client ADDRESS SECONDS WINDOW     prints submits a second over one bind, with
//                                              at most WINDOW unanswered

import { once } from 'node:events';

import smpp from 'smpp';

const PASSWORD = '8letters';

async function serve() {
  let count = 0;
  const server = smpp.createServer((session) => {
    ['bind_transceiver', 'enquire_link', 'unbind'].forEach((name) => {
      session.on(name, (pdu) => session.send(pdu.response()));
    });
    session.on('submit_sm', (pdu) => {
      count += 1;
      session.send(pdu.response({ message_id: count.toString(16) }));
    });
    session.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(JSON.stringify({ address: `127.0.0.1:${server.address().port}` }));
}

async function load(address, seconds, window) {
  const [host, port] = address.split(':');
  const session = smpp.connect({ host, port: Number(port) });
  await once(session, 'connect');
  const bound = await new Promise((resolve) => {
    session.bind_transceiver({
      system_id: 'esimd', password: PASSWORD, interface_version: 0x34,
    }, resolve);
  });
  if (bound.command_status !== 0) throw new Error(`bind: ${bound.command_status}`);
  let answered = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  const submit = () => session.submit_sm({
    source_addr: '8888', destination_addr: '959790000001', data_coding: 0, short_message: 'Hello',
  }, ({ command_status: status }) => {
    if (status !== 0) throw new Error(`submit_sm: ${status}`);
    answered += 1;
    if (performance.now() < end) submit();
    else session.destroy();
  });
  for (let i = 0; i < window; i += 1) submit();
  await once(session, 'close');
  console.log(Math.round((answered * 1000) / (performance.now() - began)));
}

const [command, ...words] = process.argv.slice(2);
if (command === 'smsc') await serve();
else await load(words[0], Number(words[1]), Number(words[2]));
