// A token endpoint that nobody here wrote: npm's oidc-provider, at the path of Entra, with
// one client that has a secret and one that signs assertions (PS256).

import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';

import Provider from 'oidc-provider';

export const PATH = '/contoso/oauth2/v2.0/token';
export const SCOPE = 'https://graph.example/.default';
export const SECRET = 'a secret & more';

// A certificate and its key as PEM files in `dir`.
export function makeCertificate(dir) {
  const [key, cert] = ['client.key', 'client.crt'].map((name) => join(dir, name));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert,
    '-days', '2', '-subj', '/CN=esimd',
  ], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

// What stands in the header of the assertion that came last.
function headerOf(body) {
  const assertion = new URLSearchParams(body).get('client_assertion');
  return assertion && JSON.parse(Buffer.from(assertion.split('.')[0], 'base64url'));
}

export class Login {
  // `cert`: PEM of the client that signs; `lifeS`: how long a token holds.
  constructor({ cert, lifeS = 3600 }) {
    Object.assign(this, { cert, lifeS });
    this.requests = [];
    this.faults = [];
    this.revoked = new Set();
  }

  client(id, members) {
    return {
      client_id: id,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: SCOPE,
      ...members,
    };
  }

  async start() {
    const jwk = createPublicKey(this.cert).export({ format: 'jwk' });
    this.server = http.createServer((request, response) => this.serve(request, response));
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    this.provider = new Provider(this.url, {
      clients: [
        this.client('with-secret', { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' }),
        this.client('with-certificate', {
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: 'PS256',
          jwks: { keys: [{ ...jwk, use: 'sig', alg: 'PS256' }] },
        }),
      ],
      scopes: [SCOPE],
      routes: { token: PATH },
      ttl: { ClientCredentials: this.lifeS },
      features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
      jwks: undefined,
    });
    this.callback = this.provider.callback();
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  // The next `times` requests are answered so, without asking the provider.
  fault(members) {
    this.faults.push({ times: 1, ...members });
  }

  async serve(request, response) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces).toString('utf8');
    this.requests.push({ path: request.url, body, header: headerOf(body) });
    const fault = this.faults.find((f) => f.times > 0);
    if (fault) {
      fault.times -= 1;
      response.writeHead(fault.status, { 'Content-Type': 'application/json', ...fault.headers });
      response.end(JSON.stringify(fault.body ?? {}));
      return;
    }
    request.body = Object.fromEntries(new URLSearchParams(body)); // As a body parser leaves it.
    this.callback(request, response);
  }

  async isGood(token) {
    if (this.revoked.has(token)) return false;
    const known = await this.provider.ClientCredentials.find(token);
    return Boolean(known?.isValid && known.scope === SCOPE);
  }

  // x5t#S256 as the certificate's own bytes give it.
  thumbprint() {
    return createHash('sha256').update(new X509Certificate(this.cert).raw).digest('base64url');
  }
}

export const startLogin = (options) => new Login(options).start();
