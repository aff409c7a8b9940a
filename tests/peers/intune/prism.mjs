// Prism between the host and a Graph: a second judge of graph.yaml, by other authors. What
// is not as the document says becomes an error that the host sees (422 for a request, 500
// for a reply), and a line in `violations`.

import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { createLogger } = require('@stoplight/prism-core');
const { getHttpOperationsFromSpec } = require('@stoplight/prism-http');
const { createServer } = require('@stoplight/prism-http-server');

export async function startPrism(upstream) {
  const violations = [];
  const sink = new Writable({
    write(line, _, done) {
      const { level, msg } = JSON.parse(line);
      if (level >= 40 && /iolation/.test(msg)) violations.push(msg);
      done();
    },
  });
  const operations = await getHttpOperationsFromSpec(fileURLToPath(new URL('graph.yaml', import.meta.url)));
  const server = createServer(operations, {
    components: { logger: createLogger('prism', { level: 'info' }, sink) },
    cors: false,
    config: {
      isProxy: true,
      upstream: new URL(upstream),
      upstreamProxy: undefined,
      mock: false,
      checkSecurity: false,
      validateRequest: true,
      validateResponse: true,
      errors: true,
    },
  });
  const url = await server.listen(0, '127.0.0.1');
  return { url, violations, stop: () => server.close() };
}
